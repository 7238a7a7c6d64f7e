"""Tables in: the one place that knows what file a `dataset` is.

In: a path without an extension (outputs have none), what is declared of it, and what types a reader asks for. Out: pandas DataFrames or
Arrow tables. Owns telling Parquet from CSV by content, folders and their partitions, and errors about columns; never
changes a value. pandas is imported when called. Change it when datasets may come in another format.
"""

from __future__ import annotations

import gzip
import re
import zlib
from collections.abc import Iterable, Mapping
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, TypeAlias
from urllib.parse import unquote

from mlspec.errors import StepError
from mlspec.library.columns import from_arrow
from mlspec.library.model import suggestion
from mlspec.library.schema import UNDECLARED, ColumnType, Schema

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

PARQUET = b"PAR1"
_GZIP = b"\x1f\x8b"
_HEAD = 4096
_OTHER = {
    b"PK\x03\x04": "a zip or Excel file",
    b"\xd0\xcf\x11\xe0": "an old Excel file",
    b"BZh": "compressed by bzip2 (gzip is read)",
    b"\xfd7zXZ": "compressed by xz (gzip is read)",
    b"\x28\xb5\x2f\xfd": "compressed by zstd (gzip is read)",
    b"\xff\xfe": "UTF-16: declare its `encoding`",
    b"\xfe\xff": "UTF-16: declare its `encoding`",
    b"\x80": "a pickle",
    b"ARROW1": "an Arrow or Feather file",
    b"ORC": "an ORC file",
    b"Obj\x01": "an Avro file",
    b"\x89HDF": "an HDF5 file",
    b"SQLite": "an SQLite database",
    b"%PDF": "a PDF",
}
_MARKUP = {b"{": "JSON", b"[": "JSON", b"<": "HTML or XML"}
_INDEX = re.compile(r"__index_level_\d+__")
_NULL_PARTITION = "__HIVE_DEFAULT_PARTITION__"


def read_table(
    path: Path, schema: Schema = UNDECLARED, wanted: Mapping[str, ColumnType] | None = None, *, lenient: bool = False
) -> pd.DataFrame:
    """Read a dataset: a Parquet or CSV file (as it is or by gzip), or a folder of them, joined in the order of their relative paths.

    The text of CSV is what `schema` says, else what the reader wants, else what it looks like. In a folder, names that begin with
    `_` or `.` are passed over, and folders named `k=v` are values of a column `k`. Raises `StepError` when there is no such thing, and
    (unless `lenient`) when a column is not what is declared.
    """
    frame = _frame(*_parts(path, schema), path.name, schema, wanted or {})
    if not lenient:
        _check_declared(frame, schema)
    return frame


def _check_declared(frame: pd.DataFrame, schema: Schema) -> None:
    from mlspec.library.checked import typed_as
    from mlspec.library.columns import example

    need_columns(frame, schema.named, "its `format`")
    for name, kind in schema.types.items():
        if name not in frame.columns or kind == "string":  # as which anything can be read
            continue
        present = frame[name].dropna()
        _, others = typed_as(present, kind)
        if len(others):
            seen = example(present, present.index.isin(others.index))
            raise StepError(f"the column {name!r} is declared {kind}, and holds {seen}")


def read_arrow(path: Path, schema: Schema = UNDECLARED) -> pa.Table:
    """Read a dataset as above, into Arrow: columns of Parquet stay what they are stored as (decimals, whole numbers beside gaps)."""
    import pyarrow as pa

    tables, places = _parts(path, schema)
    frame = _frame(tables, places, path.name, schema, {})
    if tables[0][1]:
        return pa.Table.from_pandas(frame, preserve_index=False).replace_schema_metadata(None)
    table = _joined(tables, path.name)
    for name in frame.columns:
        if name not in table.column_names:  # of the names of folders
            table = table.append_column(name, pa.Array.from_pandas(frame[name]))
    return table.replace_schema_metadata(None)


_Parts: TypeAlias = "tuple[list[tuple[pa.Table, bool]], list[dict[str, str | None]]]"


def _parts(path: Path, schema: Schema) -> _Parts:
    """The files of a dataset: of each its table, whether all of that is still text, and the values that its folder says."""
    name = path.name
    if not path.is_dir():
        return [_read_file(path, name, schema)], [{}]
    files = [part for part in sorted(path.rglob("*")) if part.is_file() and not _hidden(part.relative_to(path))]
    if not files:
        raise StepError(f"the dataset {name!r} is an empty folder")
    tables = [_read_file(part, f"{name}/{part.relative_to(path).as_posix()}", schema) for part in files]
    return tables, [_partition(part.relative_to(path)) for part in files]


def _hidden(part: Path) -> bool:
    return any(piece[0] in "._" and "=" not in piece for piece in part.parts)


def _partition(part: Path) -> dict[str, str | None]:
    """`year=2024/region=a%20b/x` is the year 2024 and the region `a b`, as Hive, Spark and Arrow write them."""
    pairs = (piece.partition("=") for piece in PurePosixPath(part.parent).parts if "=" in piece)
    return {unquote(key): None if value == _NULL_PARTITION else unquote(value) for key, _, value in pairs}


