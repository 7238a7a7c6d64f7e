"""The rest of a run, and one step alone."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

import pytest

from mlspec.engine import RunError
from mlspec.engine.events import StepNotKept
from mlspec.errors import DamagedError
from mlspec.ir.bodies import Shell
from mlspec.ir.declarations import Parameter
from mlspec.ir.model import ForEach, Plan
from tests.unit.engine.conftest import Project
from tests.unit.engine.plans import every, gate, matrix, plan, step

COUNT = "echo x >> counts/${{ with.name }}; echo x >> ${{ outputs.o }}"
"""Leaves a line in the project for every time it ran."""


def counted(name: str, *needs: str, script: str = COUNT, **fields: object) -> object:
    return step(name, script, *needs, with_={"name": name}, outputs={"o": "artifact"}, cache=False, **fields)


def breaking(**fields: object) -> Plan:
    """Fails at `mend` until there is a file `mended`."""
    return plan(
        counted("first"),
        gate("shut", "1.0 > 2.0", otherwise="skip"),
        counted("unwanted", "shut"),
        counted("mend", "first", script=f"[ -e mended ]; {COUNT}"),
        counted("last", inputs={"o": "mend.o"}),
        finals=(counted("clean"),),
        params=(Parameter("n", "integer", 1),),
        **fields,
    )


def counts(project: Project) -> dict[str, int]:
    return {path.name: len(path.read_text().splitlines()) for path in sorted((project.folder / "counts").iterdir())}


@pytest.fixture(autouse=True)
def folder(project: Project) -> None:
    (project.folder / "counts").mkdir()


def test_a_resumed_run_keeps_what_succeeded_and_was_skipped(project: Project) -> None:
    failed = project.run(breaking(), run_id="R")
    assert failed.states["mend"] == "failed"
    project.write("mended")
    ran = project.run(breaking(), resume="latest")
    assert ran.outcome.run_id == "R"
    assert ran.outcome.status == "succeeded"
    assert ran.started == ["mend", "last", "clean"]
    assert ran.states["unwanted"] == "skipped"
    assert counts(project) == {"clean": 2, "first": 1, "last": 1, "mend": 1}
    assert not (project.folder / ".mlspec/store/life/R/_failed/mend").exists()


def test_what_the_resumed_run_does_not_reach_keeps_no_trace_of_the_first_try(project: Project) -> None:
    going_on = breaking(on_failure="continue")
    project.run(going_on, run_id="R")
    closed = replace(going_on, steps=(*going_on.steps[:3], replace(going_on.steps[3], when="false"), *going_on.steps[4:]))
    ran = project.run(closed, resume="R")
    assert ran.states == {
        "first": "succeeded",
        "shut": "skipped",
        "unwanted": "skipped",
        "mend": "skipped",
        "last": "skipped",
        "clean": "succeeded",
    }


def test_a_step_that_means_something_else_now_runs_again_with_all_below_it(project: Project) -> None:
    project.run(breaking(), run_id="R")
    project.write("mended")
    spec = breaking()
    changed = replace(spec, steps=(replace(spec.steps[0], body=Shell(f": new; {COUNT}"), description="new"), *spec.steps[1:]))
    ran = project.run(changed, resume="R")
    assert ran.started == ["first", "mend", "last", "clean"]
    assert counts(project)["first"] == 2


def test_a_run_keeps_its_parameters(project: Project) -> None:
    project.run(breaking(), run_id="R", params={"n": 5})
    ran = project.run(breaking(), resume="R")
    assert ran.outcome.manifest is not None
    assert ran.outcome.manifest["params"] == {"n": 5}
    with pytest.raises(RunError, match="another n"):
        project.run(breaking(), resume="R", params={"n": 6})
    with pytest.raises(RunError, match="no run 'S'"):
        project.run(breaking(), resume="S")


def test_a_resumed_foreach_and_matrix_keep_the_instances_they_read(project: Project) -> None:
    train = matrix("train", 2, "echo ${{ matrix.k }} > ${{ outputs.o }}", outputs={"o": "artifact"})
    work = step("work", "echo ${{ item }} > ${{ outputs.o }}", foreach=ForEach(None, (), ("a", "b")), outputs={"o": "artifact"})
    fan_in = every([work], "o")._replace(dynamic=True)
    join = step(
        "join",
        "[ -e mended ]; cat ${{ inputs.m }} ${{ inputs.w }} > ${{ outputs.o }}",
        inputs={"m": every(train, "o"), "w": fan_in},
        outputs={"o": "artifact"},
    )
    spec = plan(*train, work, join)
    assert project.run(spec, run_id="R").states["join"] == "failed"
    project.write("mended")
    ran = project.run(spec, resume="R")
    assert ran.started == ["join"]
    assert project.read(spec, ran, "join", "o") == "0\n1\na\nb\n"
    assert ran.states["work[1]"] == "succeeded"


CHAIN = plan(
    step("a", "cat source > ${{ outputs.o }}", outputs={"o": "artifact"}, cache=False),
    step(
        "b",
        "cat ${{ inputs.a }} > ${{ outputs.o }}; echo b >> ${{ outputs.o }}",
        inputs={"a": "a.o"},
        outputs={"o": "artifact"},
    ),
    *matrix("c", 2, "cat ${{ inputs.b }} > ${{ outputs.o }}", inputs={"b": "b.o"}, outputs={"o": "artifact"}),
    finals=(step("clean"),),
)


def test_one_step_alone_reads_the_newest_outputs_and_changes_no_run(project: Project) -> None:
    project.write("source", "one\n")
    project.run(CHAIN, run_id="R")
    project.write("source", "two\n")
    alone = project.run(CHAIN, only="a", run_id="A")
    assert alone.states == {"a": "succeeded"}
    assert alone.outcome.status == "succeeded"
    ran = project.run(CHAIN, only="b")
    assert ran.started == ["b"]
    assert project.read(CHAIN, ran, "b", "o") == "two\nb\n", "the newest `a` is that of the run of `a` alone"
    again = project.run(CHAIN, only="b", resume="R")
    assert project.read(CHAIN, again, "b", "o") == "one\nb\n"
    assert (project.folder / ".mlspec/store/life/R/b/o").read_text() == "one\nb\n"
    assert list(project.run(CHAIN, only="c").states) == ["c[k=0]", "c[k=1]"]
    assert list(project.run(CHAIN, only="c[k=1]").states) == ["c[k=1]"]
    assert list(project.run(CHAIN, only="clean").states) == ["clean"]


def test_one_step_alone_needs_its_inputs(project: Project) -> None:
    with pytest.raises(RunError, match="a has no output o in any run"):
        project.run(CHAIN, only="b")
    with pytest.raises(RunError, match="no step 'd'"):
        project.run(CHAIN, only="d")
    assert project.runs(CHAIN).ids() == []


def damage_outputs(project: Project) -> None:
    project.write(".mlspec/store/life/R/first/o", "altered")


def remove_outputs(project: Project) -> None:
    (project.folder / ".mlspec/store/life/R/first/o").unlink()


def truncate_record(project: Project) -> None:
    project.write(".mlspec/store/life/R/first/_record.json")


def empty_record(project: Project) -> None:
    project.write(".mlspec/store/life/R/first/_record.json", "{}")


def remove_record(project: Project) -> None:
    (project.folder / ".mlspec/store/life/R/first/_record.json").unlink()


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (damage_outputs, "its output o is not what it made: it has another digest"),
        (remove_outputs, "its output o cannot be read: .*: No such file or directory"),
        (truncate_record, ".*/first/_record.json is damaged: it is not a JSON object"),
        (empty_record, ".*/first/_record.json is damaged: it has no `status`"),
        (remove_record, "its record is gone"),
    ],
)
def test_a_step_whose_results_are_not_what_they_were_runs_again(
    project: Project, spoil: Callable[[Project], None], reason: str
) -> None:
    project.run(breaking(), run_id="R")
    project.write("mended")
    spoil(project)
    ran = project.run(breaking(), resume="R")
    assert ran.started == ["first", "mend", "last", "clean"]
    (event,) = [event for event in ran.events if isinstance(event, StepNotKept)]
    assert event.step == "first"
    assert re.fullmatch(reason, event.reason), event.reason
    assert ran.outcome.status == "succeeded"


def test_an_altered_output_of_one_instance_makes_the_whole_foreach_run_again(project: Project) -> None:
    work = step("work", "echo ${{ item }} > ${{ outputs.o }}", foreach=ForEach(None, (), ("a", "b")), outputs={"o": "artifact"})
    spec = plan(work, step("join", "[ -e mended ]", "work"))
    project.run(spec, run_id="R")
    project.write("mended")
    project.write(".mlspec/store/life/R/work/1/o", "altered")
    ran = project.run(spec, resume="R", cache=False)
    assert ran.started == ["work[0]", "work[1]", "join"]
    assert project.read(spec, ran, "work[1]", "o") == "b\n"


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"status": 3}', "{"])
def test_a_run_with_a_damaged_manifest_is_not_resumed(project: Project, text: str) -> None:
    project.run(breaking(), run_id="R")
    project.write(".mlspec/store/life/R/_run.json", text)
    with pytest.raises(DamagedError, match=r"/R/_run.json is damaged: "):
        project.run(breaking(), resume="R")
    assert not (project.folder / ".mlspec/store/life/R/_lease.json").exists()
