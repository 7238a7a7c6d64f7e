from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from syrupy.assertion import SnapshotAssertion

from mlspec.ir.bodies import Gate, Retry
from mlspec.ir.declarations import Environment, Parameter
from mlspec.ir.model import Plan, Step
from mlspec.targets.base import refusals
from mlspec.targets.jenkins import TARGET
from tests.targets import emission
from tests.targets.built import plan
from tests.targets.emission import changed, files_named
from tests.targets.jenkins.plans import ASKED, CREDIT, DIAMOND, PLANS, PODS, chain, step, writes


@pytest.fixture
def snapshot(snapshot: SnapshotAssertion) -> SnapshotAssertion:
    return snapshot.use_extension(files_named("Jenkinsfile"))


def text(made: Plan) -> str:
    return emission.text(TARGET, made)


@pytest.mark.parametrize("name", PLANS)
def test_files_are_as_reviewed(name: str, snapshot: SnapshotAssertion) -> None:
    made = PLANS[name]
    assert refusals(made, TARGET) == TARGET.check(made) == []
    assert text(made) == snapshot


@pytest.mark.parametrize("name", PLANS)
def test_files_are_named_after_the_lifecycle(name: str) -> None:
    assert [file.path for file in TARGET.emit(PLANS[name])] == [f"{name}.Jenkinsfile"]


def test_another_default_changes_one_line() -> None:
    params = (Parameter("n", "integer", 5, minimum=1), DIAMOND.params[1])
    lines = changed(TARGET, DIAMOND, replace(DIAMOND, params=params, digest="sha256:" + "1" * 64)).added
    assert len(lines) == 1
    assert "defaultValue: '5'" in lines[0]


def renamed(made: Plan, old: str, new: str) -> Plan:
    def one(step_: Step) -> Step:
        return replace(step_, id=new, name=new, slug=new) if step_.id == old else step_

    return replace(made, steps=tuple(one(step_) for step_ in made.steps), finals=tuple(map(one, made.finals)))


@pytest.mark.parametrize(
    ("made", "leaf"), [*((DIAMOND, name) for name in ("alert", "announce", "cleanup")), (ASKED, "deploy"), (ASKED, "label")]
)
def test_another_name_of_a_leaf_changes_few_lines(made: Plan, leaf: str) -> None:
    assert 2 <= len(changed(TARGET, made, renamed(made, leaf, "tell_all")).added) <= 6


@pytest.mark.parametrize("leaf", ["work", "sign_off"])
def test_another_name_of_a_fan_out_or_an_approval_changes_few_lines(leaf: str) -> None:
    kept = tuple(one for one in ASKED.steps if one.id in ("split", leaf))
    made = replace(ASKED, steps=tuple(replace(one, upstream=("split",) if one.id == leaf else ()) for one in kept))
    assert 2 <= len(changed(TARGET, made, renamed(made, leaf, "tell_all")).added) <= 6


@pytest.mark.parametrize(("made", "upstream"), [(DIAMOND, "quality"), (ASKED, "work"), (PODS, "split")])
def test_a_new_step_leaves_the_blocks_of_others_alone(made: Plan, upstream: str) -> None:
    added = replace(made, steps=(*made.steps, step("audit", "echo audit", upstream)))
    before, after = text(made), text(added)
    blocks = before[before.index("\ndef run_") :].split("\n\n")  # after the header and the stage list
    assert len(blocks) > len(made.steps)
    for block in blocks:
        assert block.rstrip("\n") in after


@pytest.mark.usefixtures("form")
def test_a_file_says_that_there_are_barriers_and_who_names_them() -> None:
    assert "so that 2 steps wait for others without need:\n// `mlspec plan -t jenkins` says which.\n" in text(DIAMOND)
    assert TARGET.waits(DIAMOND) == {"quality": "left", "alert": "quality"}
    assert "without need" not in text(chain(5))
    assert TARGET.waits(chain(5)) == {}


def test_a_list_too_long_for_the_cps_transform_is_cut() -> None:
    inputs = step("wide", with_=tuple((f"value_{number}", number) for number in range(300)))
    assert text(plan("wide", inputs)).count("\n] + [\n") == 2


def test_the_example_is_short() -> None:
    example = Path(__file__).parents[3] / "examples/employment/pipelines/jenkins/employment.Jenkinsfile"
    assert len(example.read_text(encoding="utf-8").splitlines()) <= 270


@pytest.mark.usefixtures("form")
def test_what_steps_share_stands_once() -> None:
    made = text(CREDIT)
    assert len(CREDIT.steps) > 3
    for word in ("'--pythonpath'", "'--tracking'", "'--experiment'", "'--step'"):
        assert made.count(word) == 1
        assert made.count(word.replace("'", '"')) == 0


