"""Kubernetes quantities: `2`, `500m`, `4Gi`.

In: the text of a quantity. Out: its amount as an exact number, or as plain digits. Owns the grammar, which the language and every
target share: Kubernetes' own without signs, exponents, `n` and `u`. Never knows what is counted; standard library only.
Change it when specs may write quantities in another form.
"""

from __future__ import annotations

import re
from decimal import Context, Decimal

_UNITS = {
    "": Decimal(1),
    "m": Decimal("0.001"),
    **{unit: Decimal(1000) ** power for power, unit in enumerate(("k", "M", "G", "T", "P", "E"), 1)},
    **{unit: Decimal(1024) ** power for power, unit in enumerate(("Ki", "Mi", "Gi", "Ti", "Pi", "Ei"), 1)},
}
"""What each suffix multiplies by."""

PATTERN = r"\d+(\.\d+)?(m|k|Ki|M|Mi|G|Gi|T|Ti|P|Pi|E|Ei)?"
"""The whole of a quantity, in words that the regular expressions of Python and of JSON Schema share."""

_QUANTITY = re.compile(PATTERN, re.ASCII)


def amount(quantity: str) -> Decimal:
    """What a quantity comes to: 0.5 of `500m`, 4294967296 of `4Gi`. Raises `ValueError` for what is none."""
    match = _QUANTITY.fullmatch(quantity)
    if match is None:
        raise ValueError(f"{quantity!r} is no Kubernetes quantity")
    unit = match[2] or ""
    exact = Context(prec=len(quantity) + 25)
    return exact.multiply(Decimal(quantity.removesuffix(unit)), _UNITS[unit])


def plain(quantity: str) -> str:
    """The amount in digits, without a unit, an exponent or zeros that say nothing: `0.5` for `500m`."""
    text = f"{amount(quantity):f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
