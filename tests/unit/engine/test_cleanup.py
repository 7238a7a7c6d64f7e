"""Which runs go, which stay whatever is said, and that what is killed on the way leaves no half of a run."""

from __future__ import annotations

import datetime
import json
import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import pytest

from mlspec.cli.main import main
from mlspec.engine import Runs
from mlspec.exec.artifacts import Scratch
from mlspec.store.ending import Ending
from mlspec.store.leases import Lease
from tests.waiting import until

SPEC = """\
apiVersion: mlspec/v1
kind: Lifecycle
metadata: {name: life}
store: STORE
steps:
  made: {run: "echo > ${{ outputs.o }}", outputs: {o: artifact}}
  deploy: {stage: service, run: "true", needs: [made]}
  register: {uses: mlflow/register, inputs: {model: fitted.model}, with: {name: risk}}
  fitted: {run: "echo > ${{ outputs.model }}", outputs: {model: model}}
"""
BYTES = 1000


class Store:
    """A lifecycle's runs, without the processes that make them."""

    def __init__(self, folder: Path, store: str, capsys: pytest.CaptureFixture[str]) -> None:
        (folder / "mlspec.yaml").write_text(SPEC.replace("STORE", store))
        self.runs = Runs("life", store, folder)
        self._capsys = capsys

    def add(self, run_id: str, days: float = 0, *, step: str = "made", cached_from: str | None = None) -> None:
        """A run of a step, `days` ago."""
        moment = (datetime.datetime.now(datetime.UTC) - datetime.timedelta(days=days)).strftime("%Y-%m-%dT%H:%M:%S.000Z")
        records = self.runs.records(run_id)
        self.runs.store.write(f"{records.run}/{step}/o", os.urandom(BYTES))
        ending = Ending()
        ending.status, ending.cached_from = "succeeded", cached_from
        ending.outputs = {"o": {"uri": self.runs.store.uri(f"{records.run}/{step}/o"), "digest": "", "type": "artifact"}}
        records.end(step, None, None, ending)
        common = {"version": 1, "lifecycle": "life", "run_id": run_id, "params": {}, "only": None, "resumed": None}
        steps = {step: {"step": step, "index": None, "status": "succeeded"}}
        manifest = {**common, "status": "succeeded", "started": moment, "ended": moment, "steps": steps, "meanings": {}}
        self.runs.write_manifest(run_id, manifest)

    def gc(self, *words: str, status: int = 0) -> dict[str, Any]:
        self._capsys.readouterr()
        assert main(["runs", "gc", "--format", "json", *words]) == status
        found = json.loads(self._capsys.readouterr().out)
        assert isinstance(found, dict)
        return found

    def going(self, *words: str) -> list[str]:
        return [run["run_id"] for run in self.gc(*words)["runs"]]


