"""Runs that another engine made: told from the records that it left."""

from __future__ import annotations

import json
from typing import Any

import pytest

from mlspec.engine import RunError, StoreError, local_outcome, outcome
from mlspec.ir.model import ForEach
from mlspec.store.marks import new_mark, to_json
from mlspec.store.owners import Owner, this_process
from tests.unit.engine.conftest import Project
from tests.unit.engine.plans import gate, plan, step, value

SPEC = plan(step("a"), step("b", "", "a"), gate("g", "1.0 > 2.0"), step("c", "", "g"), finals=(step("clean"),))


def record(project: Project, run_id: str, name: str, status: str, started: str = "2026-01-01", **more: Any) -> None:
    rest = {"ended": started, "error": None, "inputs": {}, "outputs": {}, "with": {}, "cached_from": None}
    fields = {"status": status, "attempts": 1, "started": started, **rest, **more}
    project.write(f".mlspec/store/life/{run_id}/{name}/_record.json", json.dumps(fields))


def states(project: Project, run_id: str = "R", spec: Any = SPEC) -> dict[str, str]:
    return {name: item.status for name, item in outcome(spec, project.runs(spec), run_id).steps.items()}


def test_a_run_that_is_not_over(project: Project) -> None:
    record(project, "R", "a", "succeeded")
    record(project, "R", "g", "skipped")
    found = outcome(SPEC, project.runs(SPEC), "R")
    assert found.status == "running"
    assert states(project) == {"a": "succeeded", "b": "pending", "g": "skipped", "c": "skipped", "clean": "pending"}


def test_a_run_that_has_stopped(project: Project) -> None:
    record(project, "R", "g", "failed")
    record(project, "R", "clean", "succeeded")
    found = outcome(SPEC, project.runs(SPEC), "R")
    assert found.status == "failed"
    assert states(project) == {"a": "blocked", "b": "blocked", "g": "failed", "c": "blocked", "clean": "succeeded"}
    assert found.steps["a"].attempts == 0
    with pytest.raises(RunError, match="its spec is needed"):
        local_outcome(project.runs(SPEC), "R")


def test_instances_of_a_foreach_that_never_started(project: Project) -> None:
    source = value("a.values", "values")
    spec = plan(step("a"), step("work", "", "a", foreach=ForEach(source, ())), step("join", "", "work"))
    project.write("listed.json", "[1, 2, 3]")
    record(project, "R", "a", "succeeded", outputs={"values": {"uri": "listed.json", "digest": "sha256:0"}})
    record(project, "R", "work/1", "succeeded")
    assert states(project, spec=spec) == {
        "a": "succeeded",
        "work[0]": "pending",
        "work[1]": "succeeded",
        "work[2]": "pending",
        "join": "pending",
    }
    record(project, "R", "work/0", "failed")
    assert states(project, spec=spec)["work[2]"] == "blocked"
    assert states(project, spec=spec)["join"] == "blocked"
    (project.folder / "listed.json").unlink()
    assert list(states(project, spec=spec)) == ["a", "work[0]", "work[1]", "join"]


def test_records_of_steps_that_the_plan_lacks(project: Project) -> None:
    """The pipeline was compiled with a profile, or the spec has changed since."""
    for name in ("a", "b", "c", "g", "clean"):
        record(project, "R", name, "succeeded")
    record(project, "R", "score/1", "succeeded", instance={"depth": 4})
    record(project, "R", "send/0", "failed", instance=0)
    record(project, "R", "report", "succeeded", instance=None)
    found = outcome(SPEC, project.runs(SPEC), "R")
    assert list(found.steps)[-3:] == ["report", "score[depth=4]", "send[0]"]
    assert (found.status, found.steps["send[0]"].status) == ("failed", "failed")


def test_the_newest_run_is_the_one_whose_steps_started_last(project: Project) -> None:
    record(project, "zz", "a", "succeeded", "2026-01-02")
    record(project, "zz", "b", "succeeded", "2026-01-05")
    record(project, "aa", "a", "succeeded", "2026-01-04")
    project.write(".mlspec/store/life/_cache/x.json", "{}")
    project.write(".mlspec/store/life/empty/nothing", "")
    assert project.runs(SPEC).ids() == ["aa", "zz"]
    assert outcome(SPEC, project.runs(SPEC), "latest").run_id == "zz"


