"""Columns as a contract looks at them: of any type that a table can hold, nested ones included.

In: pandas columns. Out: what of them is of a type, values that compare and repeat as those of the file do, their ends. Owns what counts as
a number, a whole number or a date; never changes a table. pandas is imported when called.
Change it when contracts have another type of column.
"""

from __future__ import annotations

import re
import sys
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, TypeAlias

from mlspec.errors import StepError

if TYPE_CHECKING:
    import pandas as pd

    from mlspec.library.schema import ColumnType

    Values: TypeAlias = pd.Series[Any]

_DATE = re.compile(r"\d{4}-\d\d-\d\d")
_NONE = "–"


def typed_as(present: Values, kind: ColumnType) -> tuple[Values, Values]:
    """Return the values to compare with, and those that are not of the type."""
    import pandas as pd
    from pandas.api import types

    if isinstance(present.dtype, pd.CategoricalDtype):
        present = present.astype(present.cat.categories.dtype)
    if kind == "datetime":
        return _moments(present)
    if types.is_object_dtype(present):  # of any values: look at each
        right = present.map(lambda value: _is_a(value, kind)).astype(bool)
        return present, present[~right]
    fits = {
        "string": types.is_string_dtype(present),
        "boolean": types.is_bool_dtype(present),
        "integer": types.is_integer_dtype(present),
        "number": types.is_numeric_dtype(present) and not types.is_bool_dtype(present),
    }[kind]
    if not fits and kind == "integer" and types.is_float_dtype(present):  # pandas keeps integers with gaps as floats
        return present, present[present % 1 != 0]
    return present, present[:0] if fits else present


def _is_a(value: Any, kind: ColumnType) -> bool:
    """Decimals are numbers: what warehouses write for money."""
    match kind:
        case "string":
            return isinstance(value, str)
        case "boolean":
            return isinstance(value, bool)
        case "integer":
            whole = isinstance(value, Decimal) and value.is_finite() and value == value.to_integral_value()
            return whole or (isinstance(value, int) and not isinstance(value, bool))
        case _:
            return isinstance(value, int | float | Decimal) and not isinstance(value, bool)


def _moments(present: Values) -> tuple[Values, Values]:
    import pandas as pd
    from pandas.api import types

    if types.is_datetime64_any_dtype(present):
        return (present if present.dt.tz is not None else present.dt.tz_localize("UTC")), present[:0]
    texts = present.map(str)
    moments = pd.to_datetime(texts, format="ISO8601", errors="coerce", utc=True)
    # Nanoseconds end in the year 2262; `9999-12-31` is what many tables say for a date without end.
    late = {place: moment for place, text in texts[moments.isna()].items() if (moment := _moment(text)) is not None}
    if late:
        moments = moments.astype("datetime64[us, UTC]")
        moments.loc[list(late)] = pd.Series(late, dtype="datetime64[us, UTC]")
    return moments, present[moments.isna()]


def _moment(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text) if _DATE.match(text) else None
    except ValueError:
        return None
    return moment if moment is None or moment.tzinfo is not None else moment.replace(tzinfo=UTC)


def bound(limit: Any, typed: Values) -> Any:
    """Return a bound of a contract as what a column is compared with: of decimals the one that is written, of short floats the nearest."""
    import pandas as pd
    from pandas.api import types

    if isinstance(limit, int | float) and not isinstance(limit, bool):
        if types.is_object_dtype(typed) and any(isinstance(value, Decimal) for value in typed):
            return Decimal(repr(limit))
        return typed.dtype.type(limit) if types.is_float_dtype(typed) else limit
    if not isinstance(limit, str):
        return limit
    try:
        moment = pd.Timestamp(_moment(limit) or limit)
    except ValueError as error:
        raise StepError(f"the bound {limit!r} of the column {typed.name!r} is no ISO 8601 date or time") from error
    return moment if moment.tzinfo is not None else moment.tz_localize("UTC")


def comparable(values: Values) -> Values:
    """Return values that repeat where those of the column do: of lists and mappings, their text."""
    import numpy as np
    from pandas.api import types

    if not types.is_object_dtype(values) or all(type(value).__hash__ is not None for value in values):
        return values
    with np.printoptions(threshold=sys.maxsize, floatmode="unique"):  # in full, or long lists would look alike
        return values.map(lambda value: value if isinstance(value, str) else repr(value))


def ends(present: Values) -> tuple[str, str]:
    """Return the lowest and the highest value as text; a dash where values have no order."""
    import pandas as pd

    if isinstance(present.dtype, pd.CategoricalDtype):
        present = present.astype(present.cat.categories.dtype)
    try:
        return (_NONE, _NONE) if present.empty else (str(present.min()), str(present.max()))
    except (TypeError, ValueError):  # values of several types, lists
        return _NONE, _NONE
