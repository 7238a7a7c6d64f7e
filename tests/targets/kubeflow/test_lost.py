"""Pods that are lost, in `kfp.local`: their `mlspec exec` is killed by its own body, and KFP's retry policy starts it again."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from mlspec.engine.outcome import outcome
from mlspec.ir.bodies import Retry
from mlspec.ir.model import Plan, Step
from mlspec.store.ending import Ending
from mlspec.store.marks import new_mark
from mlspec.store.runs import Runs
from mlspec.targets.kubeflow import TARGET
from tests.engines import kfp_local
from tests.targets.built import plan, step
from tests.targets.kubeflow.plans import gate, metrics, out

pytestmark = [
    pytest.mark.kfp,
    pytest.mark.skipif(sys.platform != "linux", reason="the body finds the process above its keeper in /proc"),
]

COUNT = "echo x >> tries; n=$(wc -l < tries)"
KILL = "kill -9 $(sed 's/.*) //' /proc/$PPID/stat | cut -d' ' -f2); sleep 60"


def lifecycle(script: str, retry: Retry, *more: Step) -> Plan:
    return plan(
        "lost",
        step("hard", script, retry=retry, outputs=out()),
        step("after", "touch after", "hard"),
        *more,
        finals=(step("bye", "echo ${{ run.status }} > status"),),
    )


def run(project: Path, one: Plan, *, shared: bool = True) -> tuple[str, dict[str, dict[str, Any]]]:
    """Run a plan with a store that pods share, as far as a URI says it; returns the run's status and records by step."""
    store = f"local://{project}/shared" if shared else one.store
    one = replace(one, store=store)
    done = kfp_local.run(project, one, TARGET.emit(one), {})
    folder = Path(f"{project}/shared" if shared else project / one.store) / one.lifecycle / done.run_id
    paths = folder.rglob("_record.json")
    return done.status, {str(path.parent.relative_to(folder)): json.loads(path.read_text("utf-8")) for path in paths}


def tries(project: Path) -> int:
    return len((project / "tries").read_text().split())


def status_seen(project: Path) -> str:
    return (project / "status").read_text().strip()


def test_a_lost_pod_is_started_again(tmp_path: Path) -> None:
    script = f"{COUNT}; [ $n -gt 2 ] || {{ {KILL}; }}; echo $n > ${{{{ outputs.out }}}}"
    ended, records = run(tmp_path, lifecycle(script, Retry()))
    assert (ended, records["hard"]["status"], records["hard"]["attempts"]) == ("succeeded", "succeeded", 3)
    assert (tmp_path / "after").exists()
    assert status_seen(tmp_path) == "succeeded"


@pytest.mark.parametrize("lost", [0, 1])
def test_a_pod_that_is_lost_too_often_has_failed_for_all_that_look(tmp_path: Path, lost: int) -> None:
    ended, records = run(tmp_path, lifecycle(f"{COUNT}; {KILL}", Retry(lost=lost)))
    assert (ended, tries(tmp_path), status_seen(tmp_path)) == ("failed", 1 + lost, "failed")
    assert set(records) == {"bye"} and not (tmp_path / "after").exists()


def test_runs_show_knows_of_a_pod_that_was_lost_too_often(tmp_path: Path) -> None:
    one = replace(plan("lost", step("hard", KILL), step("after", upstream="hard")), store=f"local://{tmp_path}/shared")
    done = kfp_local.run(tmp_path, one, TARGET.emit(one), {})
    shown = outcome(one, Runs("lost", f"{tmp_path}/shared", tmp_path), done.run_id)
    assert (done.status, shown.status) == ("failed", "failed")
    assert {name: each.status for name, each in shown.steps.items()} == {"hard": "failed", "after": "blocked"}


def test_in_a_store_that_is_a_path_nothing_is_started_again(tmp_path: Path) -> None:
    ended, _ = run(tmp_path, lifecycle(f"{COUNT}; {KILL}", Retry()), shared=False)
    assert (ended, tries(tmp_path), status_seen(tmp_path)) == ("failed", 1, "failed")


@pytest.mark.parametrize("limit", [0, 1])
def test_what_has_ended_is_not_repeated(tmp_path: Path, limit: int) -> None:
    ended, records = run(tmp_path, lifecycle(f"{COUNT}; exit 7", Retry(limit)))
    assert (ended, tries(tmp_path), status_seen(tmp_path)) == ("failed", limit + 1, "failed")
    assert (records["hard"]["attempts"], records["hard"]["exit_code"]) == (limit + 1, 7)