def test_a_damaged_record_is_named(project: Project) -> None:
    project.write(".mlspec/store/life/R/a/_record.json", "{")
    with pytest.raises(StoreError, match=r"life/R/a/_record\.json is damaged"):
        states(project)


def started(project: Project, entry: str, owner: Owner, *, final: bool = False) -> None:
    mark = new_mark(final=final)._replace(owner=owner)
    project.write(f".mlspec/store/life/R/_started/{entry}", json.dumps(to_json(mark)))


def test_a_step_whose_process_is_gone_has_failed(project: Project) -> None:
    here = this_process()
    gone, elsewhere = here._replace(started="0"), here._replace(boot="another", started="0")
    record(project, "R", "a", "succeeded")
    for owner, state in ((here, "pending"), (elsewhere, "pending"), (gone, "failed")):
        started(project, "b", owner)
        assert states(project)["b"] == state
    assert states(project) == {"a": "succeeded", "b": "failed", "g": "blocked", "c": "blocked", "clean": "pending"}
    started(project, "b", elsewhere)
    record(project, "R", "clean", "succeeded")  # all others are over then, wherever they ran
    assert states(project)["b"] == "failed"
    assert outcome(SPEC, project.runs(SPEC), "R").status == "failed"


def test_a_step_that_is_not_started_again_has_failed(project: Project) -> None:
    record(project, "R", "a", "succeeded")
    mark = new_mark(final=False, restarts=2)._replace(owner=this_process()._replace(started="0"))
    spec = plan(step("a"), step("b", "", "a"))
    long_ago = ("2026-01-01T00:00:00.000Z", ("failed", "failed", "its process has vanished"))
    for begun, shown in (long_ago, (mark.started, ("running", "pending", ""))):
        project.write(".mlspec/store/life/R/_started/b", json.dumps(to_json(mark._replace(started=begun))))
        found = outcome(spec, project.runs(spec), "R")
        assert (found.status, found.steps["b"].status, found.steps["b"].error) == shown


def test_a_final_step_whose_process_is_gone_has_failed(project: Project) -> None:
    record(project, "R", "g", "skipped")
    started(project, "clean", this_process()._replace(started="0"), final=True)
    assert states(project)["clean"] == "failed"
    assert states(project)["a"] == "pending"


def test_an_instance_whose_process_is_gone_has_failed(project: Project) -> None:
    spec = plan(step("work", foreach=ForEach(None, (), (1, 2, 3))), step("join", "", "work"))
    record(project, "R", "work/0", "succeeded")
    started(project, "work.1", this_process()._replace(started="0"))
    assert states(project, spec=spec) == {"work[0]": "succeeded", "work[1]": "failed", "work[2]": "blocked", "join": "blocked"}


def test_what_could_not_be_done_beside_steps_is_said_once_each(project: Project) -> None:
    """As orchestrators' runs leave it; what is of an earlier start of a step does not count."""
    source = value("a.values", "values")
    spec = plan(step("a"), step("work", "", "a", foreach=ForEach(source, ())))
    project.write("listed.json", "[1, 2]")
    record(project, "R", "a", "succeeded", outputs={"values": {"uri": "listed.json", "digest": "sha256:0"}})
    for index in range(2):
        record(project, "R", f"work/{index}", "succeeded")
    for name, started in (("a", "2026-01-01"), ("work.0", "2026-01-01"), ("work.1", "2025-01-01")):
        kept = {"version": 1, "started": started, "messages": ["MLflow: not logged: it is away"]}
        project.write(f".mlspec/store/life/R/_warnings/{name}.json", json.dumps(kept))
    project.write(".mlspec/store/life/R/_warnings/damaged.json", "{")
    found = outcome(spec, project.runs(spec), "R")
    assert [str(warning) for warning in found.warnings] == ["a, work[0]: MLflow: not logged: it is away"]
    assert found.as_json()["warnings"] == [{"message": "MLflow: not logged: it is away", "steps": ["a", "work[0]"]}]
