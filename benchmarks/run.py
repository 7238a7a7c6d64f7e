"""Measures compile and start times, prints them as ratios and says which goals they reach: `make bench`.

In: the installed mlspec. Out: Markdown on standard output, the same tables that README.md holds.
Owns what is measured and the goals; every time is the median of whole processes, one at a time, on a machine that
should do nothing else (only checking is measured inside one process, against parsing). Change it together with the figures in
README.md.
"""

from __future__ import annotations

import os
import platform
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import get_args

import in_process
import local_runs
import yaml
from kedro_peer import project
from measure import RefusedError, Time, environment, inside, median, once, row, seconds
from specs import Shape, spec

from mlspec import api
from tests.fuzz.hostile import TEXTS

HERE = Path(__file__).resolve().parent
PYTHON = sys.executable
KEDRO = HERE.parent / ".venv-kedro" / "bin" / "kedro"
TARGETS = ("kubeflow", "airflow", "jenkins")
SIZES = (10, 100, 1000, 10_000)
SMALL = """\
apiVersion: mlspec/v1
kind: Lifecycle
metadata: {name: small}
params: {depth: 4}
steps:
  train:
    run: python train.py --depth ${{ params.depth }} --out ${{ outputs.model }} --metrics ${{ outputs.metrics }}
    outputs: {model: model, metrics: metrics}
  deploy: {run: "cp -r ${{ inputs.model }} /srv/model", inputs: {model: train.model}}
"""
CONDITION = "  quality: {gate: [train.metrics.auc >= 0.7]}\n"


def repeats_for(steps: int) -> int:
    return 3 if steps > 1000 else 5


def compile_command(shape: Shape, steps: int, target: str) -> list[str]:
    return [PYTHON, "-m", "mlspec", "compile", f"{shape}-{steps}.yaml", "-t", target, "-o", f"out/{shape}-{steps}"]


def libyaml_command(shape: Shape, steps: int) -> list[str]:
    code = "import sys, yaml; yaml.load(open(sys.argv[1], encoding='utf-8'), yaml.CSafeLoader)"
    return [PYTHON, "-c", code, f"{shape}-{steps}.yaml"]


def growth(folder: Path) -> dict[tuple[str, Shape, int], Time]:
    """Measure parsing with libyaml and compiling to each target, print a table, and return what could be measured."""
    figures: dict[tuple[str, Shape, int], Time] = {}
    notes: list[str] = []
    print("\n## Growth\n\nSeconds, whole process; in brackets the ratio to libyaml's parse of the same file.\n")
    print("| shape | steps | libyaml | " + " | ".join(TARGETS) + " |\n|---|---|---|" + "---|" * len(TARGETS))
    for shape in get_args(Shape):
        for steps in SIZES:
            (folder / f"{shape}-{steps}.yaml").write_text(spec(shape, steps), encoding="utf-8")
            base = seconds(libyaml_command(shape, steps), repeats=repeats_for(steps), folder=folder)
            cells = [f"{base.wall:.2f}"]
            for target in TARGETS:
                try:
                    taken = seconds(compile_command(shape, steps, target), repeats=repeats_for(steps), folder=folder)
                except RefusedError as refusal:
                    cells.append("refused")
                    notes.append(f"- {shape} of {steps} to {target}: `{refusal}`")
                else:
                    figures[target, shape, steps] = taken
                    cells.append(f"{taken.wall:.2f} ({taken.wall / base.wall:.1f})")
            print(f"| {shape} | {steps} | " + " | ".join(cells) + " |", flush=True)
    if notes:
        print("\nRefused, with the first line of the finding:\n\n" + "\n".join(notes))
    return figures


