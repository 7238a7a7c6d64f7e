"""One grammar of quantities, for the language and for every target."""

from __future__ import annotations

import math
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlspec.quantities import amount, plain

UNITS = {
    "": Fraction(1),
    "m": Fraction(1, 1000),
    **{unit: Fraction(1000**power) for power, unit in enumerate(("k", "M", "G", "T", "P", "E"), 1)},
    **{f"{unit}i": Fraction(1024**power) for power, unit in enumerate("KMGTPE", 1)},
}
NUMBERS = st.from_regex(r"[0-9]{1,30}(\.[0-9]{1,30})?", fullmatch=True)


@pytest.mark.parametrize(
    ("quantity", "digits"),
    [("2", "2"), ("0.5", "0.5"), ("500m", "0.5"), ("4Gi", "4294967296"), ("1.50", "1.5"), ("100", "100"), ("0.1Ki", "102.4")],
)
def test_a_quantity_in_digits(quantity: str, digits: str) -> None:
    assert plain(quantity) == digits
    assert amount(quantity) == Decimal(digits)


@pytest.mark.parametrize(
    "text", ["", "Gi", "4GB", "4 Gi", "-1", "1e3", "1E3", "5n", ".5", "5.", "4gi", "4Ki\n", "٤", "1_0", "0x1"]
)
def test_what_is_no_quantity(text: str) -> None:
    with pytest.raises(ValueError, match="no Kubernetes quantity"):
        amount(text)


@given(NUMBERS, st.sampled_from(list(UNITS)))
def test_an_amount_is_exact_and_digits_say_all_of_it(number: str, unit: str) -> None:
    exact = Fraction(number) * UNITS[unit]
    assert Fraction(amount(number + unit)) == exact
    digits = plain(number + unit)
    assert Fraction(digits) == exact
    assert set(digits) <= set("0123456789.")
    assert not digits.endswith(".") and ("." not in digits or not digits.endswith("0"))


@given(NUMBERS, st.sampled_from(list(UNITS)))
def test_digits_are_a_quantity_of_the_same_amount(number: str, unit: str) -> None:
    assert amount(plain(number + unit)) == amount(number + unit)
    assert math.isfinite(amount(number + unit))
