"""Lists that are known only when the run reaches them, on the real Groovy, shell and step process."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from mlspec.engine import Runs, outcome
from mlspec.ir.bodies import Instance, Output, Shell
from mlspec.ir.model import ForEach, Plan, Step
from mlspec.ir.sources import Input, StepOutput, Value
from mlspec.targets.base import refusals
from mlspec.targets.jenkins import TARGET
from mlspec.targets.jenkins.levels import levels_of
from tests.engines import jenkins, local
from tests.targets.built import plan
from tests.targets.jenkins.plans import AWKWARD, of, step, writes

pytestmark = pytest.mark.groovy

LIST = Value("split.values", of("split", "values", "values"))
EVERY = StepOutput(("work",), "out", "artifact", many=True, dynamic=True)
SCRIPT = "printf '%s' ${{ item }} > ${{ outputs.out }}"


def fan(items: object, script: str = SCRIPT, parallel: int | None = None, **more: object) -> Plan:
    """A list under a key, a step for each of its elements, a step that reads them all, one that only waits for them."""
    text = json.dumps({"deep": {"list": items}})
    return plan(
        "fan",
        step(
            "split", "printf '%s' ${{ with.json }} > ${{ outputs.values }}", with_=(("json", text),), **writes(values="values")
        ),
        step("work", script, "split", foreach=ForEach(LIST, ("deep", "list"), (), parallel), **writes(out="artifact"), **more),
        step(
            "gather",
            "for f in ${{ inputs.all }}; do cat $f; echo; done > ${{ outputs.out }}",
            "work",
            inputs=(Input("all", EVERY),),
            **writes(out="artifact"),
        ),
        step("aside", "true", "split"),
        step("after", "true", "work"),
    )


def states(
    project: Path, made: Plan, params: dict[str, object] | None = None
) -> tuple[str, dict[str, tuple[str, int, object]]]:
    assert refusals(made, TARGET) == TARGET.check(made) == []
    return told(project, made, jenkins.run(project, made, TARGET.emit(made), params or {}).run_id)


def told(project: Path, made: Plan, run_id: str) -> tuple[str, dict[str, tuple[str, int, object]]]:
    found = outcome(made, Runs(made.lifecycle, made.store, project), run_id)
    steps = {
        name: (one.status, one.attempts, {key: output["digest"] for key, output in one.outputs.items()})
        for name, one in found.steps.items()
    }
    return found.status, steps


def here(folder: Path, made: Plan) -> tuple[str, dict[str, tuple[str, int, object]]]:
    folder.mkdir()
    return told(folder, made, local.run(folder, made).run_id)


@pytest.mark.usefixtures("form")
@pytest.mark.parametrize("parallel", [None, 2])
def test_instances_get_their_elements_and_readers_get_all_in_order(tmp_path: Path, parallel: int | None) -> None:
    items = [AWKWARD, "", "-x", {"k": [1, 2.5, None, "é"]}, 7, *range(7)]
    made = fan(items, parallel=parallel)
    found = states(tmp_path, made)
    assert found[0] == "succeeded"
    assert [name for name in found[1] if name.startswith("work")] == [f"work[{index}]" for index in range(12)]
    assert found == here(tmp_path / "here", made)


@pytest.mark.usefixtures("form")
def test_an_empty_list_succeeds_and_reads_as_empty(tmp_path: Path) -> None:
    made = fan([])
    found = states(tmp_path, made)
    assert {name: state for name, (state, _, _) in found[1].items()} == dict.fromkeys(
        ("split", "work", "gather", "aside", "after"), "succeeded"
    )
    assert found == here(tmp_path / "here", made)


@pytest.mark.usefixtures("form")
@pytest.mark.parametrize("on_failure", ["stop", "continue"])
def test_a_failed_instance_blocks_readers(tmp_path: Path, on_failure: str) -> None:
    made = replace(fan([0, 1, 2], SCRIPT + "; [ ${{ item }} != 1 ]", parallel=1), on_failure=on_failure)  # type: ignore[arg-type]
    status, found = states(tmp_path, made)
    ends = {name: state for name, (state, _, _) in found.items()}
    assert status == "failed"
    assert (ends["work[0]"], ends["work[1]"]) == ("succeeded", "failed")
    assert ends["work[2]"] == ("blocked" if on_failure == "stop" else "succeeded")
    assert (ends["gather"], ends["after"]) == ("blocked", "blocked")


@pytest.mark.usefixtures("form")
@pytest.mark.parametrize(("when", "gathered"), [("item != 1.0", "succeeded"), ("false", "skipped")])
def test_a_condition_is_asked_for_each_element(tmp_path: Path, when: str, gathered: str) -> None:
    made = fan([0, 1, 2], when=when)
    found = states(tmp_path, made)
    assert found[1]["work[1]"][0] == "skipped"
    assert found[1]["gather"][0] == gathered
    assert found == here(tmp_path / "here", made)


@pytest.mark.usefixtures("form")
@pytest.mark.parametrize("items", ["text", {"a": 1}, None])
def test_what_is_no_list_fails_the_step(tmp_path: Path, items: object) -> None:
    made = fan(items)
    status, found = states(tmp_path, made)
    assert status == "failed"
    assert (found["work"][0], found["gather"][0]) == ("failed", "blocked")


def test_retries_are_those_of_each_instance(tmp_path: Path) -> None:
    script = "if [ -e seen-${{ item }} ]; then echo x > ${{ outputs.out }}; else touch seen-${{ item }}; exit 1; fi"
    made = fan([0, 1], script)
    work = replace(made.by_id["work"], retry=made.by_id["work"].retry._replace(limit=1))
    made = replace(made, steps=tuple(work if one.id == "work" else one for one in made.steps))
    _, found = states(tmp_path, made)
    assert [found[f"work[{index}]"][:2] for index in (0, 1)] == [("succeeded", 2), ("succeeded", 2)]


def test_a_literal_list_and_a_fan_out_at_the_end(tmp_path: Path) -> None:
    work = step("work", SCRIPT, foreach=ForEach(None, (), ("a", "b'c")), **writes(out="artifact"))
    end = step("end", SCRIPT, foreach=ForEach(None, (), (1, 2), 1), **writes(out="artifact"))
    made = plan("literal", work, finals=(end,))
    found = states(tmp_path, made)
    assert list(found[1]) == ["work[0]", "work[1]", "end[0]", "end[1]"]
    assert found == here(tmp_path / "here", made)


WIDEST = (
    "mkdir -p running; touch running/$$; ls running | wc -l >> widest; sleep 0.3; rm running/$$; echo x > ${{ outputs.out }}"
)


@pytest.mark.usefixtures("form")
def test_no_more_elements_at_once_than_allowed(tmp_path: Path) -> None:
    status, _ = states(tmp_path, fan(list(range(5)), WIDEST, parallel=2))
    assert status == "succeeded"
    assert max(map(int, (tmp_path / "widest").read_text().split())) <= 2


def matrix(bound: int | None, script: str = WIDEST) -> Plan:
    instances = [
        Step(
            f"work[n={n}]",
            "work",
            f"work__{n}",
            Shell(script),
            outputs=(Output("out", "artifact"),),
            instance=Instance(n, (("n", n),)),
            parallel=bound,
        )
        for n in range(5)
    ]
    everyone = tuple(made.id for made in instances)
    reads = (Input("all", StepOutput(everyone, "out", "artifact", many=True)),)
    gather = step("gather", "cat ${{ inputs.all }} > ${{ outputs.out }}", *everyone, inputs=reads, **writes(out="artifact"))
    return plan("matrix", *instances, gather, on_failure="continue")


@pytest.mark.usefixtures("form")
def test_no_more_instances_of_a_matrix_at_once_than_allowed(tmp_path: Path) -> None:
    status, _ = states(tmp_path, matrix(2))
    assert status == "succeeded"
    assert max(map(int, (tmp_path / "widest").read_text().split())) <= 2
    level = levels_of(matrix(2).steps)[0]
    assert [[one.instance.index for one in chain.steps if one.instance] for chain in level.chains] == [[0, 2, 4], [1, 3]]


def test_instances_that_take_turns_do_not_need_each_other(tmp_path: Path) -> None:
    _, found = states(tmp_path, matrix(1, "[ ${{ matrix.n }} != 1 ]; echo x > ${{ outputs.out }}"))
    ends = {name: state for name, (state, _, _) in found.items()}
    assert ends == {f"work[n={n}]": "failed" if n == 1 else "succeeded" for n in range(5)} | {"gather": "blocked"}


def test_readers_of_a_matrix_get_the_instances_that_were_not_skipped(tmp_path: Path) -> None:
    made = matrix(None, "echo ${{ matrix.n }} > ${{ outputs.out }}")
    steps = tuple(replace(one, when="matrix.n != 2.0") if one.instance else one for one in made.steps)
    found = states(tmp_path, replace(made, steps=steps))
    assert found[1]["work[n=2]"][0] == "skipped"
    assert found[1]["gather"][0] == "succeeded"
    assert found == here(tmp_path / "here", replace(made, steps=steps))
