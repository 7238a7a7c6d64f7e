"""Runs on this machine: what steps cost beside their own processes, what the cache costs, and the same graph by other runners.

In: a folder to work in. Out: rows on standard output. Owns what is run and the goals; every time is one of whole processes.
Change it when runs here should be fast in another respect.
"""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from local_peers import JOBS, Project, projects
from measure import Time, median, once, row, seconds

HERE = Path(__file__).resolve().parent
MLSPEC = [sys.executable, "-m", "mlspec"]
RUN = [*MLSPEC, "run", "-q"]
LIST = [*MLSPEC, "runs", "list"]
IMPORTS = "import hashlib, json, os, pathlib, re, signal, subprocess, time"
"""What the step process must import of the standard library to run and record a step."""
SHELL = ("/bin/sh", "-e", "-c")
STEPS = 100
RUNS = 500
MILLISECONDS = 5


def table(folder: Path) -> None:
    print("\n## Runs here\n\nWhole processes, as many steps at a time as there are processors.\n")
    print("| what | measured | goal | reached |\n|---|---|---|---|")
    overhead(folder)
    cached(folder)
    start(folder)
    listed(folder)
    peers(folder)


def alone(folder: Path, count: int, script: str) -> Path:
    """A project of so many steps that read and make nothing."""
    steps = "".join(f"  s{number}: {{run: {json.dumps(script)}}}\n" for number in range(count))
    folder.mkdir(parents=True)
    (folder / "mlspec.yaml").write_text(f"apiVersion: mlspec/v1\nkind: Lifecycle\nmetadata: {{name: alone}}\nsteps:\n{steps}")
    return folder


def overhead(folder: Path) -> None:
    """Measure runs in turns with the bare processes of their bodies."""
    python = f"{sys.executable} -c pass"
    ours, bare = in_turns([RUN, processes(200, python)], [alone(folder / "python", 200, python), folder], repeats=3)
    row("200 steps that start Python and do nothing / their processes alone", ours, bare, at_most=1.3)
    ours, bare = in_turns([RUN, processes(1000, ":")], [alone(folder / "shell", 1000, ":"), folder], repeats=3)
    each = Time((ours.wall - bare.wall) / 1000, (ours.cpu - bare.cpu) / 1000)
    limit = Time(MILLISECONDS / 1000, MILLISECONDS / 1000)
    row(f"what each of 1000 steps costs beside its process / {MILLISECONDS} ms", each, limit, at_most=1, unit="ms")


def processes(count: int, script: str) -> list[str]:
    return [sys.executable, str(HERE / "bare.py"), str(count), JOBS, *SHELL, script]


def cached(folder: Path) -> None:
    """Measure a run that takes all from the cache against a look at its records."""
    project = folder / "cached"
    (made,) = [one for one in projects(project, 1000, sys.executable) if one.name == "mlspec"]
    once(RUN, made.folder)
    taken = seconds(RUN, repeats=3, folder=made.folder)
    read = seconds([*MLSPEC, "runs", "show"], repeats=5, folder=made.folder)
    row("a run of 1000 steps, all of them cached / `mlspec runs show` of it", taken, read, at_most=4)


def start(folder: Path) -> None:
    ours = seconds([sys.executable, "-P", "-m", "mlspec", "exec", "--help"], repeats=15, folder=folder)
    base = seconds([sys.executable, "-c", IMPORTS], repeats=15, folder=folder)
    row("start of `mlspec exec` / of Python with the imports that it needs", ours, base, at_most=1.8)


def listed(folder: Path) -> None:
    """Measure a list of many runs, which are copies of one, against a read of what the list is made of."""
    project = alone(folder / "listed", 2, ":")
    once(RUN, project)
    store = project / ".mlspec/store/alone"
    (run,) = store.glob("2*")
    for number in range(1, RUNS):
        identity = f"{run.name[:-4]}{number:04x}"
        copy = Path(shutil.copytree(run, store / identity))
        for path in copy.rglob("*.json"):
            path.write_text(path.read_text().replace(run.name, identity))
    taken = seconds(LIST, repeats=5, folder=project)
    index = store / "_index.json"
    read = seconds([sys.executable, "-c", f"import json; json.load(open({str(index)!r}))"], repeats=15, folder=project)
    row(f"`mlspec runs list` of {RUNS} runs / Python that reads its index", taken, read, at_most=10)


def peers(folder: Path) -> None:
    """Measure the same graph by each runner, fresh and, where it caches, again."""
    ours, *others = projects(folder / "peers", STEPS, sys.executable)
    fresh, again = times(ours, repeats=5)
    assert again is not None, "a second run takes what the first has made"
    for peer in others:
        their_fresh, their_again = times(peer, repeats=1 if peer.name == "Metaflow" else 3)
        row(f"{peer.name} / mlspec, {STEPS} shell steps, fresh", their_fresh, fresh, at_least=1)
        if their_again is not None:
            row(f"{peer.name} / mlspec, {STEPS} shell steps, all cached", their_again, again, at_least=1)


def times(project: Project, *, repeats: int) -> tuple[Time, Time | None]:
    """Median times of a first run in a clean copy of the project, and of the one after it where there is a cache."""
    fresh, again = [], []
    for number in range(repeats):
        copy = Path(shutil.copytree(project.folder, project.folder.with_name(f"{project.name}-{number}")))
        fresh.append(once(project.command, copy))
        if project.caches:
            again.append(once(project.command, copy))
    return median(fresh), median(again) if again else None


def in_turns(commands: Sequence[Sequence[str]], folders: Sequence[Path], *, repeats: int) -> list[Time]:
    """Median times of commands that take turns, so that what else the machine does meets them alike."""
    taken = [[once(command, where) for command, where in zip(commands, folders, strict=True)] for _ in range(repeats)]
    return [median(column) for column in zip(*taken, strict=True)]
