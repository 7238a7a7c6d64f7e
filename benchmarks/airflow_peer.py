"""Airflow's parse of a DAG file against one written by hand: `python airflow_peer.py SHAPE STEPS GENERATED`.

In: a shape, a number of steps and a generated file. Out: four medians in processor seconds, a line each: generated and by
hand, at first sight and then again. Owns the hand-written DAG; never imports mlspec. A parse is what Airflow's DagBag does
with a file: it imports the file, checks the DAG and applies policies. Airflow itself is imported before the clock starts.
"""

from __future__ import annotations

import gc
import logging
import shutil
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import cast

import airflow.providers.common.compat.sdk
import airflow.providers.standard.operators.bash  # noqa: F401  before the clock starts
from airflow.dag_processing.dagbag import DagBag
from specs import Shape, parent


def by_hand(shape: Shape, steps: int) -> str:
    """The same tasks and dependencies, each with the shell command of its step and nothing else."""
    store = "/srv/store/{{ run_id }}"
    lines = [
        "from airflow.providers.common.compat.sdk import DAG",
        "from airflow.providers.standard.operators.bash import BashOperator",
        "",
        f'with DAG(dag_id="{shape}_{steps}", schedule=None):',
    ]
    for number in range(steps):
        source = parent(shape, number)
        read = "" if source is None else f"cat {store}/s{source} > {store}/s{number}; "
        lines.append(f"    s{number} = BashOperator(")
        lines.append(f'        task_id="s{number}",')
        lines.append(f'        bash_command="{read}echo {number} >> {store}/s{number}",')
        lines.append("    )")
        if source is not None:
            lines.append(f"    s{source} >> s{number}")
    return "\n".join(lines) + "\n"


def parse(file: Path) -> float:
    """Return the seconds that Airflow takes for the file."""
    bag = DagBag(str(file), collect_dags=False)
    gc.collect()  # what earlier parses left; Airflow parses each file in a process of its own
    start = time.process_time()
    found = bag.process_file(str(file))
    taken = time.process_time() - start
    if len(found) != 1:
        raise SystemExit(f"{file}: {bag.import_errors}")
    return taken


def at_first_sight(file: Path) -> float:
    """A parse that compiles the file, and writes the bytecode beside it."""
    shutil.rmtree(file.parent / "__pycache__", ignore_errors=True)
    return parse(file)


def medians(files: list[Path], measure: Callable[[Path], float], repeats: int = 15) -> list[float]:
    """Return the median for each file, in turns, so that what else the machine does meets them alike."""
    taken = [[measure(file) for file in files] for _ in range(repeats)]
    return [statistics.median(column) for column in zip(*taken, strict=True)]


def main(shape: Shape, steps: int, generated: Path) -> None:
    logging.disable()
    sys.dont_write_bytecode = False
    with TemporaryDirectory() as name:
        files = [Path(name, "generated", "dag.py"), Path(name, "by_hand", "dag.py")]
        for file, text in zip(files, (generated.read_text(encoding="utf-8"), by_hand(shape, steps)), strict=True):
            file.parent.mkdir()
            file.write_text(text, encoding="utf-8")
            parse(file)
        for seconds in (*medians(files, at_first_sight), *medians(files, parse)):
            print(seconds)


if __name__ == "__main__":
    main(cast(Shape, sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3]))
