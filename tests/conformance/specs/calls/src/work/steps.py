import csv
import json
from pathlib import Path


def make(table: Path, seed: int, names: list[str], deep: dict[str, None], text: str) -> None:
    assert (type(seed), names, deep, text) == (int, ["a", "b"], {"x": None}, "7")
    with table.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["name", "value"])
        writer.writerows((names[row % 2], seed * row) for row in range(10))


def measure(table: Path) -> dict[str, object]:
    rows = list(csv.DictReader(table.open()))
    return {
        "metrics": {"rows": len(rows), "total": float(sum(int(row["value"]) for row in rows))},
        "values": {"names": sorted({row["name"] for row in rows}), "json": json.dumps({"é": 1})},
    }
