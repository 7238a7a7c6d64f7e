"""Names as MLflow takes them, held against MLflow's own rules."""

from __future__ import annotations

import importlib.util

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlspec.tracking import names

needs_mlflow = pytest.mark.skipif(importlib.util.find_spec("mlflow") is None, reason="MLflow is not installed")
TEXTS = st.one_of(st.text(max_size=12), st.text("a/. :-_@東é", max_size=8), st.text("ab@", min_size=245, max_size=260))


@needs_mlflow
@given(st.lists(TEXTS, unique=True, max_size=8))
def test_every_name_is_taken_and_stays_its_own(given_: list[str]) -> None:
    from mlflow.utils.validation import _validate_metric, _validate_param, _validate_tag

    taken = names.taken(given_)
    assert list(taken) == given_
    assert len(set(taken.values())) == len(given_)
    for name, like in taken.items():
        _validate_metric(like, 0.5, 1, 0)
        _validate_param(like, "x")
        _validate_tag(like, "x")
        if names.key_fault(name) is None:
            assert like == name


@needs_mlflow
@given(TEXTS)
def test_what_validate_finds_is_what_mlflow_refuses(name: str) -> None:
    from mlflow import MlflowException
    from mlflow.utils import validation

    def refused(check: object) -> bool:
        try:
            check(name)  # type: ignore[operator]
        except MlflowException:
            return True
        return False

    def key(name: str) -> None:
        validation._validate_metric(name, 0.5, 1, 0)

    def alias(name: str) -> None:
        validation._validate_model_alias_name(name)
        validation._validate_model_alias_name_reserved(name)

    assert (names.key_fault(name) is not None) == refused(key) or name.endswith("\n")  # whose rule ends with `$`
    assert (names.alias_fault(name) is not None) == refused(alias) or name.endswith("\n")
    if refused(validation._validate_model_name):
        assert names.model_fault(name) is not None
    if refused(validation._validate_experiment_name):
        assert names.experiment_fault(name) is not None


def test_names_stay_readable() -> None:
    assert names.taken(["recall@10", "error (%)", "rows__area_東京", "a/b", "../x", "."]) == {
        "recall@10": "recall_10",
        "error (%)": "error ___",
        "rows__area_東京": "rows__area_東京",
        "a/b": "a/b",
        "../x": "___x",
        ".": "_",
    }


def test_a_name_depends_on_no_other_order() -> None:
    assert names.taken(["f@1", "f#1"]) == names.taken(["f#1", "f@1"])
    assert names.taken(["f@1", "f_1"])["f_1"] == "f_1"


def test_values_are_cut_and_numbers_are_doubles() -> None:
    assert names.params_for({"long": "x" * 7000}) == {"long": "x" * 6000}
    assert names.metrics_for({"big": 10**400, "low": -(10**400)}) == {
        "big": 1.7976931348623157e308,
        "low": -1.7976931348623157e308,
    }
