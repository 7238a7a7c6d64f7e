"""What one more run does here than the spec lets be in progress."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

SPEC = """\
apiVersion: mlspec/v1
kind: Lifecycle
metadata: {name: turns}
params: {until: first}
steps:
  fit: {run: "date +%s.%N >> began; while [ ! -e $UNTIL ]; do sleep 0.1; done", cache: false, env: {UNTIL: "${{ params.until }}"}}
triggers: {overlap: KIND, limit: LIMIT}
"""


def begin(until: str, *options: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "mlspec", "run", "-p", f"until={until}", *options]
    environment = {**os.environ, "NO_COLOR": "1"}
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment)


def wait_for(count: int) -> None:
    """Until so many steps have begun."""
    end = time.monotonic() + 60
    while not Path("began").exists() or len(Path("began").read_text().split()) < count:
        assert time.monotonic() < end
        time.sleep(0.05)


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def write(kind: str, limit: int = 1) -> None:
    Path("mlspec.yaml").write_text(SPEC.replace("KIND", kind).replace("LIMIT", str(limit)))


def test_it_waits_for_its_turn() -> None:
    write("queue")
    first = begin("first")
    wait_for(1)
    second = begin("second")
    assert second.stdout is not None
    assert second.stdout.readline() == "another run is in progress: waiting\n"
    assert len(Path("began").read_text().split()) == 1
    Path("second").touch()
    Path("first").touch()
    assert (first.wait(60), second.wait(60)) == (0, 0)
    assert len(Path("began").read_text().split()) == 2


def test_as_many_as_may_be_run_at_once_and_one_more_is_skipped() -> None:
    write("skip", 2)
    both = [begin("first"), begin("first")]
    wait_for(2)
    third = begin("first")
    assert third.wait(60) == 0
    assert third.stderr is not None
    assert third.stderr.read() == "not run: 2 other runs are in progress, and `overlap: skip` lets no more run\n"
    Path("first").touch()
    assert [run.wait(60) for run in both] == [0, 0]
    listed = [sys.executable, "-m", "mlspec", "runs", "list"]
    assert subprocess.run(listed, capture_output=True, text=True, check=True).stdout.count("succeeded  ") == 2


def test_a_backfill_waits_where_another_run_would_be_skipped() -> None:
    write("skip")
    first = begin("first")
    wait_for(1)
    second = begin("second", "--backfill", "2026-11-01..2026-11-02")
    assert second.stdout is not None
    assert [second.stdout.readline() for _ in range(2)] == [
        "2026-11-01T00:00:00Z: 1 of 2\n",
        "another run is in progress: waiting\n",
    ]
    Path("second").touch()
    Path("first").touch()
    assert (first.wait(60), second.wait(60)) == (0, 0)
    assert len(Path("began").read_text().split()) == 3


def test_it_ends_the_oldest() -> None:
    write("cancel")
    first = begin("first")
    wait_for(1)
    Path("second").touch()
    second = begin("second")
    assert (first.wait(60), second.wait(60)) == (130, 0)


def test_a_process_that_was_killed_holds_no_turn() -> None:
    write("skip")
    first = begin("first")
    wait_for(1)
    first.kill()
    first.wait(60)
    Path("second").touch()
    assert begin("second").wait(60) == 0


def test_runs_of_other_lifecycles_and_without_the_key_take_no_turns() -> None:
    Path("first").touch()
    write("skip")
    text = Path("mlspec.yaml").read_text()
    Path("mlspec.yaml").write_text(text.partition("triggers")[0])
    assert begin("first").wait(60) == 0
    assert not Path(".mlspec/turns").exists()
    write("skip")
    assert begin("first").wait(60) == 0
    assert [path.name for path in Path(".mlspec/turns").iterdir()] == ["turns"]
