"""CSV text in: rows of text, and what the text of a column means.

In: the bytes of a CSV file, its schema. Out: Arrow tables of text; columns of them as numbers, booleans or text. Owns the rules by which
text becomes a number; never rounds, cuts or guesses a value: text that a number would not give back stays text, and numbers are those
that the digits say (pandas' own parser is off by one unit in the last place). pyarrow is imported when called.
Change it when CSV may be written in another way.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from mlspec.errors import StepError
from mlspec.library.schema import GAPS, ColumnType, Schema

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

_DIGITS, _EXPONENT, _ENDLESS = "(0|[1-9][0-9]*)", "([eE][+-]?[0-9]+)", "[+-]?(?i:inf|infinity)"
_WHOLE = f"^-?{_DIGITS}$"
_NUMBER = rf"^(-?{_DIGITS}|[+-]?({_DIGITS}\.[0-9]*{_EXPONENT}?|\.[0-9]+{_EXPONENT}?|{_DIGITS}{_EXPONENT})|{_ENDLESS})$"
"""Of `007` and `+49`, a number would lose the zeros and the sign."""
_ANY_WHOLE = "^[+-]?[0-9]+$"
_ANY_NUMBER = rf"^([+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+){_EXPONENT}?|{_ENDLESS})$"
_BOOLEAN = r"^(true|false|True|False|TRUE|FALSE)$"
_BLOCK = 1 << 26
"""Arrow's unit of parsing; a row must fit into one."""
_UTF8 = ("utf-8", "utf8", "utf-8-sig")


def read_rows(content: bytes, name: str, schema: Schema) -> pa.Table:
    """Return a CSV file as a table of text; raises `StepError` when it is none, with the line."""
    import pyarrow as pa
    from pyarrow import csv as arrow_csv

    text = _utf8(content, name, schema.encoding)
    header = _header(text, name, schema.delimiter)
    places = [f"f{place}" for place in range(len(header))]
    try:
        table = arrow_csv.read_csv(
            pa.py_buffer(text if text.endswith(b"\n") else text + b"\n"),  # to Arrow a lone line without an end is no line
            # One thread: its messages then say the number of the row.
            read_options=arrow_csv.ReadOptions(autogenerate_column_names=True, block_size=_BLOCK, use_threads=False),
            parse_options=arrow_csv.ParseOptions(delimiter=schema.delimiter, newlines_in_values=True),
            convert_options=arrow_csv.ConvertOptions(
                column_types=dict.fromkeys(places, pa.string()), strings_can_be_null=False
            ),
        )
    except pa.ArrowException as error:
        raise StepError(f"cannot read the dataset {name!r}: {error}{_other_delimiter(header)}") from error
    return table.slice(1).rename_columns(header)


def _utf8(content: bytes, name: str, encoding: str) -> bytes:
    """Return the text as UTF-8 without a mark of byte order."""
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        other = "" if encoding.lower() not in _UTF8 else "; declare the `encoding` that it has"
        raise StepError(
            f"cannot read the dataset {name!r}: line {line} is not {encoding} (byte 0x{content[error.start]:02x}){other}"
        ) from error
    return text.removeprefix("\ufeff").encode()


def _header(text: bytes, name: str, delimiter: str) -> list[str]:
    rows = csv.reader(io.TextIOWrapper(io.BytesIO(text), encoding="utf-8", newline=""), delimiter=delimiter)
    try:
        found = next((row for row in rows if row), None)
    except csv.Error as error:
        raise StepError(f"cannot read the dataset {name!r}: its first line: {error}") from error
    if found is None:
        raise StepError(f"cannot read the dataset {name!r}: it is empty, without even the names of columns")
    return [column or f"Unnamed: {place}" for place, column in enumerate(found)]  # as pandas calls what has no name


def _other_delimiter(header: list[str]) -> str:
    found = [mark for mark in (";", "\t", "|") if len(header) == 1 and mark in header[0]]
    return f"; its columns seem to be separated by {found[0]!r}: declare the `delimiter`" if found else ""


