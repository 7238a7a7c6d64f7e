"""Whole plans of hostile text: Groovy must read back exactly what the plan says, and a build must run nothing else."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mlspec.invocation.arguments import (
    body_options,
    environment_options,
    instance_options,
    policy_options,
    tracking_options,
    wiring_options,
)
from mlspec.invocation.from_plan import fan_out, invocation
from mlspec.ir.bodies import Approval, Gate, Instance, Output, Shell
from mlspec.ir.declarations import Environment, Parameter, Secret
from mlspec.ir.model import ForEach, Plan, Step
from mlspec.ir.sources import Value
from mlspec.ir.triggers import Schedule
from mlspec.targets.jenkins import TARGET
from mlspec.targets.jenkins.settings import settings_of
from tests.engines import jenkins
from tests.targets.built import plan
from tests.targets.jenkins.plans import of, step, writes

pytestmark = pytest.mark.groovy

CANARY = "canary"
FRAGMENTS = [
    *(
        "'",
        "''",
        "'''",
        '"',
        '"""',
        "\\",
        "\\\\",
        "\n",
        "\r\n",
        "\t",
        "$",
        "`",
        "{",
        "}",
        "[",
        "]",
        "(",
        ")",
        ";",
        "&",
        "|",
        "#",
    ),
    *(
        "//",
        "/*",
        "*/",
        "\\u0027",
        "\\u000a",
        "${",
        "$(",
        "{{ }}",
        "${{ '{{' }}",
        "-",
        "--",
        "--gate",
        "=",
        ":",
        ",",
        "%s",
        "\u2028",
    ),
    *("é", "😀", "x", " ", f"touch {CANARY}", f"$(touch {CANARY})", f"`touch {CANARY}`", f"'; touch {CANARY}; '"),
    *(f"\n}}\n'touch {CANARY}'.execute()\n{{", f"${{'touch {CANARY}'.execute()}}", f"' + 'touch {CANARY}'.execute() + '"),
    *(f"'''\n'touch {CANARY}'.execute()\n'''", "]) }\ndef run_a() { [", "'])\nsh('x", "\ndef state = [:]\n", "@Field"),
]
TEXTS = st.lists(st.sampled_from(FRAGMENTS), max_size=6).map("".join)
WORDS = TEXTS.filter(lambda text: "${{" not in text)
NAMES = TEXTS.filter(bool)
"""Text that may not be empty."""


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    """One step of every kind, hostile text wherever the language lets a user write."""
    text = lambda: draw(TEXTS)  # noqa: E731
    name = lambda: draw(NAMES)  # noqa: E731
    matrix = [
        Step(
            f"grid[k={value}]",
            "grid",
            f"grid__{index}",
            Shell(text()),
            upstream=("a",),
            instance=Instance(index, (("k", value),)),
        )
        for index, value in enumerate(draw(st.lists(TEXTS, min_size=2, max_size=2, unique=True)))
    ]
    steps = (
        step(
            "a",
            text(),
            description=text(),
            with_=((("v", text()), ("o", {text(): [text()]}))),
            secrets=("s",),
            environment="e",
            when=text(),
            extensions={"jenkins": {"label": name()}},
            **writes(out="values"),
        ),
        *matrix,
        step("work", text(), "a", foreach=ForEach(Value("a.out", of("a", "out", "values")), ("k",), (), 2)),
        step("fixed", text(), foreach=ForEach(None, (), (text(), {text(): text()}))),
        step("quality", Gate((text(), text()), "skip"), matrix[0].id),
        Step("ok", "ok", "ok", Approval(text(), tuple(draw(st.lists(NAMES, max_size=2))), 1.5), upstream=("quality",)),
    )
    return plan(
        "hostile",
        *steps,
        finals=(step("end", text(), description=text()),),
        params=(Parameter("p", "string", text(), text()), Parameter("q", "string", text(), enum=(text(), text()))),
        environments={"e": Environment("e", image=name(), pythonpath=(name(), name()))},
        secrets={"s": Secret("s", "TOKEN", {"jenkins": {"credentials": name()}})},
        tracking_uri=name(),
        tracking_experiment=name(),
        store="s3://" + name(),
        schedule=Schedule("0 3 * * *", "Europe/Berlin"),
        target_options={
            "jenkins": (draw(st.sampled_from(["docker", "kubernetes"])) == "docker" and docker(name())) or pods(name())
        },
    )


def docker(label: str) -> dict[str, Any]:
    return {"agent": {"docker": True, "label": label[:200]}, "project": "x" + label}


def pods(image: str) -> dict[str, Any]:
    return {"agent": {"kubernetes": {"image": image, "cloud": image[:200], "namespace": image[:200]}}}


RECORDERS = """
@Field List calls = []
def execute(Map settings = [:], String step, List options) { calls << [step, settings, [], options] }
def executeEach(Map settings = [:], String step, List items, List options) { calls << [step, settings, items, options] }
def approve(Map settings, String step, List options) { calls << [step, settings, [], options] }
def ready(String step, List needs) { true }
"""
"""What the functions of steps call, made to write down what they are given."""