def _read_file(path: Path, name: str, schema: Schema) -> tuple[pa.Table, bool]:
    """Return a file as an Arrow table, and whether all of it is still text."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    from mlspec.library.csvtext import read_rows

    try:
        with path.open("rb") as file:
            if not file.read(len(PARQUET)).startswith(PARQUET):
                content = _content(path)
                if not content.startswith(PARQUET):
                    _check_text(content, name, schema)
                    return _checked(read_rows(content, name, schema), name), True
                return _checked(pq.ParquetFile(pa.BufferReader(content)).read(), name), False
            file.seek(0)
            return _checked(pq.ParquetFile(file).read(), name), False
    except (pa.ArrowException, OSError, EOFError, zlib.error) as error:
        reason = (error.strerror if isinstance(error, OSError) else None) or str(error)
        raise StepError(f"cannot read the dataset {name!r}: {reason}") from error


def _content(path: Path) -> bytes:
    content = path.read_bytes()
    return gzip.decompress(content) if content.startswith(_GZIP) else content


def _check_text(content: bytes, name: str, schema: Schema) -> None:
    head = content[:_HEAD]
    wide = schema.encoding.lower().startswith(("utf-16", "utf-32", "utf16", "utf32"))
    known = next((what for mark, what in _OTHER.items() if head.startswith(mark)), None)
    if known is not None and not (wide and "UTF-16" in known):
        raise StepError(f"the dataset {name!r} is neither Parquet nor CSV, but {known}")
    if b"\0" in head and not wide:
        raise StepError(f"the dataset {name!r} is neither Parquet nor CSV: it begins with {head[:8]!r}")
    markup = _MARKUP.get(head.removeprefix(b"\xef\xbb\xbf").lstrip()[:1])
    if markup:
        raise StepError(f"the dataset {name!r} is neither Parquet nor CSV: it looks like {markup}")


def _checked(table: pa.Table, name: str) -> pa.Table:
    """Refuse two columns of one name: which of them a step would read, nobody said."""
    seen: set[str] = set()
    for column in table.column_names:
        if column in seen:
            raise StepError(f"the dataset {name!r} has two columns named {column!r}")
        seen.add(column)
    return table.drop_columns([column for column in table.column_names if _INDEX.fullmatch(column)])


def _frame(
    tables: list[tuple[pa.Table, bool]],
    places: list[dict[str, str | None]],
    name: str,
    schema: Schema,
    wanted: Mapping[str, ColumnType],
) -> pd.DataFrame:
    """Join the parts, whose text is read as one: a column is no number in one of them and text in the next."""
    import pandas as pd
    import pyarrow as pa

    from mlspec.library.csvtext import frame_of, typed

    joined = _joined(tables, name)
    columns: dict[str, Any]
    if tables[0][1]:
        columns = dict(frame_of(joined, schema, wanted).items())
    else:
        columns = {column: _values(joined, column, name) for column in joined.column_names}
    for key in dict.fromkeys(key for place in places for key in place):
        if key not in columns:
            texts = [[place.get(key)] * len(table) for (table, _), place in zip(tables, places, strict=True)]
            values = pa.chunked_array([pa.array(part, pa.string()) for part in texts])
            columns[key] = typed(values, key, schema, wanted)
    return pd.DataFrame(columns, index=range(len(joined)))


def _joined(tables: list[tuple[pa.Table, bool]], name: str) -> pa.Table:
    import pyarrow as pa

    if len({text for _, text in tables}) > 1:
        raise StepError(f"the dataset {name!r} has files of Parquet and of CSV in it")
    try:
        return pa.concat_tables([_decoded(table, len(tables)) for table, _ in tables], promote_options="permissive")
    except pa.ArrowException as error:
        raise StepError(f"the files of the dataset {name!r} do not go together: {error}") from error


def _values(table: pa.Table, column: str, name: str) -> Any:
    try:
        return from_arrow(table.column(column))
    except Exception as error:  # pyarrow raises many kinds: of bytes that are no text, say
        kind = table.schema.field(column).type
        raise StepError(f"cannot read the column {column!r} of the dataset {name!r}, {kind}: {error}") from error


def _decoded(table: pa.Table, parts: int) -> pa.Table:
    """Return a part with its categories as values: each part numbers its own."""
    import pyarrow as pa

    coded = [field for field in table.schema if parts > 1 and pa.types.is_dictionary(field.type)]
    for field in coded:
        place = table.schema.get_field_index(field.name)
        table = table.set_column(place, field.name, table.column(place).cast(field.type.value_type))
    return table


def need_columns(frame: pd.DataFrame, columns: Iterable[str], what: str) -> None:
    """Raise `StepError` when the table lacks columns; `what` says who asks for them (`the model`)."""
    present = [str(name) for name in frame.columns]
    missing = [name for name in columns if name not in present]
    if missing:
        raise StepError(f"the data lack {_listed(missing)}, which {what} needs; {_instead(missing[0], present)}")


def _instead(name: str, present: list[str]) -> str:
    for mark in (";", "\t", "|"):
        if len(present) == 1 and mark in present[0]:
            return f"there is {present[0]!r} only: declare the `delimiter` {mark!r} of the dataset"
    return suggestion(name, present)


def _listed(names: list[str]) -> str:
    shown = ", ".join(repr(name) for name in names[:10])
    more = f" and {len(names) - 10} more" if len(names) > 10 else ""
    return f"the column{'s' if len(names) > 1 else ''} {shown}{more}"