@pytest.fixture(params=[".mlspec/store", "memory://runs-gc"])
def store(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Store:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    found = Store(tmp_path, request.param, capsys)
    found.runs.store.remove("life")
    return found


def test_what_is_kept_stays_and_the_rest_goes_oldest_first(store: Store) -> None:
    for number in range(5):
        store.add(f"r{number}", days=5 - number)
    assert store.going() == []
    assert store.going("--keep", "2") == ["r0", "r1", "r2"]
    assert store.going("--older", "3d12h") == ["r0", "r1"]
    assert store.going("--keep", "4", "--older", "3d12h") == ["r0"]
    size = store.gc("--keep", "0")["bytes_freed"] // 5
    assert size > BYTES
    assert store.going("--max-size", str(size * 3 + 200)) == ["r0", "r1"]
    assert store.going("--max-size", "0", "--keep", "3") == ["r0", "r1"]
    assert store.runs.ids() == [f"r{number}" for number in range(5)], "so far it was only said"
    assert store.gc("--keep", "2", "--yes")["done"] is True
    assert store.runs.ids() == ["r3", "r4"]
    assert store.gc("--keep", "2") | {"bytes_left": 0} == store.gc("--keep", "2", "--yes") | {"bytes_left": 0, "done": False}


def test_what_is_needed_stays(store: Store) -> None:
    store.add("lender", days=9)
    store.add("old-deploy", days=8, step="deploy")
    store.add("deploy", days=7, step="deploy")
    store.add("busy", days=6)
    store.add("reader", days=1, cached_from="lender")
    lease = Lease(store.runs.store, store.runs.records("busy").run, "busy")
    lease.take()
    found = store.gc("--keep", "1", "--yes")
    assert [run["run_id"] for run in found["runs"]] == ["old-deploy"]
    assert found["needed"] == {
        "lender": "run reader took outputs from it",
        "deploy": "the last deploy that succeeded is of it",
        "busy": "it is in progress",
    }
    lease.release()
    assert store.going("--keep", "0") == ["lender", "busy", "reader"]


def test_a_run_of_an_orchestrator_is_left_alone_for_a_day(store: Store) -> None:
    store.add("theirs")
    store.runs.store.remove(f"{store.runs.records('theirs').run}/_run.json")
    assert store.gc("--keep", "0")["needed"] == {"theirs": "an orchestrator may still be at work on it"}
    record = dict(store.runs.records("theirs").read("made") or {})
    record |= {"started": "2020-01-01T00:00:00.000Z", "ended": "2020-01-01T00:00:00.000Z"}
    store.runs.store.write(f"{store.runs.records('theirs').run}/made/_record.json", json.dumps(record).encode())
    assert store.going("--keep", "0") == ["theirs"]


def test_what_runs_share_is_freed_when_the_last_of_them_goes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    store = Store(tmp_path, ".mlspec/store", capsys)
    for number in range(2):
        store.add(f"r{number}", days=2 - number)
    shared = store.runs.store.path("life/r1/made/o")
    shared.unlink()
    shared.hardlink_to(store.runs.store.path("life/r0/made/o"))
    one = store.gc("--keep", "1")
    assert one["runs"][0]["bytes"] - one["bytes_freed"] == BYTES
    assert store.gc("--keep", "0")["bytes_left"] == 0


def test_what_dead_processes_left_goes_and_what_living_ones_have_stays(store: Store, tmp_path: Path) -> None:
    store.add("r")
    live, dead = Scratch(), tmp_path / "mlspec-exec-dead"
    held = live.folder()
    dead.mkdir()
    paths = [str(dead)]
    if store.runs.store.base.startswith("memory"):
        store.add("half")
        store.runs.store.write("life/_gone/half", b"")
        paths = ["life/half", "life/_gone/half", *paths]
    else:
        for name in (".gone-0", "r/.logs-x", "r/made/.attempt-made-0123456789abcdef", "r/made/.o.0123"):
            (store.runs.store.path("life") / name).mkdir()
            paths = [*paths[:-1], f"life/{name}", str(dead)]
        for path in store.runs.store.path("life").rglob(".*"):
            os.utime(path, (0, 0))
        (store.runs.store.path("life") / "r/made/.new").mkdir()  # somebody may be writing it
    assert store.runs.ids() == ["r"]
    assert sorted(store.gc()["leftovers"]) == sorted(paths)
    assert len(store.gc("--yes")["leftovers"]) == len(paths)
    assert store.gc()["leftovers"] == []
    assert (held.exists(), dead.exists()) == (True, False)
    live.clear()


@pytest.mark.slow
def test_a_cleanup_that_is_killed_leaves_no_half_of_a_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    store = Store(tmp_path, ".mlspec/store", capsys)
    for number in range(8):
        store.add(f"r{number:02}", days=20 - number)
        folder = store.runs.store.path(f"life/r{number:02}/made/many")
        folder.mkdir()
        for file in range(200):
            (folder / str(file)).touch()
    for left in (6, 4):
        process = subprocess.Popen(
            [sys.executable, "-m", "mlspec", "runs", "gc", "--keep", "2", "--yes"], stdout=subprocess.PIPE
        )
        until(lambda left=left: len(store.runs.ids()) <= left)
        process.send_signal(signal.SIGKILL)
        process.wait()
        for run_id in store.runs.ids():
            assert len(list(store.runs.store.path(f"life/{run_id}/made/many").iterdir())) == 200
            assert store.runs.records(run_id).read("made") is not None
    store.gc("--keep", "2", "--yes")
    assert sorted(path.name for path in store.runs.store.path("life").iterdir()) == ["r06", "r07"]


@pytest.mark.slow
def test_what_a_registered_version_came_from_stays_until_the_version_is_gone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    store = Store(tmp_path, ".mlspec/store", capsys)
    for number in range(3):
        run_id = f"r{number}"
        store.add(run_id, days=5 - number, step="register")
        value = {"name": "risk", "version": number or 1, "uri": f"models:/risk/{number or 1}", "alias": None}
        path = store.runs.store.path(f"life/{run_id}/register/o")
        path.write_text(json.dumps(value))
        file = store.runs.store.path(f"life/{run_id}/register/_record.json")
        file.write_text(file.read_text().replace('"type": "artifact"', '"type": "values"'))
    store.add("last", days=1)
    silent = store.gc("--keep", "1")
    assert silent["runs"] == []
    assert "could not be asked" in silent["notes"][0]

    from mlflow import MlflowClient

    uri = f"sqlite:///{tmp_path}/.mlspec/mlflow.db"
    client = MlflowClient(uri, uri)
    client.create_registered_model("risk")
    for _ in range(2):
        client.create_model_version("risk", str(tmp_path))
    found = store.gc("--keep", "1")
    assert found["needed"] == {"r0": "risk version 1 came from it", "r2": "risk version 2 came from it"}
    assert [run["run_id"] for run in found["runs"]] == ["r1"], "it has found the version of r0"
    client.delete_model_version("risk", "2")
    assert store.going("--keep", "1") == ["r1", "r2"]


def test_sizes_and_durations_are_read_and_refused(store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    for words in (("--older", "soon"), ("--max-size", "big"), ("--keep", "-1"), ("--yes", "--dry-run")):
        assert main(["runs", "gc", *words]) == 2
    assert main(["runs", "gc", "--keep", "0", "--older", "30d", "--max-size", "1.5GB"]) == 0
    assert "nothing to remove" in capsys.readouterr().out
