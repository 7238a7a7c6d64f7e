"""Groups and their names: the same values are the same groups, whatever type and alphabet they come in."""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlspec.library.groups import groups_of, labels_of

SAME: list[tuple[str, Any]] = [
    ("int64", [1, 2]),
    ("float64", [1.0, 2.0]),
    ("float32", [1.0, 2.0]),
    ("Int8", [1, 2]),
    ("Float32", [1.0, 2.0]),
    ("object", [1, 2.0]),
    ("object", [Decimal("1.00"), Decimal("2E0")]),
    ("str", ["1", "2"]),
    ("string", ["1", "2"]),
    ("category", [1.0, 2.0]),
    ("object", [b"1", b"2"]),
    ("int64[pyarrow]", [1, 2]),
    ("double[pyarrow]", [1.0, 2.0]),
]


@pytest.mark.parametrize(("kind", "values"), SAME, ids=lambda value: str(value) if isinstance(value, str) else "")
def test_a_type_is_no_part_of_a_name(kind: str, values: list[Any]) -> None:
    column = pd.Series(values, dtype=kind, name="SEX")
    assert groups_of(column).tolist() == ["1", "2"]


@pytest.mark.parametrize("kind", ["float64", "float32", "Int8", "Float32", "object", "category", "int64[pyarrow]"])
def test_gaps_rename_nothing(kind: str) -> None:
    column = pd.Series([1, None, 2], dtype=kind, name="SEX")
    assert groups_of(column).tolist() == ["1", "missing", "2"]


def test_values_of_other_types() -> None:
    def texts(*values: Any, kind: str = "object") -> list[str]:
        return groups_of(pd.Series(list(values), dtype=kind)).tolist()

    assert texts(0.1, 1e20, -0.0, 1.5, kind="float64") == ["0.1", "100000000000000000000", "0", "1.5"]
    assert texts(0.1, 2.5, kind="float32") == ["0.1", "2.5"]
    assert texts(True, False, None) == ["True", "False", "missing"]
    assert texts("missing", None, "(missing)") == ["missing", "((missing))", "(missing)"]
    assert texts(datetime.date(2020, 1, 2), pd.Timestamp("2020-01-02")) == ["2020-01-02"] * 2
    assert texts([1], {"a": 1}) == ["[1]", "{'a': 1}"]
    assert texts("e\u0301", "é") == ["é", "é"]


def test_labels_keep_every_alphabet_and_tell_groups_apart() -> None:
    pairs = [("area", "東京"), ("area", "大阪"), ("area", "हिन्दी"), ("area", "New York"), ("a", "b_c"), ("a_b", "c")]
    labels = labels_of(pairs)
    assert labels["area", "東京"] == "area_東京"
    assert labels["area", "大阪"] == "area_大阪"
    assert labels["area", "हिन्दी"] == "area_हिन्दी"
    assert labels["area", "New York"] == "area_New_York"
    assert len(set(labels.values())) == len(pairs)


@given(st.lists(st.tuples(st.sampled_from(["a", "a_b"]), st.text("ab _-<東", max_size=4)), unique=True, max_size=12))
def test_labels_differ_and_do_not_depend_on_the_order(pairs: list[tuple[str, str]]) -> None:
    labels = labels_of(pairs)
    assert len(set(labels.values())) == len(pairs)
    assert labels == labels_of(reversed(pairs))
