"""Stores that fail and lag, full disks, clocks set back: once that is over, `--resume` makes it as if nothing had happened."""

from __future__ import annotations

import os
import random
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.crash import killing, lifecycle, unreliable
from tests.crash.disturbing import Start, run_disturbed, run_ids
from tests.disks import free_bytes, small_disk
from tests.waiting import until

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """What an undisturbed run leaves."""
    folder = tmp_path_factory.mktemp("calm")
    return lifecycle.left(folder, run_disturbed(folder, [Start()]))


def test_a_store_that_fails_and_lags(expected: Any, tmp_path: Path) -> None:
    unreliable.install(tmp_path / "package")
    path = os.pathsep.join(filter(None, [os.environ.get("PYTHONPATH"), str(tmp_path / "package")]))
    store = tmp_path / "project/.mlspec/store"
    bad, good = [Start(environ={"PYTHONPATH": path, "MLSPEC_UNRELIABLE": str(chance)}) for chance in (1, 0)]
    run_id = run_disturbed(tmp_path / "project", [*[bad] * 6, good], "--set", f"store=unreliable://{store}")
    marks = [f"_started/{step}" for step in lifecycle.STEPS]  # a removal that fails leaves what no reader minds
    warnings = [f"_warnings/{step}.json" for step in lifecycle.STEPS]  # what failed beside a step, which readers are to see
    assert killing.faults(tmp_path / "project", run_id, expected, ignored=[*marks, *warnings, "_lease.json"]) == []


@pytest.mark.parametrize("seed", range(4))
def test_a_disk_that_is_full_at_some_write(seed: int, expected: Any, tmp_path: Path) -> None:
    disk = tmp_path / "project/.mlspec"
    ballast = disk / "ballast"

    def starts() -> Iterator[Start]:
        for free in random.Random(seed).sample(range(0, 320, 4), 2):
            ballast.write_bytes(b"x" * max(0, free_bytes(disk) - free * 1024))
            yield Start()
            ballast.unlink()
        yield Start()

    with small_disk(disk):
        run_id = run_disturbed(tmp_path / "project", starts())
        ballast.unlink(missing_ok=True)
        assert killing.faults(tmp_path / "project", run_id, expected) == []


@pytest.mark.skipif(shutil.which("faketime") is None, reason="the clock is set by faketime")
@pytest.mark.parametrize("shift", ["-1d", "+30d"])
def test_a_clock_that_is_set(shift: str, expected: Any, tmp_path: Path) -> None:
    folder = tmp_path / "project"
    lifecycle.write(folder)
    runner = killing.start(folder, 9.0)
    until(lambda: bool(run_ids(folder)) and "body" in killing.processes(folder).values())
    runner.send_signal(signal.SIGKILL)
    runner.wait()
    shifted = Start(before=("faketime", "-f", shift))
    run_id = run_disturbed(folder, [shifted], "--resume", run_ids(folder)[-1], longest=9.0)
    assert len(run_ids(folder)) == 1
    assert killing.faults(folder, run_id, expected) == []
