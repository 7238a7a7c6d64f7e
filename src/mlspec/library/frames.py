"""Tables in and out: the one place that knows what file a `dataset` is.

In: a path without an extension (outputs have none). Out: pandas DataFrames, and the columns a step asks for.
Owns telling Parquet from CSV by content, and errors about columns; never changes a value. pandas is imported when called.
Change it when datasets may come in another format.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from mlspec.errors import StepError
from mlspec.library.model import suggestion

if TYPE_CHECKING:
    import pandas as pd

PARQUET = b"PAR1"
_HEAD = 4096


def read_table(path: Path, text_columns: Collection[str] = ()) -> pd.DataFrame:
    """Read a dataset: a Parquet or CSV file, or a folder of them, joined in the order of their relative paths.

    CSV is UTF-8 with a header line; its values are numbers where they look like numbers, but for `text_columns`. In a
    folder, names that begin with `_` or `.` are passed over. Raises `StepError` when there is no such thing.
    """
    import pandas as pd

    if not path.is_dir():
        return _read_file(path, text_columns)
    parts = [part for part in sorted(path.rglob("*")) if part.is_file() and part.name[0] not in "._"]
    if not parts:
        raise StepError(f"the dataset {path.name!r} is an empty folder")
    return pd.concat([_read_file(part, text_columns) for part in parts], ignore_index=True)


def _read_file(path: Path, text_columns: Collection[str]) -> pd.DataFrame:
    import pandas as pd
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with path.open("rb") as file:
            head = file.read(_HEAD)
    except OSError as error:
        raise StepError(f"cannot read the dataset {path.name!r}: {error.strerror}") from error
    try:
        if head.startswith(PARQUET):
            # Opened as one file: given a path, pyarrow would read `k=v` in the names of folders above as a column.
            with path.open("rb") as file:
                return pq.read_table(file).to_pandas()
        if b"\0" not in head:
            return pd.read_csv(path, dtype=dict.fromkeys(text_columns, str))
    except (pa.ArrowInvalid, ValueError) as error:  # pandas' parser errors are ValueErrors, wrong UTF-8 too
        raise StepError(f"cannot read the dataset {path.name!r}: {error}") from error
    raise StepError(f"the dataset {path.name!r} is neither Parquet nor CSV: it begins with {head[:8]!r}")


def need_columns(frame: pd.DataFrame, columns: Iterable[str], what: str) -> None:
    """Raise `StepError` when the table lacks columns; `what` says who asks for them (`the model`)."""
    present = [str(name) for name in frame.columns]
    missing = [name for name in columns if name not in present]
    if missing:
        raise StepError(f"the data lack {_listed(missing)}, which {what} needs; {suggestion(missing[0], present)}")


def _listed(names: list[str]) -> str:
    shown = ", ".join(repr(name) for name in names[:10])
    more = f" and {len(names) - 10} more" if len(names) > 10 else ""
    return f"the column{'s' if len(names) > 1 else ''} {shown}{more}"


def plain(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the table with categorical columns as columns of their values: estimators and ONNX read those alike."""
    import pandas as pd

    kinds = {name: kind.categories.dtype for name, kind in frame.dtypes.items() if isinstance(kind, pd.CategoricalDtype)}
    return frame.astype({name: (object if frame[name].isna().any() else kind) for name, kind in kinds.items()})
