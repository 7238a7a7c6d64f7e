"""`mlspec plan` says how long a run takes, as far as past runs tell."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.e2e.test_cli import mlspec
from tests.run_folders import run_folders

SPEC = """\
apiVersion: mlspec/v1
kind: Lifecycle
metadata: {name: timed}
steps:
  a: {run: "echo a > ${{ outputs.o }}", outputs: {o: artifact}, cache: true}
  b: {run: "cat ${{ inputs.i }} > ${{ outputs.o }}", inputs: {i: a.o}, outputs: {o: artifact}}
  each: {foreach: [1, 2], run: "true", needs: [b]}
finally:
  last: {run: "true"}
"""


def took(folder: Path, run: int, **seconds: int) -> None:
    """Let the steps of a run have taken so long."""
    store = run_folders(folder / ".mlspec/store/timed")[run]
    for step, time in seconds.items():
        path = store / step.replace("_", "/") / "_record.json"
        record = json.loads(path.read_text())
        record["started"], record["ended"] = "2026-01-01T00:00:00.000Z", f"2026-01-01T00:{time // 60:02}:{time % 60:02}.000Z"
        path.write_text(json.dumps(record))


def planned(folder: Path, *words: str) -> Any:
    return json.loads(mlspec("plan", "--format", "json", *words, cwd=folder).stdout)


def test_a_plan_tells_of_the_past_only_where_there_is_one(tmp_path: Path) -> None:
    (tmp_path / "mlspec.yaml").write_text(SPEC)
    fresh = mlspec("plan", cwd=tmp_path).stdout
    assert "expected" not in planned(tmp_path)
    assert "takes" not in fresh
    for _ in range(3):
        assert mlspec("run", "-q", "--no-cache", cwd=tmp_path).returncode == 0
    for run, seconds in enumerate((10, 99, 30)):
        took(tmp_path, run, a=seconds, b=60, each_0=5, each_1=5, last=1)
    shown = mlspec("plan", cwd=tmp_path).stdout
    assert "echo a > ${{ outputs.o }}  (about 30 s)" in shown
    assert "a run takes about 1 min 36 s" in shown
    assert "a → b → each → last alone takes about 1 min 36 s" in shown
    told = planned(tmp_path)
    assert told["expected"]["seconds"] == 96.0
    assert told["expected"]["path"] == ["a", "b", "each", "last"]
    assert [step["expected"] for step in (*told["steps"], *told["finally"])] == [
        {"seconds": seconds, "runs": 3} for seconds in (30.0, 60.0, 5.0, 1.0)
    ]


def test_what_is_cached_or_damaged_tells_nothing_and_what_would_be_cached_takes_no_time(tmp_path: Path) -> None:
    (tmp_path / "mlspec.yaml").write_text(SPEC)
    assert mlspec("run", "-q", cwd=tmp_path).returncode == 0
    assert mlspec("run", "-q", cwd=tmp_path).returncode == 0
    took(tmp_path, 0, a=40, b=60)
    made, _ = run_folders(tmp_path / ".mlspec/store/timed")
    assert json.loads((made / "each/0/_record.json").read_text())["cached_from"] is None
    told = planned(tmp_path)
    assert [step["expected"]["seconds"] for step in told["steps"][:2]] == [40.0, 60.0]
    assert planned(tmp_path, "--cached")["expected"]["seconds"] < 40
    for record in tmp_path.glob(".mlspec/store/timed/2*/a/_record.json"):
        record.write_text("{")
    told = planned(tmp_path)
    assert "expected" not in told["steps"][0]
    assert told["expected"]["unknown"] == ["a"]
    assert "not known of a" in mlspec("plan", cwd=tmp_path).stdout
