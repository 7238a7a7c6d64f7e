"""The columns of a dataset, as trackers show them.

In: a file, or a folder of files, on this machine. Out: names and types. Owns how many rows of a text are looked at and what their types
are called; never reads a whole dataset. Parquet needs pyarrow, and has no columns here without it. Standard library only otherwise.
Change it when datasets of another form have columns.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable
from contextlib import suppress
from itertools import islice
from pathlib import Path

from mlspec.tracking.facts import Columns

_ROWS = 200
_WIDEST = 2000
"""A wider table has no columns that anybody would look at in a tracker."""
_TYPES = {
    "int64": "long",
    "int32": "integer",
    "float": "float",
    "double": "double",
    "bool": "boolean",
    "large_string": "string",
}


def columns_of(path: Path) -> Columns:
    """Return the columns of a CSV or Parquet file, or of the first one in a folder; none where it is something else."""
    with suppress(Exception):  # a file of the user's: whatever is wrong with it, its step has ended well
        file = next((found for found in sorted(path.rglob("*")) if found.is_file()), path) if path.is_dir() else path
        with file.open("rb") as content:
            start = content.read(4)
        found = _of_parquet(file) if start == b"PAR1" else _of_csv(file)
        return found if len(found) <= _WIDEST else []
    return []


def _of_parquet(file: Path) -> Columns:
    from pyarrow import parquet

    return [(field.name, _TYPES.get(str(field.type), str(field.type))) for field in parquet.read_schema(file)]


def _of_csv(file: Path) -> Columns:
    """A text is a table where a comma or the like parts the same number of fields in all rows."""
    with file.open(encoding="utf-8-sig", newline="") as text:
        sample = [line for line in islice(text, _ROWS) if line.strip()]
    dialect = csv.Sniffer().sniff("".join(sample[:20]), delimiters=",;\t|")
    rows = list(csv.reader(sample, dialect))
    head, body = rows[0], [row for row in rows[1:] if len(row) == len(rows[0])]
    if len(head) < 2 or (len(rows) > 1 and not body) or len(set(head)) != len(head):
        return []
    return [(name, _type(row[index] for row in body)) for index, name in enumerate(head)]


def _type(texts: Iterable[str]) -> str:
    values = [text for text in texts if text.strip()]
    kinds: tuple[tuple[str, Callable[[str], float]], ...] = (("long", int), ("double", float))
    for name, convert in kinds:
        with suppress(ValueError):
            if values and all(convert(text) is not None for text in values):
                return name
    return "boolean" if values and {text.lower() for text in values} <= {"true", "false"} else "string"