def typed(column: pa.ChunkedArray, name: str, schema: Schema, wanted: Mapping[str, ColumnType]) -> pd.Series[Any]:
    """Return a column of text as what it is declared to be, else what a model wants, else what it is seen to be; a value that does not
    fit stays text. Who wants numbers takes booleans, too: models are trained on them as on 0 and 1.
    """
    import pyarrow.compute as pc

    kind = schema.types.get(name, wanted.get(name))
    if kind in ("string", "datetime"):
        return _text(column, schema, ("",) if kind == "string" else GAPS)
    trimmed = pc.utf8_trim_whitespace(column)
    values = pc.if_else(_is_gap(trimmed, schema.missing, GAPS), None, trimmed)
    found = None
    if kind in (None, "boolean") or (kind == "number" and name not in schema.types):
        found = _boolean(values)
    if found is None and kind != "boolean":
        found = _number(values, schema.decimal, declared=kind is not None)
    if found is None or (kind == "integer" and found.dtype == "float64" and bool((found % 1 > 0).any())):
        return _text(column, schema, ("",)) if kind is None else _each(values, kind, schema.decimal)
    return found


def _each(values: pa.ChunkedArray, kind: ColumnType, decimal: str) -> pd.Series[Any]:
    """Return each value as what the column is declared to be, where it is that: whoever looks can name the others."""
    import pandas as pd

    read = _as_boolean if kind == "boolean" else partial(_as_number, whole=kind == "integer", decimal=decimal)
    return pd.Series([float("nan") if text is None else read(text) for text in values.to_pylist()], dtype=object)


def _as_boolean(text: str) -> bool | str:
    return text.lower() == "true" if re.match(_BOOLEAN, text) else text


def _as_number(text: str, *, whole: bool, decimal: str) -> float | str:
    digits = text if decimal == "." else text.replace(".", " ").replace(decimal, ".")
    if re.match(_ANY_WHOLE, digits):
        return int(digits)
    if not re.match(_ANY_NUMBER, digits):
        return text
    number = float(digits)
    return number if not whole else int(number) if number.is_integer() else text


def _is_gap(column: pa.ChunkedArray, missing: tuple[str, ...] | None, default: tuple[str, ...]) -> pa.ChunkedArray:
    import pyarrow as pa
    import pyarrow.compute as pc

    return pc.is_in(column, value_set=pa.array(default if missing is None else ("", *missing), pa.string()))


def _text(column: pa.ChunkedArray, schema: Schema, blank: tuple[str, ...]) -> pd.Series[Any]:
    import numpy as np
    import pandas as pd

    gaps = _is_gap(column, schema.missing, blank).to_numpy()
    values = column.to_pandas().to_numpy(dtype=object, copy=True)
    values[gaps.astype(bool)] = np.nan  # as pandas reads it
    return pd.Series(values, dtype=object)


def _boolean(values: pa.ChunkedArray) -> pd.Series[Any] | None:
    import pyarrow.compute as pc

    if not _all(values, _BOOLEAN):
        return None
    return pc.equal(pc.utf8_lower(values), "true").to_pandas()


def _number(values: pa.ChunkedArray, decimal: str, *, declared: bool) -> pd.Series[Any] | None:
    """Return the numbers that the texts are; None when one is none, or (unless it is declared) would lose a sign or a zero."""
    import pandas as pd
    import pyarrow as pa
    import pyarrow.compute as pc

    from mlspec.library.columns import from_arrow

    if values.null_count == len(values):
        return pd.Series([float("nan")] * len(values), dtype="float64")
    if decimal != ".":
        if pc.any(pc.match_substring(values, ".")).as_py():  # of thousands, perhaps
            return None
        values = pc.replace_substring(values, decimal, ".")
    if _all(values, _ANY_WHOLE if declared else _WHOLE):
        for kind in (pa.int64(), pa.uint64()):
            try:
                return from_arrow(pc.cast(pc.replace_substring_regex(values, r"^\+", ""), kind))
            except pa.ArrowInvalid:  # more digits than it holds
                continue
        return (
            pd.Series([None if text is None else int(text) for text in values.to_pylist()], dtype=object) if declared else None
        )
    if _all(values, _ANY_NUMBER if declared else _NUMBER):
        return pc.cast(values, pa.float64()).to_pandas()
    return None


def _all(values: pa.ChunkedArray, pattern: str) -> bool:
    import pyarrow.compute as pc

    return values.null_count < len(values) and bool(pc.all(pc.match_substring_regex(values, pattern)).as_py())


def frame_of(table: pa.Table, schema: Schema, wanted: Mapping[str, ColumnType]) -> pd.DataFrame:
    """Return a table of text with each column as the schema, else whoever asks, else the text itself says."""
    import pandas as pd

    return pd.DataFrame({
        name: typed(table.column(name), name, schema, wanted) for name in table.column_names
    })  # fmt: skip
