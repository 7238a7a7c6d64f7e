"""Fits a straight line to a table by least squares: python -m project_name.fit --table FILE --model FILE."""

import argparse
import json
from pathlib import Path

from project_name.steps import points


def main() -> None:
    """Read the table and write the line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--table", type=Path, required=True)
    parser.add_argument("--model", type=Path, required=True)
    given = parser.parse_args()
    rows = points(given.table)
    mean_x = sum(x for x, _ in rows) / len(rows)
    mean_y = sum(y for _, y in rows) / len(rows)
    slope = sum((x - mean_x) * (y - mean_y) for x, y in rows) / sum((x - mean_x) ** 2 for x, _ in rows)
    line = {"slope": slope, "intercept": mean_y - slope * mean_x}
    given.model.write_text(json.dumps(line), encoding="utf-8")


if __name__ == "__main__":
    main()
