"""Fan-outs: the IR's iterators in `kfp.local`, held to what the same spec does here."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from mlspec import api
from mlspec.ir.model import Plan
from mlspec.targets.kubeflow.size import estimated_size
from mlspec.targets.kubeflow.validate_ir import faults
from tests.engines import kfp_local, local
from tests.engines.outcome import Outcome, outcome_of
from tests.waiting import until_there

HEAD = "apiVersion: mlspec/v1\nkind: Lifecycle\nmetadata: {name: fan}\n"
SPLIT = """
  split:
    run: cp list.json ${{ outputs.v }}
    outputs: {v: values}
"""
WORK = """
  work:
    foreach: split.v.items
    run: printf '%s|' ${{ item }} > ${{ outputs.out }}; printf '{"n":%s}' "$MLSPEC_WITH_N" > ${{ outputs.m }}
    with: {n: "${{ params.n }}"}
    outputs: {out: artifact, m: metrics}
"""
JOIN = """
  join:
    inputs: {all: work.out}
    with: {n: "${{ work.m.n }}"}
    run: cat ${{ inputs.all }} /dev/null > ${{ outputs.o }}; echo ${{ with.n }} >> ${{ outputs.o }}
    outputs: {o: report}
"""


@dataclass(frozen=True)
class Spec:
    """A spec, and what its first step finds in `list.json`."""

    text: str
    listed: object


def spec(*steps: str, listed: object = ("a", "b", "c"), finals: str = "") -> Spec:
    return Spec(f"{HEAD}params: {{n: 2, go: true, keep: c}}\nsteps:{''.join(steps)}{finals}", {"items": listed})


def load(folder: Path, subject: Spec) -> tuple[Path, Plan]:
    folder.mkdir(parents=True)
    (folder / "list.json").write_text(json.dumps(subject.listed), encoding="utf-8")
    (folder / "mlspec.yaml").write_text(subject.text, encoding="utf-8")
    return folder, kfp_local.with_shared_store(api.plan(api.load(folder / "mlspec.yaml")), folder)


def on_kubeflow(folder: Path, subject: Spec, **params: Any) -> Outcome:
    project, plan = load(folder, subject)
    files = api.compile(plan, "kubeflow")
    assert faults(next(yaml.safe_load_all(files[0].content))) == []
    done = kfp_local.run(project, plan, files, params)
    found = outcome_of(plan, project, done.run_id)
    assert done.status == found.status
    return found


def here(folder: Path, subject: Spec, **params: Any) -> Outcome:
    project, plan = load(folder, subject)
    return outcome_of(plan, project, local.run(project, plan, params).run_id)


def both(folder: Path, subject: Spec, **params: Any) -> dict[str, str]:
    """Run a spec here and on Kubeflow; the outcomes must be equal. Returns the states."""
    ours = here(folder / "here", subject, **params)
    assert on_kubeflow(folder / "kubeflow", subject, **params) == ours
    return {step: done.state for step, done in ours.steps.items()}


AWKWARD = [
    "nor{{$}}th",
    2,
    1e-05,
    {"a": [1.5, None, True]},
    "it's $(id)",
    "pipelinechannel--items-Output-loop-item",
    "",
    "é\u2028",
]


@pytest.mark.kfp
def test_any_element_reaches_its_instance_and_all_are_read_in_order(tmp_path: Path) -> None:
    states = both(tmp_path, spec(SPLIT, WORK, JOIN, listed=AWKWARD))
    assert states == {"split": "succeeded", **{f"work[{n}]": "succeeded" for n in range(8)}, "join": "succeeded"}


@pytest.mark.kfp
def test_instances_that_read_files_and_no_parameter(tmp_path: Path) -> None:
    reads = "\n  read:\n    foreach: [a, b]\n    inputs: {v: split.v}\n    outputs: {o: artifact}\n"
    reads += "    run: cat ${{ inputs.v }} > ${{ outputs.o }}\n"
    assert both(tmp_path, spec(SPLIT, reads)) == {"split": "succeeded", "read[0]": "succeeded", "read[1]": "succeeded"}


@pytest.mark.kfp
def test_an_empty_list_succeeds_and_reads_as_an_empty_list(tmp_path: Path) -> None:
    assert set(both(tmp_path, spec(SPLIT, WORK, JOIN, listed=())).values()) == {"succeeded"}


@pytest.mark.kfp
def test_a_list_in_the_spec_and_instances_of_a_final_step(tmp_path: Path) -> None:
    literal = "\n  literal: {foreach: [a, 2, '{{$}}'], run: 'echo ${{ item }} > ${{ outputs.o }}', outputs: {o: artifact}}"
    final = "\nfinally:\n  bye: {foreach: [x, y], run: 'echo ${{ run.status }} ${{ item }} > ${{ outputs.o }}', outputs: {o: artifact}}"
    states = both(tmp_path, spec(literal, finals=final))
    assert list(states) == ["literal[0]", "literal[1]", "literal[2]", "bye[0]", "bye[1]"]


@pytest.mark.kfp
@pytest.mark.parametrize(("keep", "expected"), [("b", "succeeded"), ("none", "skipped")])
def test_instances_may_be_skipped(tmp_path: Path, keep: str, expected: str) -> None:
    some = WORK + "    when: item == params.keep\n"
    after = "\n  after: {needs: [work], run: 'true'}"
    states = both(tmp_path, spec(SPLIT, some, JOIN, after), keep=keep)
    assert (states["join"], states["after"]) == (expected, expected)
    assert states["work[0]"] == "skipped"


@pytest.mark.kfp
@pytest.mark.parametrize(("go", "expected"), [(True, "succeeded"), (False, "skipped")])
def test_a_fan_out_below_what_may_be_skipped(tmp_path: Path, go: bool, expected: str) -> None:
    maybe = "\n  maybe: {run: 'true', when: params.go}"
    states = both(tmp_path, spec(SPLIT, maybe, WORK + "    needs: [maybe]\n", JOIN), go=go)
    assert states["join"] == expected
    assert ("work[0]" if go else "work") in states


@pytest.mark.kfp
@pytest.mark.parametrize("listed", ["text", {"a": 1}])
def test_what_is_no_list_fails_the_step(tmp_path: Path, listed: object) -> None:
    assert both(tmp_path, spec(SPLIT, WORK, JOIN, listed=listed)) == {"split": "succeeded", "work": "failed", "join": "blocked"}


@pytest.mark.kfp
def test_a_failed_instance_blocks_what_reads_them(tmp_path: Path) -> None:
    fails = WORK.replace("run: ", "run: test ${{ item }} != b; ")
    found = on_kubeflow(tmp_path / "kubeflow", spec(SPLIT, fails, JOIN))
    states = {step: done.state for step, done in found.steps.items()}
    assert (found.status, states["work[1]"], states["join"]) == ("failed", "failed", "blocked")
    assert states["work[2]"] in ("succeeded", "blocked")


@pytest.mark.kfp
def test_a_reader_does_not_take_a_list_with_holes_for_a_whole_one(tmp_path: Path) -> None:
    """As in a cluster whose pods do not share the store."""
    loses = "\n  lose: {needs: [work], run: 'cd .mlspec/store/fan/*; rm -r work/1'}"
    found = on_kubeflow(tmp_path / "kubeflow", spec(SPLIT, WORK, loses, JOIN.replace("inputs:", "needs: [lose]\n    inputs:")))
    assert found.steps["join"].state == "failed"


@pytest.mark.kfp
def test_parallel_bounds_instances(tmp_path: Path) -> None:
    alone = "\n  each: {foreach: [1, 2, 3], parallel: 1, run: 'mkdir lock; sleep 0.3; rmdir lock'}"
    assert on_kubeflow(tmp_path / "alone", spec(alone)).status == "succeeded"
    # One after the other these would never end: without a bound the engine does run two at once.
    met = f"touch up-${{{{ item }}}}; {until_there('up-1')}; {until_there('up-2')}"
    together = f"\n  each: {{foreach: [1, 2], run: '{met}'}}"
    assert on_kubeflow(tmp_path / "together", spec(together)).status == "succeeded"


def documents(folder: Path, subject: Spec) -> dict[str, Any]:
    _, plan = load(folder, subject)
    found: dict[str, Any] = next(yaml.safe_load_all(api.compile(plan, "kubeflow")[0].content))
    return found


def test_the_loop_has_the_limit_that_the_spec_gives(tmp_path: Path) -> None:
    components = documents(tmp_path / "p", spec(SPLIT, WORK + "    parallel: 2\n"))["components"]
    assert components["comp-work"]["dag"]["tasks"]["instances"]["iteratorPolicy"] == {"parallelismLimit": 2}
    assert "outputDefinitions" not in components["comp-work"]


def test_the_parts_of_a_fan_out_take_no_other_steps_name(tmp_path: Path) -> None:
    other = "\n  work_items: {run: 'true'}\n  work_2_join: {run: 'true'}"
    document = documents(tmp_path / "p", spec(other, SPLIT, WORK))
    assert list(document["root"]["dag"]["tasks"]) == ["work-items", "work-2-join", "split", "work-3"]
    assert faults(document) == []


def test_instances_of_a_matrix_wait_for_the_one_parallel_places_before(tmp_path: Path) -> None:
    matrix = "\n  fit: {matrix: {n: [1, 2, 3, 4, 5]}, parallel: 2, run: 'true', needs: [split]}"
    tasks = documents(tmp_path / "p", spec(SPLIT, matrix))["root"]["dag"]["tasks"]
    depends = [task["dependentTasks"] for name, task in tasks.items() if name != "split"]
    assert depends == [["split"], ["split"], ["split", "fit-0"], ["split", "fit-1"], ["split", "fit-2"]]


def test_the_estimated_size_is_near_the_real_one(tmp_path: Path) -> None:
    subject = spec(SPLIT, *(WORK.replace("work:", f"work{n}:") for n in range(20)))
    _, plan = load(tmp_path / "q", subject)
    document = next(yaml.safe_load_all(api.compile(plan, "kubeflow")[0].content))
    real = len(json.dumps(document, separators=(",", ":"), ensure_ascii=False).encode())
    assert 0.75 < estimated_size(plan) / real < 1.25
