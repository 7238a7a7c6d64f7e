"""`notes/summarise`: what is in a CSV file, in a few figures.

In: a dataset that is one CSV file with a header. Out: metrics. Owns which figures describe a table; never judges them (that is a
gate's). Standard library only. Change it when another figure is wanted.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from mlspec.errors import StepError
from mlspec.library.model import LibraryStep, Option, Outputs, Paths, Port, path_of


def _run(inputs: Paths, outputs: Outputs, with_: Mapping[str, Any]) -> dict[str, float]:
    with path_of(inputs, "data").open(encoding="utf-8", newline="") as file:
        table = csv.DictReader(file, delimiter=with_["delimiter"])
        rows = list(table)
        names = table.fieldnames
    if not names:
        raise StepError("the data have no header line")
    cells = {name: [row[name] for row in rows if row[name]] for name in names}
    figures: dict[str, float] = {"rows": len(rows), "columns": len(names)}
    figures["missing"] = len(rows) * len(names) - sum(map(len, cells.values()))
    for name, texts in cells.items():
        with suppress(ValueError):  # not a column of numbers
            if texts:
                figures[f"mean__{name}"] = math.fsum(map(float, texts)) / len(texts)
    return figures


STEP = LibraryStep(
    name="notes/summarise",
    summary="Counts the rows, columns and missing cells of a CSV file, and takes the mean of each column of numbers",
    stage="data",
    inputs={"data": Port("dataset", "One CSV file with a header line")},
    outputs={
        "metrics": Port("metrics", "rows, columns, missing, mean__<column>", fields=("rows", "columns", "missing", "mean__*"))
    },
    options={"delimiter": Option("string", "What parts the cells of a line", default=",")},
    function=_run,
)
