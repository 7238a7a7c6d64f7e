"""Compile times inside one process, imports aside, as ratios: `python in_process.py`, and rows of run.py's goals.

In: the installed mlspec; kfp_peer.py for the peer. Out: one `Row` for each goal. Owns what is measured without a start:
from the text of a spec to files on the disk, by the command line's own entry, everything imported and called once before.
The peer times itself in a process of its own, so that neither compiler's objects lie in the other's heap.
"""

from __future__ import annotations

import io
import math
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import redirect_stderr
from pathlib import Path
from typing import NamedTuple, get_args

import yaml
from specs import Shape, spec

from mlspec.cli.main import main as mlspec

HERE = Path(__file__).resolve().parent
TARGETS = ("kubeflow", "airflow", "jenkins")
REPEATS = 9


class Seconds(NamedTuple):
    """A median by the clock, and of the processor."""

    wall: float
    cpu: float


class Row(NamedTuple):
    """Two times and the goal for their ratio."""

    what: str
    above: Seconds
    below: Seconds
    at_least: float = 0
    at_most: float = math.inf


def rows(folder: Path) -> Iterator[Row]:
    """Measure in `folder`; one row at a time."""
    for shape in get_args(Shape):
        ours = compiled(folder, shape, 1000, "kubeflow")
        yield Row(f"kfp's compiler / mlspec, {shape} of 1000 steps", peer(folder, shape), ours, at_least=20)
        every = compiled(folder, shape, 1000, *TARGETS)
        yield Row(
            f"all targets / parsing with libyaml and writing the same bytes, {shape} of 1000 steps",
            every,
            floor(folder, shape, 1000),
            at_most=12,
        )
        large = compiled(folder, shape, 10_000, *TARGETS, repeats=3)
        yield Row(f"10,000 steps / 1000 steps to all targets, {shape}", large, every, at_most=11)


def compiled(folder: Path, shape: Shape, steps: int, *targets: str, repeats: int = REPEATS) -> Seconds:
    """Time `mlspec compile -t …`, which reads the spec once, into a folder where nothing is."""
    source, out = folder / f"{shape}-{steps}.yaml", folder / "inside"
    source.write_text(spec(shape, steps), encoding="utf-8")
    words = ["compile", str(source), "--quiet", "--output", str(out)]
    for target in targets:
        words += ["--target", target]

    def work() -> None:
        with redirect_stderr(io.StringIO()) as warnings:
            status = mlspec(words)
        if status != 0:
            raise RuntimeError(f"mlspec {' '.join(words)} failed: {warnings.getvalue()}")

    return timed(work, repeats, before=lambda: shutil.rmtree(out, ignore_errors=True))


def floor(folder: Path, shape: Shape, steps: int) -> Seconds:
    """Time libyaml's parse of the spec and a plain write of the bytes that `compiled` has left."""
    text = (folder / f"{shape}-{steps}.yaml").read_text(encoding="utf-8")
    files = {path: path.read_bytes() for path in (folder / "inside").rglob("*") if path.is_file()}

    def work() -> None:
        yaml.load(text, Loader=yaml.CSafeLoader)
        for path, content in files.items():
            path.write_bytes(content)

    return timed(work, REPEATS)


def peer(folder: Path, shape: Shape) -> Seconds:
    """Let kfp's compiler time itself on the same graph."""
    command = [sys.executable, str(HERE / "kfp_peer.py"), shape, "1000", "peer.yaml", "3"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True)
    wall, cpu = done.stdout.split()[-2:]
    return Seconds(float(wall), float(cpu))


def timed(work: Callable[[], object], repeats: int, before: Callable[[], object] = lambda: None) -> Seconds:
    """Return the median times of a call, after one that warms its caches; `before` runs off the clock."""
    taken = []
    for _ in range(repeats + 1):
        before()
        wall, cpu = time.perf_counter(), time.process_time()
        work()
        taken.append(Seconds(time.perf_counter() - wall, time.process_time() - cpu))
    return Seconds(statistics.median(one.wall for one in taken[1:]), statistics.median(one.cpu for one in taken[1:]))


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="mlspec-bench-") as name:
        for what, above, below, at_least, at_most in rows(Path(name)):
            goal = f"at least {at_least:g}" if at_least else f"at most {at_most:g}"
            ratios = f"{above.wall / below.wall:.2f} ({above.cpu / below.cpu:.2f})"
            print(f"{what}: {above.wall:.3f} s / {below.wall:.3f} s = {ratios}, {goal}", flush=True)


if __name__ == "__main__":
    main()
