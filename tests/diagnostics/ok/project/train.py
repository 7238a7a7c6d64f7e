"""What the `call:` steps of the documents beside this folder name. Never imported."""

from pathlib import Path


def main(table: Path, model: Path, depth: int = 4) -> dict[str, float]:
    return {"auc": 0.8}


def anything(**given: object) -> None: ...


def measured(values: Path, metrics: list[str]) -> dict[str, dict[str, float]]:
    return {"metrics": dict.fromkeys(metrics, 1.0), "values": {"rows": 2}}