def expected(made: Plan, one: Step) -> list[Any]:
    """What a step's call is given: all of its invocation but its name, which is that of the call."""
    whole, listed = invocation(made, one), fan_out(made, one)
    values = tuple(value for value in whole.wiring.values if value not in listed.values)
    options = [
        *instance_options(whole.instance),
        *wiring_options(whole.wiring._replace(values=values)),
        *policy_options(whole.policy),
        *body_options(whole.body),
        *environment_options(whole.environment),
    ]
    flat = [[argument for option in each for argument in option] for each in (wiring_options(listed), options)]
    return [one.id, json.loads(json.dumps(settings_of(made, one))), *flat]


def shared(text: str) -> str:
    """What stands at the top of a file for all steps."""
    return text[text.index("import groovy") : text.index("\npipeline {")]


def functions(text: str, first: str) -> str:
    """The part of a file that holds what users wrote of steps: everything between the pipeline and `ready`."""
    return text[text.index(f"\ndef {first}() {{") : text.rindex("\n// Whether a step may start")]


def part(text: str, first: str, last: str) -> str:
    """From one text to another."""
    start = text.index(first)
    return text[start : text.index(last, start)]


SLOW = settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))


@SLOW
@given(plans())
def test_groovy_reads_back_what_the_plan_says(made: Plan) -> None:
    text = TARGET.emit(made)[0].content
    checked = jenkins.check(text)
    assert checked.problems == ()
    runs = {f"run_{one.slug}" for one in made.all_steps()}
    assert {name for name in checked.bytes if name.startswith("run_")} == runs
    calls = "\n".join(f"run_{one.slug}()" for one in made.all_steps())
    found, told = jenkins.evaluate(f"{shared(text)}\n{functions(text, 'run_a')}\n{RECORDERS}\n{calls}\nreturn [calls, shared]")
    assert found == [expected(made, one) for one in made.all_steps()]
    tracking = [argument for option in tracking_options(invocation(made, made.steps[0]).tracking) for argument in option]
    assert told[-len(tracking) :] == tracking


@SLOW
@given(plans())
def test_groovy_reads_back_what_the_plan_says_as_data(made: Plan) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("mlspec.targets.jenkins.emit.BUDGET", 0)
        text = TARGET.emit(made)[0].content
    assert jenkins.check(text).problems == ()
    parts = [
        shared(text),
        part(text, "def runEntry(", "\n// The finally steps"),
        part(text, "// A list of levels", "\n// Whether a step may start"),
        text[text.index("def arrangement() {") :],
        RECORDERS,
        "for (entry in decoded(steps(), '\\n\\n') + decoded(finalSteps(), '\\n\\n')) { runEntry(entry) }",
        "return calls",
    ]
    found = {call[0]: call for call in jenkins.evaluate("\n".join(parts))}
    assert found == {one.id: expected(made, one) for one in made.all_steps()}


@st.composite
def runnable(draw: st.DrawFn) -> Plan:
    """Hostile values on every way into a process: `with`, parameters, elements of a list, descriptions, instances' names."""
    values = draw(st.lists(WORDS, min_size=4, max_size=4))
    print_all = "printf '%s\\0' ${{ with.v }} ${{ params.p }} ${{ params.q }} > ${{ outputs.out }}"
    return plan(
        "hostile",
        step(
            "a",
            print_all,
            description=draw(TEXTS),
            with_=(("v", values[0]),),
            params=("p", "q"),
            **writes(out="artifact"),
        ),
        step(
            "work",
            "printf '%s' ${{ item }} > ${{ outputs.out }}",
            "a",
            foreach=ForEach(None, (), (values[3],)),
            **writes(out="artifact"),
        ),
        Step(
            f"grid[k={values[1]}]",
            "grid",
            "grid__0",
            Shell("printf '%s' ${{ matrix.k }} > ${{ outputs.out }}"),
            outputs=(Output("out", "artifact"),),
            instance=Instance(0, (("k", values[1]),)),
        ),
        params=(Parameter("p", "string", values[2], draw(TEXTS)), Parameter("q", "string", "")),
    )


@settings(max_examples=6, deadline=None, suppress_health_check=list(HealthCheck))
@given(runnable(), WORDS)
def test_hostile_values_reach_processes_and_nothing_else_runs(made: Plan, given_value: str) -> None:
    assert TARGET.check(made) == []
    with tempfile.TemporaryDirectory() as folder:
        project = Path(folder)
        done = jenkins.build(project, TARGET.emit(made)[0].content, {"MLSPEC_PARAM_Q": given_value})
        assert done.result == "SUCCESS", done.log
        root = project / ".mlspec/store/hostile" / done.run_id
        values = [made.steps[0].with_[0][1], made.params[0].default, given_value]
        assert (root / "a/out").read_bytes().decode().split("\0")[:-1] == values
        literal = made.by_id["work"].foreach
        assert literal is not None
        assert (root / "work/0/out").read_bytes().decode() == literal.literal[0]
        assert made.steps[2].instance is not None
        assert (root / "grid/0/out").read_bytes().decode() == made.steps[2].instance.values[0][1]
        assert not list(project.rglob(CANARY))
    assert not Path(CANARY).exists()
