"""Measures compile and start times, prints them as ratios and says which goals they reach: `make bench`.

In: the installed mlspec. Out: Markdown on standard output, the same tables that README.md holds.
Owns what is measured and the goals; every time is the median of whole processes, one at a time, on a machine that
should do nothing else. Change it together with the figures in README.md.
"""

from __future__ import annotations

import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import get_args

from specs import Shape, spec

HERE = Path(__file__).resolve().parent
PYTHON = sys.executable
TARGETS = ("kubeflow", "airflow", "jenkins")
SIZES = (10, 100, 1000, 10_000)
SMALL = """\
apiVersion: mlspec/v1
kind: Lifecycle
metadata: {name: small}
params: {depth: 4, min_auc: 0.7}
steps:
  train:
    run: python train.py --depth ${{ params.depth }} --out ${{ outputs.model }} --metrics ${{ outputs.metrics }}
    outputs: {model: model, metrics: metrics}
  quality:
    gate: train.metrics.auc >= params.min_auc
  deploy: {run: "cp -r ${{ inputs.model }} /srv/model", inputs: {model: train.model}, needs: [quality]}
"""


class RefusedError(Exception):
    """The command ended with something else than 0; the text is the first line it printed."""


def seconds(command: Sequence[str], *, repeats: int, folder: Path) -> float:
    """Return the median wall-clock time of a command, after one run that warms the file cache."""
    taken = []
    for _ in range(repeats + 1):
        start = time.perf_counter()
        done = subprocess.run(
            command, cwd=folder, capture_output=True, text=True, env=_environment(folder), check=False
        )
        taken.append(time.perf_counter() - start)
        if done.returncode:
            raise RefusedError(((done.stdout + done.stderr).strip().splitlines() or ["?"])[0])
    return statistics.median(taken[1:])


def _environment(folder: Path) -> dict[str, str]:
    return {**os.environ, "PYTHONHASHSEED": "0", "NO_COLOR": "1", "AIRFLOW_HOME": str(folder / "airflow")}


def repeats_for(steps: int) -> int:
    return 3 if steps > 1000 else 5


def compile_command(shape: Shape, steps: int, target: str) -> list[str]:
    return [PYTHON, "-m", "mlspec", "compile", f"{shape}-{steps}.yaml", "-t", target, "-o", f"out/{shape}-{steps}"]


def libyaml_command(shape: Shape, steps: int) -> list[str]:
    code = "import sys, yaml; yaml.load(open(sys.argv[1], encoding='utf-8'), yaml.CSafeLoader)"
    return [PYTHON, "-c", code, f"{shape}-{steps}.yaml"]


def growth(folder: Path) -> dict[tuple[str, Shape, int], float]:
    """Measure parsing with libyaml and compiling to each target, print a table, and return what could be measured."""
    figures: dict[tuple[str, Shape, int], float] = {}
    notes: list[str] = []
    print("\n## Growth\n\nSeconds, whole process; in brackets the ratio to libyaml's parse of the same file.\n")
    print("| shape | steps | libyaml | " + " | ".join(TARGETS) + " |\n|---|---|---|" + "---|" * len(TARGETS))
    for shape in get_args(Shape):
        for steps in SIZES:
            (folder / f"{shape}-{steps}.yaml").write_text(spec(shape, steps), encoding="utf-8")
            base = seconds(libyaml_command(shape, steps), repeats=repeats_for(steps), folder=folder)
            cells = [f"{base:.2f}"]
            for target in TARGETS:
                try:
                    taken = seconds(compile_command(shape, steps, target), repeats=repeats_for(steps), folder=folder)
                except RefusedError as refusal:
                    cells.append("refused")
                    notes.append(f"- {shape} of {steps} to {target}: `{refusal}`")
                else:
                    figures[target, shape, steps] = taken
                    cells.append(f"{taken:.2f} ({taken / base:.1f})")
            print(f"| {shape} | {steps} | " + " | ".join(cells) + " |", flush=True)
    if notes:
        print("\nRefused, with the first line of the finding:\n\n" + "\n".join(notes))
    return figures


def goals(folder: Path, figures: dict[tuple[str, Shape, int], float]) -> None:
    """Measure the peers and print each goal with the ratio that was measured."""
    print("\n## Goals\n\n| what | measured | goal | reached |\n|---|---|---|---|")
    for shape in get_args(Shape):
        command = [PYTHON, str(HERE / "kfp_peer.py"), shape, "1000", "peer.yaml"]
        peer = seconds(command, repeats=3, folder=folder)
        ours = figures["kubeflow", shape, 1000]
        row(f"kfp's compiler / mlspec, {shape} of 1000 ({peer:.2f} s / {ours:.2f} s)", peer / ours, at_least=5)
    for target in TARGETS:
        for shape in get_args(Shape):
            if (target, shape, 10_000) in figures:
                ratio = figures[target, shape, 10_000] / figures[target, shape, 1000]
                row(f"10,000 / 1000 steps to {target}, {shape}", ratio, at_most=12)
    (folder / "mlspec.yaml").write_text(SMALL, encoding="utf-8")
    start = seconds([PYTHON, "-m", "mlspec", "validate"], repeats=15, folder=folder)
    imports = seconds([PYTHON, "-c", "import pydantic, yaml"], repeats=15, folder=folder)
    row(f"`mlspec validate` / `import pydantic, yaml` ({start:.2f} s / {imports:.2f} s)", start / imports, at_most=2.5)


def row(what: str, ratio: float, *, at_least: float | None = None, at_most: float | None = None) -> None:
    reached = ratio >= at_least if at_least is not None else ratio <= (at_most or 0)
    goal = f"at least {at_least:g}" if at_least is not None else f"at most {at_most:g}"
    print(f"| {what} | {ratio:.2f} | {goal} | {'yes' if reached else 'NO'} |", flush=True)


def airflow_parse(folder: Path) -> None:
    """Measure Airflow's parse of the generated file against one written by hand."""
    print("\n## Airflow's parse of 1000 tasks\n\nSeconds inside one process, Airflow imported before.\n")
    print("| shape | generated | by hand | ratio |\n|---|---|---|---|")
    for shape in get_args(Shape):
        (generated,) = (folder / "out" / f"{shape}-1000").rglob("*.py")
        command = [PYTHON, str(HERE / "airflow_peer.py"), shape, "1000", str(generated)]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, env=_environment(folder), check=True)
        ours, by_hand = (float(line) for line in done.stdout.splitlines()[-2:])
        print(f"| {shape} | {ours:.2f} | {by_hand:.2f} | {ours / by_hand:.2f} |", flush=True)


def main() -> None:
    print(f"Python {platform.python_version()}, {os.cpu_count()} cores, {platform.machine()}.")
    with tempfile.TemporaryDirectory(prefix="mlspec-bench-") as name:
        folder = Path(name)
        figures = growth(folder)
        goals(folder, figures)
        airflow_parse(folder)


if __name__ == "__main__":
    main()
