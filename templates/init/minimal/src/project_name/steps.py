"""Where the rows come from, and how good the model is."""

import csv
import json
import random
from pathlib import Path


def make(table: Path, rows: int, seed: int) -> None:
    """Write points around the line y = 3 x + 2."""
    draw = random.Random(seed)
    with table.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["x", "y"])
        for _ in range(rows):
            x = draw.uniform(0, 10)
            writer.writerow([x, 3 * x + 2 + draw.gauss(0, 1)])


def measure(table: Path, model: Path) -> dict[str, float]:
    """Return how far off the line is; what a step returns becomes its metrics."""
    line = json.loads(model.read_text(encoding="utf-8"))
    errors = [abs(y - (line["slope"] * x + line["intercept"])) for x, y in points(table)]
    return {"mean_absolute_error": sum(errors) / len(errors), "rows": len(errors)}


def points(table: Path) -> list[tuple[float, float]]:
    """Read the table."""
    with table.open(newline="", encoding="utf-8") as file:
        return [(float(row["x"]), float(row["y"])) for row in csv.DictReader(file)]
