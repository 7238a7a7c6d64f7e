import decimal

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from mlspec.errors import StepError


@pytest.fixture
def table():
    draw = np.random.default_rng(0)
    return pd.DataFrame(
        {
            "rare": draw.random(400) < 0.05,
            "household": draw.integers(0, 40, 400),
            "day": pd.date_range("2024-01-01", periods=400, freq="6h").strftime("%Y-%m-%d"),
            "price": [decimal.Decimal(f"{place}.10") for place in range(400)],
            "seen": pd.array([None if place % 7 == 0 else place for place in range(400)], dtype="Int64"),
        }
    )


@pytest.fixture
def split(run, tmp_path):
    """Split a table; returns the two parts and the metrics."""

    def split_table(frame, **with_):
        frame.to_parquet(tmp_path / "data")
        metrics, folder = run("data/split", {"data": tmp_path / "data"}, **with_)
        return pd.read_parquet(folder / "train"), pd.read_parquet(folder / "test"), metrics

    return split_table


@pytest.mark.parametrize("with_", [{}, {"stratify": ["rare"]}, {"group": "household"}, {"time": "day"}], ids=str)
def test_every_row_is_in_one_part_in_its_order(table, split, with_):
    train, test, metrics = split(table, test_share=0.3, **with_)
    assert metrics == {"rows": 400, "rows_train": len(train), "rows_test": len(test)}
    assert abs(len(test) - 120) <= 16
    both = pd.concat([train, test])["price"]
    assert sorted(both) == list(table["price"])
    assert list(train["price"]) == sorted(train["price"])
    assert list(test["price"]) == sorted(test["price"])


def test_strata_are_as_frequent_in_both(table, split):
    train, test, _ = split(table, stratify=["rare"])
    assert abs(train["rare"].mean() - test["rare"].mean()) < 0.01


@pytest.mark.parametrize("with_", [{}, {"stratify": ["rare"]}], ids=str)
def test_groups_stay_whole(table, split, with_):
    train, test, _ = split(table, group="household", **with_)
    assert len(test)
    assert not set(train["household"]) & set(test["household"])


def test_the_newest_are_the_test_and_a_moment_stays_whole(table, split):
    train, test, _ = split(table, time="day")
    assert max(train["day"]) < min(test["day"])


def test_columns_stay_what_they_are_stored_as(table, split, tmp_path):
    split(table)
    kinds = {field.name: field.type for field in pq.read_schema(tmp_path / "data")}
    for part in ("train", "test"):
        assert {field.name: field.type for field in pq.read_schema(tmp_path / part)} == kinds


def test_text_is_read_as_declared(table, run, tmp_path):
    (tmp_path / "data").write_text("code;x\n007;1,5\n010;2,5\nNA;3,5\n")
    declared = {"delimiter": ";", "decimal": ",", "columns": {"code": "string"}}
    run("data/split", {"data": tmp_path / "data"}, format=declared)
    both = pd.concat([pd.read_parquet(tmp_path / "train"), pd.read_parquet(tmp_path / "test")])
    assert sorted(both["code"]) == ["007", "010", "NA"]
    assert sorted(both["x"]) == [1.5, 2.5, 3.5]


def test_the_same_seed_gives_the_same_bytes(table, split, tmp_path):
    def files(seed):
        split(table, seed=seed)
        return (tmp_path / "train").read_bytes(), (tmp_path / "test").read_bytes()

    assert files(1) == files(1)
    assert files(1) != files(2)


@pytest.mark.parametrize(
    ("change", "with_", "message"),
    [
        ({}, {"test_share": 1}, "must lie between 0 and 1"),
        ({}, {"group": "house"}, "the data lack the column 'house', which the split needs; did you mean 'household'"),
        ({}, {"time": "day", "group": "household"}, "give one of them"),
        ({}, {"stratify": ["price"]}, "one row only has"),
        ({"household": 1}, {"group": "household"}, "no group is left for the test"),
        ({"day": "2024"}, {"time": "day"}, "no older ones are left to train on"),
        ({"day": "soon"}, {"time": "day"}, "'soon' in rows 1, 2, 3 and 397 more, which is no date"),
        ({"day": None}, {"time": "day"}, "400 of 400 rows have no 'day'"),
    ],
    ids=str,
)
def test_what_cannot_be_split_is_said(table, split, change, with_, message):
    with pytest.raises(StepError, match=message):
        split(table.assign(**change), **with_)


@pytest.mark.parametrize("rows", [0, 1])
def test_too_few_rows(table, split, rows):
    with pytest.raises(StepError, match="nothing to split"):
        split(table.iloc[:rows])


def test_one_group_that_has_nearly_all_rows(table, split):
    lopsided = table.assign(household=[0] * 398 + [1, 2])
    train, test, _ = split(lopsided, group="household")
    assert len(train)
    assert len(test)


def test_columns_of_mappings_stay_as_they_are_stored(run, tmp_path):
    attributes = pa.array([[("a", number)] for number in range(8)], pa.map_(pa.string(), pa.int64()))
    pq.write_table(pa.table({"x": list(range(8)), "attributes": attributes}), tmp_path / "data")
    _, folder = run("data/split", {"data": tmp_path / "data"})
    kept = pa.concat_tables([pq.read_table(folder / part) for part in ("train", "test")]).sort_by("x")
    assert kept.schema.field("attributes").type == attributes.type
    assert kept["attributes"].combine_chunks().equals(attributes)


def test_a_declared_column_is_what_it_is_declared_to_be(run, tmp_path):
    (tmp_path / "data").write_text("z,y\n" + "1,0\n" * 20 + "x,1\n")
    with pytest.raises(StepError, match="the column 'z' is declared number, and holds 'x' in row 21"):
        run("data/split", {"data": tmp_path / "data"}, format={"columns": {"z": "number"}})
