"""The schema of a dataset: how its text is to be read, and what its columns are.

In: what a spec, a contract or a step's `with` says. Out: `Schema`, or what is wrong with what they say. Owns what may be said about a
dataset that its file does not say itself; never reads one. Standard library only. Change it when more can be said of a CSV file.
"""

from __future__ import annotations

import codecs
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal, TypeAlias, get_args

from mlspec.diagnostics.nearest import nearest

ColumnType: TypeAlias = Literal["string", "integer", "number", "boolean", "datetime"]
COLUMN_TYPES: tuple[ColumnType, ...] = get_args(ColumnType)
FORMAT = ("delimiter", "encoding", "decimal", "missing", "columns")
"""The keys of a format."""


@dataclass(frozen=True, slots=True)
class Schema:
    """What is declared of a dataset; Parquet files say most of it themselves."""

    types: Mapping[str, ColumnType] = field(default_factory=dict)
    missing: tuple[str, ...] | None = None
    """The texts that mean no value, beside the empty one; None: `GAPS` in columns of numbers, no other in those of text."""
    delimiter: str = ","
    decimal: str = "."
    encoding: str = "utf-8"
    named: tuple[str, ...] = ()
    """The columns that a format names: a contract may name some that need not be there."""


UNDECLARED = Schema()
GAPS = (
    *("", "#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND", "1.#QNAN", "<NA>"),
    *("N/A", "NA", "NULL", "NaN", "None", "n/a", "nan", "null"),
)
"""What pandas reads as no value; here only beside numbers and booleans: in a column of text, `NA` may be Namibia."""


def format_problem(declared: Mapping[str, Any]) -> tuple[str, str] | None:
    """Return what is wrong with a format: the key, and the end of a sentence about it."""
    for key, value in declared.items():
        fault = _problem(str(key), value)
        if fault is not None:
            return str(key), fault
    if declared.get("decimal", ".") == declared.get("delimiter", ","):
        return "decimal", f"is the delimiter, too: {declared.get('decimal', '.')!r}"
    return None


def _problem(key: str, value: Any) -> str | None:
    match key:
        case "delimiter":
            single = isinstance(value, str) and len(value) == 1 and ord(value) < 128 and value not in '"\r\n\0'
            return None if single else f"is one ASCII character, not {value!r}"
        case "decimal":
            return None if value in (".", ",") else f"is '.' or ',', not {value!r}"
        case "encoding":
            return (
                None
                if isinstance(value, str) and _is_encoding(value)
                else f"is no encoding of text that Python knows: {value!r}"
            )
        case "missing":
            texts = isinstance(value, list | tuple) and all(isinstance(text, str) for text in value)
            return None if texts else f"is a list of texts (quote numbers), not {value!r}"
        case "columns":
            if not isinstance(value, Mapping):
                return f"is a mapping of names to types, not {value!r}"
            wrong = next(((name, kind) for name, kind in value.items() if kind not in COLUMN_TYPES), None)
            return None if wrong is None else f"says {wrong[1]!r} of {wrong[0]!r}, which is none of {', '.join(COLUMN_TYPES)}"
        case _:
            near = nearest(key, FORMAT)
            return f"is no key of a format; {f'did you mean {near!r}?' if near else 'there are ' + ', '.join(FORMAT)}"


def _is_encoding(name: str) -> bool:
    try:
        "".encode(name)
        codecs.lookup(name)
    except (LookupError, ValueError):  # ValueError: a name with a NUL in it
        return False
    return True


def schema_of(options: Mapping[str, Any]) -> Schema:
    """Return what the options `contract` and `format` of a step say of the dataset it reads; the format wins.

    Raises `StepError` when the contract cannot be used.
    """
    schema = UNDECLARED
    if options.get("contract"):
        from mlspec.library.contract import read_contract

        schema = read_contract(Path(options["contract"])).schema
    return formatted(schema, options.get("format") or {})


def formatted(schema: Schema, declared: Mapping[str, Any]) -> Schema:
    """Return a schema with what a format, which has no problem, says."""
    said = {key: declared[key] for key in ("delimiter", "encoding", "decimal") if key in declared}
    if "missing" in declared:
        said["missing"] = tuple(declared["missing"])
    columns = declared.get("columns", {})
    return replace(schema, **said, types={**schema.types, **columns}, named=(*schema.named, *columns))
