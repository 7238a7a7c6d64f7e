"""Airflow's parse of a DAG file against one written by hand: `python airflow_peer.py SHAPE STEPS GENERATED`.

In: a shape, a number of steps and a generated file. Out: two medians in seconds, a line each: generated, by hand.
Owns the hand-written DAG, which has the same tasks with the shortest command; never imports mlspec. Airflow is
imported before the clock starts, so that a parse is what a DAG processor pays for each file.
"""

from __future__ import annotations

import statistics
import sys
import time
from pathlib import Path
from typing import cast

import airflow.providers.common.compat.sdk
import airflow.providers.standard.operators.bash  # noqa: F401  before the clock starts
from specs import Shape, parent


def by_hand(shape: Shape, steps: int) -> str:
    lines = [
        "from airflow.providers.common.compat.sdk import DAG",
        "from airflow.providers.standard.operators.bash import BashOperator",
        f"with DAG(dag_id='{shape}_{steps}', schedule=None):",
    ]
    for number in range(steps):
        lines.append(f"    s{number} = BashOperator(task_id='s{number}', bash_command='echo {number}')")
        if number:
            lines.append(f"    s{parent(shape, number)} >> s{number}")
    return "\n".join(lines) + "\n"


def seconds(source: str, name: str, repeats: int = 5) -> float:
    """Return the median time of compiling and running the file."""
    taken = []
    for _ in range(repeats):
        start = time.perf_counter()
        exec(compile(source, name, "exec"), {"__name__": name, "__file__": name})
        taken.append(time.perf_counter() - start)
    return statistics.median(taken)


if __name__ == "__main__":
    generated = Path(sys.argv[3])
    print(seconds(generated.read_text(encoding="utf-8"), str(generated)))
    print(seconds(by_hand(cast(Shape, sys.argv[1]), int(sys.argv[2])), "by_hand.py"))