def test_a_lost_attempt_is_none_of_the_retries(tmp_path: Path) -> None:
    script = f"{COUNT}; [ $n != 2 ] || {{ {KILL}; }}; exit 7"
    ended, records = run(tmp_path, lifecycle(script, Retry(1)))
    assert (ended, tries(tmp_path), records["hard"]["attempts"]) == ("failed", 3, 3)


def test_a_gate_that_stops_is_asked_once(tmp_path: Path) -> None:
    makes = step("scores", "echo '{\"a\": 1}' > ${{ outputs.metrics }}", outputs=out("metrics", "metrics"))
    one = plan("lost", makes, gate("hold", "scores.metrics.a > 2.0", "scores", "stop", metrics("scores")))
    ended, records = run(tmp_path, one)
    assert (ended, records["hold"]["attempts"]) == ("failed", 1)


def test_the_policy_stands_at_every_container_and_nowhere_else(tmp_path: Path) -> None:
    """A sub-DAG hands its own down (compiler/visitor.go), which would multiply; and without its time nothing is repeated."""
    (file,) = TARGET.emit(replace(lifecycle("true", Retry(lost=4)), store="s3://acme/store"))
    document = next(iter(yaml.load_all(file.content, yaml.CSafeLoader)))
    dags = [document["root"]["dag"], *(part["dag"] for part in document["components"].values() if "dag" in part)]
    found = {name: task.get("retryPolicy", {}) for dag in dags for name, task in dag["tasks"].items()}
    counts = {name: policy.get("maxRetryCount") for name, policy in found.items()}
    assert counts == {"steps": None, "hard": 4, "after": 2, "bye": 2}
    assert found["hard"]["backoffMaxDuration"] == "31536000s"


def looking_back(one: Plan, project: Path, ran: dict[str, str], state: str) -> str:
    """What `run.status` is in the final step of a plan whose steps left records with these states, when KFP says `state`."""
    documents = yaml.load_all(TARGET.emit(one)[0].content, yaml.CSafeLoader)
    container = next(iter(documents))["deploymentSpec"]["executors"]["exec-bye"]["container"]
    run = Runs(one.lifecycle, "store", project).records("r")
    for name, status in ran.items():
        ending = Ending()
        ending.status = status  # type: ignore[assignment]
        run.start(name, None, new_mark(final=False))
        run.end(name, None, None, ending)
    given = {"outputs": {"outputFile": str(project / "output.json")}}
    words = [*container["command"], *container["args"]]
    for old, new in (
        ("{{$.inputs.parameters['run-id']}}", "r"),
        ("{{$.inputs.parameters['run-status']}}", json.dumps({"state": state})),
        ("{{$}}", json.dumps(given)),
        (f"--store={one.store}", f"--store={project}/store"),
    ):
        words = [word.replace(old, new) for word in words]
    environ = {**os.environ, **{each["name"]: each["value"] for each in container["env"]}}
    subprocess.run([sys.executable, "-m", *words], cwd=project, env=environ, check=True)
    return status_seen(project)


@pytest.mark.parametrize(
    ("ran", "state", "status"),
    [
        ({"first": "succeeded", "maybe": "succeeded", "below": "succeeded"}, "COMPLETE", "succeeded"),
        ({"first": "succeeded", "maybe": "skipped"}, "RUNNING", "succeeded"),  # with an omitted task a DAG is never COMPLETE
        ({"first": "succeeded", "maybe": "succeeded"}, "RUNNING", "failed"),  # its pod was gone before it had left a mark
        ({"first": "succeeded"}, "RUNNING", "failed"),
        ({"maybe": "skipped"}, "EXECUTION_STATE_UNSPECIFIED", "failed"),
        ({"first": "failed"}, "FAILED", "failed"),
        ({"first": "succeeded", "maybe": "succeeded", "below": "succeeded"}, "FAILED", "failed"),  # its outputs were not kept
    ],
)
def test_what_kfp_does_not_know_the_records_tell(tmp_path: Path, ran: dict[str, str], state: str, status: str) -> None:
    one = plan(
        "looks",
        step("first"),
        step("maybe", when="1.0 > 2.0"),
        step("below", upstream="maybe"),
        finals=(step("bye", "echo ${{ run.status }} > status"),),
        store="s3://acme/store",
    )
    assert looking_back(one, tmp_path, ran, state) == status
