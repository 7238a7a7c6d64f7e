"""Kills processes of a run at random, resumes it until it ends, and looks at what is left.

In: a project, a random generator. Out: a run that has ended, how many kills it took, and faults in words. Owns who is killed and when;
never knows what the steps do (see `lifecycle`). Change it when something else may die.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from tests.crash import lifecycle
from tests.run_folders import run_folders
from tests.waiting import LIMIT, is_alive, until

TARGETS = ("runner", "exec", "body", "both", "all")


def processes(folder: Path) -> dict[int, str]:
    """The processes of a project: `runner`, `exec` or `body`, by id."""
    found = {}
    for path in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if not path.joinpath("environ").read_bytes().split(b"\0").count(f"MLSPEC_CRASH={folder}".encode()):
                continue
            words = path.joinpath("cmdline").read_bytes().split(b"\0")
            kind = "body" if b"mlspec" not in words else "exec" if {b"exec", b"serve"} & set(words) else "runner"
            if is_alive(int(path.name)):
                found[int(path.name)] = kind
    return found


def start(folder: Path, longest: float, *words: str) -> subprocess.Popen[bytes]:
    """Start `mlspec run` in a project."""
    return subprocess.Popen(
        [sys.executable, "-m", "mlspec", "run", "-q", "-j", "4", "-p", f"longest={longest}", *words],
        cwd=folder,
        env={**os.environ, "MLSPEC_CRASH": str(folder)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=(folder / "stderr").open("ab"),
    )


def strike(folder: Path, runner: subprocess.Popen[bytes], chance: random.Random) -> str | None:
    """Kill what chance names; None when there was none of it."""
    what = chance.choice(TARGETS)
    found = processes(folder)
    wanted = {"runner": ["runner"], "both": ["exec", "body"], "all": ["runner", "exec", "body"]}.get(what, [what])
    victims = [pid for pid, kind in found.items() if kind in wanted]
    if what in ("exec", "body") and victims:
        victims = [chance.choice(victims)]
    for pid in victims:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    if runner.pid in victims:
        runner.wait(LIMIT)
    return what if victims else None


def run_to_the_end(folder: Path, chance: random.Random, longest: float, kills: int) -> tuple[str, int]:
    """Run with up to `kills` kills, resuming after each end that is none; returns the run's id and the kills that hit."""
    lifecycle.write(folder)
    store = folder / ".mlspec/store/crash"
    hits, words = 0, ()
    limit = time.monotonic() + LIMIT
    while True:
        runner = start(folder, longest, *words)
        while hits < kills and runner.poll() is None:
            time.sleep(chance.uniform(0, 1.2))
            hits += strike(folder, runner, chance) is not None
        status = runner.wait(LIMIT)
        ids = [path.name for path in run_folders(store)]
        if status == 0:
            return ids[-1], hits
        assert time.monotonic() < limit, f"the run does not end: {(folder / 'stderr').read_text()}"
        assert hits and status in (1, -signal.SIGKILL), f"{status}: {(folder / 'stderr').read_text()}"
        words = ("--resume", ids[-1]) if ids else ()


def faults(folder: Path, run_id: str, expected: object, ignored: Sequence[str] = ()) -> list[str]:
    """Say what is not as after an undisturbed run; `ignored`: files that may be left as well."""
    found = []
    with suppress(AssertionError):
        until(lambda: not processes(folder))
    if left_running := processes(folder):
        found.append(f"left running: {left_running}")
    got = lifecycle.left(folder, run_id)
    got["files"] = [path for path in got["files"] if path not in ignored]
    if got != expected:
        found.append(f"differs: {got}")
    run = folder / ".mlspec/store/crash" / run_id  # a run that was killed before it began has an id that nobody knows
    left_over = [path for path in run.rglob("*") if path.name.startswith(".") or path.name == "_lease.json"]
    if litter := [str(path) for path in left_over if path.name not in ignored]:
        found.append(f"litter: {litter}")
    if "Traceback" in (errors := (folder / "stderr").read_text()):
        found.append(errors)
    return found
