"""Columns: values as models take them, without a change that nobody asked for.

In: Arrow and pandas columns. Out: pandas columns of plain numbers, booleans and text; arrays of exactly the type asked for.
Owns which conversions lose nothing and the errors about the others, each with its column and rows; never reads a file.
Change it when columns of another type may go into models.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any, TypeAlias

from mlspec.errors import StepError

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    import pyarrow as pa

    Values: TypeAlias = pd.Series[Any]

EXACT = 2**53
"""The whole numbers up to which a 64-bit float holds each."""
_ROWS = 3


def from_arrow(column: pa.ChunkedArray) -> Values:
    """Return an Arrow column as pandas does, but whole numbers beside gaps as such where a float would round them."""
    import pandas as pd
    import pyarrow as pa
    import pyarrow.compute as pc

    if pa.types.is_integer(column.type) and column.null_count:
        ends = pc.min_max(column).as_py()
        if ends["min"] is not None and max(abs(ends["min"]), abs(ends["max"])) > EXACT:
            exact = pd.UInt64Dtype() if column.type == pa.uint64() else pd.Int64Dtype()
            return pd.Series(column.to_pandas(types_mapper=lambda _: exact))
    return pd.Series(column.to_pandas())


def plain(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the table with each column as `plain_column` has it: estimators and ONNX read those alike."""
    import pandas as pd

    return pd.DataFrame({name: plain_column(frame[name]) for name in frame.columns}, index=frame.index, columns=frame.columns)


def plain_column(values: Values) -> Values:
    """Return a categorical column as its values, nullable and decimal numbers as floats, nullable text as objects.

    Raises `StepError` where a float would round a whole number.
    """
    import pandas as pd
    from pandas.api import types

    kind = values.dtype
    if isinstance(kind, pd.CategoricalDtype):
        gaps = bool(values.isna().any())
        values = values.astype(object if gaps else kind.categories.dtype)
        kind = values.dtype
    if isinstance(kind, pd.StringDtype):
        return values.astype(object).where(values.notna(), None)
    if types.is_extension_array_dtype(kind) and types.is_numeric_dtype(kind):
        if not values.isna().any():
            return values.astype(kind.numpy_dtype)
        if types.is_bool_dtype(kind):
            return values.astype(object).where(values.notna(), None)
        large = values.notna() & (values.abs() > EXACT)
        if large.any():
            raise StepError(
                f"the column {str(values.name)!r} has gaps and holds {values[large].iloc[0]} {rows(values, large)}, which no float "
                "holds exactly; keep it as text, or leave out the rows without a value"
            )
        return values.astype("float64")
    if types.is_object_dtype(kind) and any(isinstance(value, Decimal) for value in values):
        return values.map(lambda value: float(value) if isinstance(value, Decimal) else value).infer_objects()
    return values


def rows(values: Values, where: Any) -> str:
    """Say which rows are meant, counted from 1 below the header: `in row 7`, `in rows 1, 2, 3 and 148 more`.

    Their numbers are those of the table that was read, of which `values` may be a part.
    """
    import numpy as np

    places = [int(place) + 1 for place in values.index[np.asarray(where, dtype=bool)]]
    shown = ", ".join(map(str, places[:_ROWS]))
    more = f" and {len(places) - _ROWS} more" if len(places) > _ROWS else ""
    return f"in row{'s' if len(places) > 1 else ''} {shown}{more}"


def kind_of(values: Values) -> str:
    """Say what a column holds, as a message does."""
    from pandas.api import types

    if types.is_bool_dtype(values):
        return "true or false"
    if types.is_integer_dtype(values):
        return "whole numbers"
    if types.is_numeric_dtype(values):
        return "numbers"
    if types.is_datetime64_any_dtype(values):
        return "times"
    seen = {_NAMES.get(type(_item(value)), type(value).__name__) for value in values[values.notna()]}
    return " and ".join(sorted(seen)) if seen else "no values"


_NAMES = {
    str: "text",
    bool: "true or false",
    int: "whole numbers",
    float: "numbers",
    bytes: "bytes",
    dict: "mappings",
    list: "lists",
}


def example(values: Values, where: Any) -> str:
    """Quote the first of some values, and say in which rows they are."""
    import numpy as np

    text = repr(_item(values.iloc[int(np.flatnonzero(np.asarray(where, dtype=bool))[0])]))
    return f"{text if len(text) <= 60 else text[:57] + '…'} {rows(values, where)}"


def _item(value: Any) -> Any:
    """What a number or an array of numpy is in Python."""
    return value.tolist() if hasattr(value, "tolist") else value


def is_number(values: Values) -> np.ndarray[Any, Any]:
    """Tell which values are numbers or booleans; a gap among objects is none."""
    import numpy as np
    from pandas.api import types

    if types.is_numeric_dtype(values):
        return np.ones(len(values), dtype=bool)
    return np.array([isinstance(value, int | float | np.number | np.bool_) for value in values], dtype=bool)


def cast(values: Values, kind: str, who: str) -> np.ndarray[Any, Any]:
    """Return a plain column as an array of a numpy type; raises `StepError` when a value would not survive it.

    To a float of fewer bits numbers are rounded, as the format has it. `who` says what takes them (`the input 'X' of the model`).
    """
    import numpy as np
    import pandas as pd
    from pandas.api import types

    name = str(values.name)
    gaps = values.isna().to_numpy()
    if types.is_datetime64_any_dtype(values) or types.is_timedelta64_dtype(values):
        raise StepError(f"the column {name!r} holds times, and {who} takes {_TAKES[kind]}")
    if not types.is_numeric_dtype(values):
        other = ~is_number(values) & ~gaps
        if other.any():
            raise StepError(f"the column {name!r} holds {example(values, other)}, and {who} takes {_TAKES[kind]}")
        filled = [np.nan if gap else value for value, gap in zip(values, gaps, strict=True)]
        values = pd.Series(filled, index=values.index, name=name)
    if kind in ("float32", "float64"):
        with np.errstate(over="ignore"):
            made = np.asarray(values.to_numpy(dtype="float64").astype(kind))
        lost = np.isinf(made) & ~np.isinf(values.to_numpy(dtype="float64"))
        return _unless(lost, made, values, who, kind)
    if gaps.any():
        raise StepError(
            f"the column {name!r} has no value {rows(values, gaps)}, and {who} takes {_TAKES[kind]}, which have no gaps"
        )
    if types.is_object_dtype(values):  # whole numbers that no type of numpy holds
        wide = values.abs() >= 2**63
        return _unless(wide, values.where(~wide, 0).to_numpy().astype(kind), values, who, kind)
    exact = values.to_numpy()
    with np.errstate(invalid="ignore"):
        made = np.asarray(exact.astype(kind))
    return _unless(made != exact, made, values, who, kind)


def _unless(lost: Any, made: np.ndarray[Any, Any], values: Values, who: str, kind: str) -> np.ndarray[Any, Any]:
    if lost.any():
        raise StepError(f"the column {str(values.name)!r} holds {example(values, lost)}, and {who} takes {_TAKES[kind]}")
    return made


_TAKES = {
    "float32": "32-bit floats",
    "float64": "64-bit floats",
    "int64": "whole numbers (int64)",
    "int32": "whole numbers (int32)",
    "bool": "true or false",
    "object": "text",
}
