import joblib
import numpy as np
import pandas as pd
import pytest
from fairlearn import metrics as fairlearn
from sklearn.linear_model import LogisticRegression

from mlspec.errors import StepError


def test_women_and_men_of_the_census(employment, run):
    """The differences are those that Fairlearn's own functions give."""
    inputs = {"model": employment / "model", "data": employment / "test"}
    result, folder = run("fairness/assess", inputs, target="employed", sensitive=["SEX"])
    frame = pd.read_parquet(employment / "test")
    given = {
        "y_true": frame["employed"],
        "y_pred": joblib.load(employment / "model").predict(frame),
        "sensitive_features": frame["SEX"],
    }
    assert result["equalized_odds_difference"] == pytest.approx(fairlearn.equalized_odds_difference(**given))
    assert result["equal_opportunity_difference"] == pytest.approx(fairlearn.equal_opportunity_difference(**given))
    assert result["demographic_parity_difference"] == pytest.approx(fairlearn.demographic_parity_difference(**given))
    women = frame["SEX"] == "2"
    assert result["selection_rate__SEX_2"] == given["y_pred"][women].mean()
    assert result["rows__SEX_1"] + result["rows__SEX_2"] == result["rows"] == len(frame)
    table = pd.read_csv(folder / "table")
    assert table["group"].tolist() == [1, 2]
    assert table["selection_rate"].tolist() == [result["selection_rate__SEX_1"], result["selection_rate__SEX_2"]]
    assert f"{result['equalized_odds_difference']:.4f}" in (folder / "report").read_text(encoding="utf-8")


def test_the_worst_of_several_columns_counts(employment, run):
    inputs = {"model": employment / "model", "data": employment / "test"}
    both, folder = run("fairness/assess", inputs, target="employed", sensitive=["SEX", "RAC1P"], min_rows=100)
    assert "fewer than 100 rows" in (folder / "report").read_text(encoding="utf-8")
    race, _ = run("fairness/assess", inputs, target="employed", sensitive=["RAC1P"], min_rows=100)
    sex, _ = run("fairness/assess", inputs, target="employed", sensitive=["SEX"])
    for name in ("equalized_odds_difference", "demographic_parity_difference"):
        assert both[name] == max(race[name], sex[name])
    assert {"selection_rate__SEX_1", "selection_rate__RAC1P_9"} <= set(both)
    assert "rows__RAC1P_4" in both  # too few to compare, shown all the same


@pytest.fixture
def small(tmp_path):
    """Twelve rows whose decisions are `x > 0`, with groups to choose."""

    def make(groups, truth=(0, 0, 0, 1, 1, 1) * 2, x=(-1, -1, 1, 1, 1, -1, -1, 1, 1, 1, -1, -1)):
        frame = pd.DataFrame({"x": x, "y": truth, "group": groups})
        frame.to_parquet(tmp_path / "data")
        model = LogisticRegression(C=1e6).fit(pd.DataFrame({"x": [-1, 1]}), [0, 1])
        joblib.dump(model, tmp_path / "model")
        return {"model": tmp_path / "model", "data": tmp_path / "data"}

    return make


def test_rates_by_hand(small, run):
    result, _ = run("fairness/assess", small(["a"] * 6 + ["b"] * 6), target="y", sensitive=["group"])
    assert result["true_positive_rate__group_a"] == pytest.approx(2 / 3)
    assert result["false_positive_rate__group_a"] == pytest.approx(1 / 3)
    assert result["true_positive_rate__group_b"] == pytest.approx(1 / 3)
    assert result["false_positive_rate__group_b"] == pytest.approx(2 / 3)
    assert result["equalized_odds_difference"] == pytest.approx(1 / 3)
    assert result["demographic_parity_difference"] == 0


def test_a_group_without_positives_has_no_true_positive_rate(small, run):
    """0 would say that the model misses all of them, and let a gate pass judgement on nothing."""
    inputs = small(["a"] * 9 + ["b"] * 3, truth=(0, 0, 0, 1, 1, 1, 0, 0, 1, 0, 0, 0))
    result, _ = run("fairness/assess", inputs, target="y", sensitive=["group"])
    assert np.isnan(result["true_positive_rate__group_b"])
    assert np.isnan(result["equalized_odds_difference"])
    assert not np.isnan(result["demographic_parity_difference"])


def test_rows_without_a_group_are_a_group(small, run):
    result, _ = run("fairness/assess", small(["a"] * 6 + [None] * 6), target="y", sensitive=["group"])
    assert result["rows__group_missing"] == 6


def test_names_of_groups_can_stand_in_expressions(small, run):
    result, _ = run("fairness/assess", small(["a-1", "a 1"] * 6), target="y", sensitive=["group"])
    assert all(name.isidentifier() for name in result)
    assert [rows for name, rows in result.items() if name.startswith("rows__group_a_1_")] == [6, 6]


@pytest.mark.parametrize("kind", ["int64", "float64", "str"])
def test_names_of_groups_depend_on_no_type(small, run, kind):
    groups = pd.Series([1, 2] * 6).astype(kind)
    result, _ = run("fairness/assess", small(groups), target="y", sensitive=["group"])
    assert result["rows__group_1"] == result["rows__group_2"] == 6
    gaps = pd.Series([1, 2, None] * 4, dtype=object if kind == "str" else "float64").map(
        str if kind == "str" else float, na_action="ignore"
    )
    result, folder = run("fairness/assess", small(gaps.replace({"1.0": "1", "2.0": "2"})), target="y", sensitive=["group"])
    assert (result["rows__group_1"], result["rows__group_2"], result["rows__group_missing"]) == (4, 4, 4)
    assert pd.read_csv(folder / "table", dtype=str)["group"].tolist() == ["1", "2", "missing"]


def test_groups_of_any_alphabet(small, run):
    result, _ = run("fairness/assess", small(["東京", "大阪"] * 6), target="y", sensitive=["group"])
    assert result["rows__group_東京"] == result["rows__group_大阪"] == 6


@pytest.mark.parametrize(
    ("groups", "options", "message"),
    [
        (["a"] * 12, {}, "has one group only, 'a'; there is nothing to compare"),
        (["a"] * 6 + ["b"] * 6, {"min_rows": 7}, "fewer than two groups of 'group' have 7 rows"),
        (["a"] * 6 + ["b"] * 6, {"sensitive": ["sex"]}, "lack the column 'sex', which the option `sensitive` needs"),
        (["a"] * 6 + ["b"] * 6, {"sensitive": []}, "must name at least one column"),
    ],
)
def test_mistakes(small, run, groups, options, message):
    with pytest.raises(StepError, match=message):
        run("fairness/assess", small(groups), **{"target": "y", "sensitive": ["group"], **options})


def test_ages_are_no_groups(employment, run):
    inputs = {"model": employment / "model", "data": employment / "test"}
    with pytest.raises(StepError, match=r"the column 'AGEP' has \d+ values; put them into at most 50 groups first"):
        run("fairness/assess", inputs, target="employed", sensitive=["AGEP"])