def goals(folder: Path, figures: dict[tuple[str, Shape, int], Time]) -> None:
    """Measure the peers and print each goal with the ratio that was measured."""
    print("\n## Goals\n\nRatios of wall-clock times, in brackets of processor times; the goals are of the former.\n")
    print("| what | measured | goal | reached |\n|---|---|---|---|")
    for shape in get_args(Shape):
        ours = seconds(compile_command(shape, 1000, "kubeflow"), repeats=5, folder=folder)
        peer = seconds(
            [PYTHON, str(HERE / "kfp_peer.py"), shape, "1000", "peer.yaml"], repeats=repeats_for(1000), folder=folder
        )
        row(f"kfp's compiler / mlspec, {shape} of 1000 steps", peer, ours, at_least=6)
    for shape in get_args(Shape):
        peer, ours = against_kedro(folder, shape)
        row(f"`kedro airflow create` / mlspec, {shape} of 1000 steps", peer, ours, at_least=1)
        for when, ours, peer in airflow_parses(folder, shape):
            row(f"Airflow's {when} parse of the DAG file / of one by hand, {shape} of 1000 tasks", ours, peer, at_most=1.2)
    for target in TARGETS:
        for shape in get_args(Shape):
            if (target, shape, 10_000) in figures:
                large, small = figures[target, shape, 10_000], figures[target, shape, 1000]
                row(f"10,000 steps / 1000 steps to {target}, {shape}", large, small, at_most=11)
    for shape in get_args(Shape):
        text = spec(shape, 1000)
        checked = inside(lambda text=text: api.check("mlspec.yaml", text=text))
        parsed = inside(lambda text=text: yaml.load(text, Loader=yaml.CSafeLoader))
        row(f"checking / parsing with libyaml inside one process, {shape} of 1000 steps", checked, parsed, at_most=6)
    imports = seconds([PYTHON, "-c", "import pydantic, yaml"], repeats=15, folder=folder)
    for what, text in (("a small spec", SMALL), ("one with a condition", SMALL + CONDITION)):
        (folder / "mlspec.yaml").write_text(text, encoding="utf-8")
        start = seconds([PYTHON, "-m", "mlspec", "validate"], repeats=15, folder=folder)
        row(f"`mlspec validate` of {what} / `import pydantic, yaml`", start, imports, at_most=2.5)
    name, slowest = slowest_hostile(folder)
    row(f"`mlspec validate` of the slowest hostile text ({name}) / of a small one", slowest, start, at_most=15)


def slowest_hostile(folder: Path) -> tuple[str, Time]:
    """Check each of the texts that ask for as much as a file can, once."""
    taken = {}
    for name, text in TEXTS.items():
        (folder / "mlspec.yaml").write_text(text(), encoding="utf-8")
        taken[name] = once([PYTHON, "-m", "mlspec", "validate"], folder, ends=(0, 1))
    return max(taken.items(), key=lambda item: item[1].cpu)


def inside_goals(folder: Path) -> None:
    print("\n## In one process\n\nImports aside, from the text of the spec to files on the disk.\n")
    print("| what | measured | goal | reached |\n|---|---|---|---|")
    for what, above, below, at_least, at_most in in_process.rows(folder):
        row(what, Time(*above), Time(*below), at_least=at_least, at_most=at_most)


def against_kedro(folder: Path, shape: Shape) -> tuple[Time, Time]:
    """Measure kedro and mlspec in turns: they are too near each other for anything else."""
    project(shape, 1000, folder / f"kedro-{shape}")
    ours, peer = [], []
    for _ in range(9):
        peer.append(once([str(KEDRO), "airflow", "create"], folder / f"kedro-{shape}"))
        ours.append(once(compile_command(shape, 1000, "airflow"), folder))
    return median(peer[1:]), median(ours[1:])


def airflow_parses(folder: Path, shape: Shape) -> list[tuple[str, Time, Time]]:
    """Measure Airflow's parse of the generated file against one written by hand, in processor time."""
    (generated,) = (folder / "out" / f"{shape}-1000").rglob("*.py")
    command = [PYTHON, str(HERE / "airflow_peer.py"), shape, "1000", str(generated)]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, env=environment(folder), check=True)
    first, first_peer, later, later_peer = (Time(float(line), float(line)) for line in done.stdout.splitlines()[-4:])
    return [("first", first, first_peer), ("later", later, later_peer)]


def main() -> None:
    print(f"Python {platform.python_version()}, {os.cpu_count()} cores, {platform.machine()}.")
    with tempfile.TemporaryDirectory(prefix="mlspec-bench-") as name:
        folder = Path(name)
        figures = growth(folder)
        goals(folder, figures)
        inside_goals(folder)
        local_runs.table(folder)


if __name__ == "__main__":
    main()
