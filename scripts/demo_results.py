"""Says where the example's last run left what it made, and what to type next.

In: the step records below `.mlspec/store` in the current folder. Out: text on standard output.
Owns the closing words of `make demo`; never runs anything.
Change it when the example makes something else.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

STORE = Path(".mlspec/store/employment")
MADE = (
    ("model", "train", "model"),
    ("metrics", "evaluate", "metrics"),
    ("fairness table", "fairness", "table"),
    ("ONNX file", "onnx", "model"),
)
NEXT = """\
Next, after `cd examples/employment && source ../../.venv-demo/bin/activate`:
  less mlspec.yaml                    the one file that people write
  ls pipelines/*                      what it compiles to, and what a reviewer reads
  mlspec run -p max_unfairness=0.03   stops at the gate
  mlspec compile -t airflow --check   fails once a pipeline no longer fits its spec: for CI
"""


def record(run: Path, step: str) -> dict[str, Any]:
    """Return the record of a step of a run."""
    found: dict[str, Any] = json.loads((run / step / "_record.json").read_text(encoding="utf-8"))
    return found


def values(run: Path, step: str, output: str) -> dict[str, Any]:
    """Return what is in a `metrics` or `values` output."""
    found: dict[str, Any] = json.loads(Path(record(run, step)["outputs"][output]["uri"]).read_text(encoding="utf-8"))
    return found


def rows(run: Path) -> list[tuple[str, str]]:
    """Return what the run made: its name and where it is."""
    made = [(name, str(record(run, step)["outputs"][output]["uri"])) for name, step, output in MADE]
    auc = values(run, "evaluate", "metrics")["auc"]
    gap = values(run, "fairness", "metrics")["equalized_odds_difference"]
    entry = values(run, "register", "values")
    return [
        *made,
        ("registry entry", f"{entry['uri']} ({entry['alias']}) of the MLflow registry in .mlspec/mlflow.db"),
        ("in short", f"AUC {auc:.3f}; the error rates of women and men lie {gap:.3f} apart"),
    ]


def main() -> None:
    """Print the closing words."""
    run = max(STORE.glob("*/register/_record.json"), key=lambda path: path.stat().st_mtime).parents[1]
    print("\nWhat it made, in examples/employment:")
    for name, place in rows(run):
        print(f"  {name:<15} {place}")
    print(f"\n{NEXT}", end="")


if __name__ == "__main__":
    main()
