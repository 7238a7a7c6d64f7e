"""Groups of rows by the values of a column, and names for them that can stand in metrics.

In: a column. Out: the text of each row's group; a label for each column and group. Owns that equal values are one group whatever
type holds them, and that labels differ where groups do; never counts anything. Change it when groups should be called otherwise.
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

MISSING = "missing"


def groups_of(column: pd.Series[Any]) -> pd.Series[Any]:
    """Return the column as text; rows without a value are a group of their own, `missing`.

    1, 1.0, True as a number and "1" are not told apart by their type: gaps make floats of integers, and CSV keeps no types.
    """
    import pandas as pd

    known: dict[tuple[type, Any], str] = {}
    texts = [_known(value, known) if there else "" for value, there in zip(_values(column), column.notna(), strict=True)]
    missing = MISSING
    while missing in set(texts):
        missing = f"({missing})"
    found = [text if there else missing for text, there in zip(texts, column.notna(), strict=True)]
    return pd.Series(found, index=column.index, name=column.name, dtype=object)


def group_text(value: Any) -> str:
    """A value as the name of its group: without what its type adds to it."""
    import datetime
    import decimal
    import numbers

    import numpy as np

    if isinstance(value, str):
        return unicodedata.normalize("NFC", value)
    if isinstance(value, bytes):
        return unicodedata.normalize("NFC", value.decode("utf-8", "backslashreplace"))
    if isinstance(value, bool | np.bool_):
        return str(bool(value))
    if isinstance(value, decimal.Decimal) and value.is_finite():
        return _without_zeros(format(value, "f"))
    if isinstance(value, float | np.floating) and np.isfinite(value):
        return _without_zeros(np.format_float_positional(value, trim="-"))
    if isinstance(value, numbers.Integral | np.integer):
        return str(int(value))
    if isinstance(value, datetime.datetime):
        midnight = value.time() == datetime.time() and value.tzinfo is None
        return value.date().isoformat() if midnight else value.isoformat(sep=" ")
    return unicodedata.normalize("NFC", str(value))


def labels_of(groups: Iterable[tuple[str, str]]) -> dict[tuple[str, str], str]:
    """Return `SEX_1` for the column SEX and the group 1: letters and digits of any alphabet and `_`, each only once.

    Of several that would be alike (`a b`, `a-b`) those that lost something get a mark that is made from their own text, so that
    no name depends on the order or the number of others.
    """
    pairs = list(groups)
    likenesses = {pair: _word(f"{pair[0]}_{pair[1]}") for pair in pairs}
    count = Counter(likenesses.values())
    exact = Counter(like for pair, like in likenesses.items() if like == f"{pair[0]}_{pair[1]}")
    labels = {}
    for pair, like in likenesses.items():
        own = count[like] == 1 or (exact[like] == 1 and like == f"{pair[0]}_{pair[1]}")
        labels[pair] = like if own else f"{like}_{_mark(pair)}"
    return labels


def _values(column: pd.Series[Any]) -> Iterator[Any]:
    """The values, floats in their own precision: as a double the nearest single to 0.1 has many more digits."""
    import numpy as np

    kind = column.dtype if isinstance(column.dtype, np.dtype) else getattr(column.dtype, "numpy_dtype", None)
    if isinstance(kind, np.dtype) and kind.kind == "f":
        return iter(column.to_numpy(dtype=kind, na_value=np.nan))
    return iter(column.astype(object))


def _known(value: Any, known: dict[tuple[type, Any], str]) -> str:
    try:
        key = (type(value), value)
        if key not in known:
            known[key] = group_text(value)
        return known[key]
    except TypeError:  # a list or a mapping
        return group_text(value)


def _without_zeros(text: str) -> str:
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text in ("-0", "") else text


def _word(text: str) -> str:
    """Letters, digits and marks of any alphabet stay; so `isidentifier` holds where the column's name begins with a letter."""
    return "".join(one if one.isalnum() or one == "_" or unicodedata.category(one)[0] == "M" else "_" for one in text)


def _mark(pair: tuple[str, str]) -> str:
    from hashlib import sha256

    return sha256("\0".join(pair).encode("utf-8", "surrogatepass")).hexdigest()[:6]