def test_a_comment_above_a_step_is_its_description() -> None:
    made = text(CREDIT)
    blocks = made[made.index("\n}\n") : made.index("// The finally steps")]
    assert [line for line in blocks.splitlines() if line.startswith("//")] == [
        "// Reads the bank's export, once a week /u000a exit()"
    ]


def test_maps_and_lists_of_one_line_are_cut_too() -> None:
    names = [f"e{number}" for number in range(130)]
    folders = tuple(f"folder_{number}" for number in range(200))
    made = plan(
        "environments",
        *(step(f"in_{name}", environment=name) for name in names),
        environments={name: Environment(name, pythonpath=folders if name == "e0" else ("src",)) for name in names},
    )
    assert text(made).count("\n] + [\n") == 1
    assert text(made).count("'] + ['") == 1


@pytest.mark.slow
def test_ten_thousand_steps_compile_without_recursion() -> None:
    assert text(chain(10_000)).count('{"step":') == 10_001


def test_a_gate_runs_in_a_container_where_steps_do() -> None:
    gate = Step("ready", "ready", "ready", Gate(("1 < 2",), "stop"), upstream=("work",))
    made = plan(
        "gated",
        step("work", environment="ml"),
        gate,
        step("bare", "true", "ready"),
        environments={"ml": Environment("ml", image="acme/ml:1")},
        target_options={"jenkins": {"agent": {"docker": True}}},
    )
    assert re.findall(r"execute\('(\w+)'(?:, image: '([^']*)')?", text(made)) == [
        ("work", "acme/ml:1"),
        ("ready", "acme/ml:1"),
        ("bare", ""),
    ]
    on_the_agent = replace(made, target_options={"jenkins": {}})
    assert "image" not in text(on_the_agent)


JOB = {
    "disableRestartFromStage()": {},
    "disableConcurrentBuilds()": {"concurrent_builds": True},
    "buildDiscarder(logRotator(numToKeepStr: '100'))": {"keep_builds": 0},
    "timestamps()": {"timestamps": False},
    "archiveArtifacts(artifacts: reports(), allowEmptyArchive: true)": {"archive": False},
}


@pytest.mark.parametrize("line", JOB)
def test_what_operators_expect_of_a_job_is_there_unless_a_spec_says_otherwise(line: str) -> None:
    made = plan("job", step("a", **writes(page="report")))
    assert line in text(made)
    assert (line in text(replace(made, target_options={"jenkins": JOB[line]}))) is not bool(JOB[line])
    assert "timeout(time: 5400, unit: 'SECONDS')" in text(replace(made, target_options={"jenkins": {"timeout": 5400.0}}))


@pytest.mark.parametrize(
    ("options", "names"),
    [
        ({}, "plugins Pipeline and Timestamper, and `mlspec` on the PATH of the agents"),
        ({"timestamps": False}, "plugin Pipeline, and `mlspec` on the PATH of the agents"),
        (
            {"agent": {"docker": True}},
            "plugins Pipeline, Timestamper and Docker Pipeline, and `mlspec` in the images of the steps",
        ),
        (
            {"agent": {"kubernetes": {"image": "ml:1"}}},
            "plugins Pipeline, Git, Timestamper and Kubernetes, and `mlspec` in the images of the steps",
        ),
    ],
)
def test_the_head_names_the_plugins_and_where_mlspec_must_be(options: dict[str, object], names: str) -> None:
    made = plan(
        "plugins",
        step("a", environment="ml"),
        environments={"ml": Environment("ml", image="acme/ml:1")},
        store="s3://b/s",
        target_options={"jenkins": options},
    )
    assert f"// Needs the {names}.\n" in text(made)


@pytest.mark.parametrize(("enum", "kind"), [(("a", "b"), "choice"), (("a", "b\nc"), "text"), (("a", "b\rc"), "text")])
def test_values_of_several_lines_are_typed_and_not_chosen(enum: tuple[str, ...], kind: str) -> None:
    made = plan("kinds", step("s"), params=(Parameter("mode", "string", "a", enum=enum),))
    assert f"{kind}(name: 'MLSPEC_PARAM_MODE', " in text(made)


def test_parameters_are_labelled_as_people_name_them() -> None:
    assert "description: 'who: Whom to greet · string'" in text(DIAMOND)


@pytest.mark.parametrize(
    ("timeout", "retry", "minutes"),
    [(600, Retry(), 21), (60, Retry(2, 30.0, 2.0), 15), (1.5, Retry(), 11), (1e9, Retry(1000, 1e9), 1_000_000)],
)
def test_jenkins_waits_a_little_longer_than_all_attempts_may_take(timeout: float, retry: Retry, minutes: int) -> None:
    assert f"execute('a', minutes: {minutes}, [" in text(plan("waits", step("a", timeout=timeout, retry=retry)))
