from decimal import Decimal
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from mlspec.errors import StepError
from mlspec.library.contract import Column, Contract
from mlspec.library.steps.data.validate import check_table

CONTRACT = Path(__file__).resolve().parents[5] / "examples" / "employment" / "contracts" / "employment.yaml"


def broken(values, **column):
    """What a column of these values breaks."""
    frame = pd.DataFrame({"a": values})
    contract = Contract((Column("a", **{"type": "number", **column}),))
    return [check.violation for check in check_table(frame, contract) if check.violation]


@pytest.mark.parametrize(
    ("values", "column", "violations"),
    [
        ([1.0, 2.5], {}, []),
        ([1.0, None], {}, ["1 of 2 values are null"]),
        ([1.0, None], {"nullable": True}, []),
        ([1.0, None, 3.0], {"type": "integer", "nullable": True}, []),
        ([1.0, 2.5, 2.5, 3.5], {"type": "integer"}, ["3 of 4 values are no integer, such as 2.5, 3.5"]),
        ([True, False], {"type": "number"}, ["2 of 2 values are no number, such as True, False"]),
        ([True, False], {"type": "boolean"}, []),
        ([True, None], {"type": "boolean", "nullable": True}, []),
        ([0, 1], {"type": "boolean"}, ["2 of 2 values are no boolean, such as 0, 1"]),
        (["1", 2], {"type": "string"}, ["1 of 2 values are no string, such as 2"]),
        (pd.Categorical(["1", "2"]), {"type": "string", "allowed": ("1",)}, ["1 of 2 values are not allowed, such as '2'"]),
        (
            [1, 5, 9],
            {"minimum": 2, "maximum": 8},
            ["1 of 3 values are below 2, such as 1", "1 of 3 values are above 8, such as 9"],
        ),
        ([2, 8], {"minimum": 2, "maximum": 8}, []),
        (["ab", "abc"], {"type": "string", "pattern": "[a-z]{2}"}, ["1 of 2 values are of another form, such as 'abc'"]),
        (
            [Decimal("0.10"), Decimal("19.99"), Decimal("20.00")],
            {"minimum": 0.1, "maximum": 19.99, "allowed": (0.1, 19.99)},
            [
                "1 of 3 values are above 19.99, such as Decimal('20.00')",
                "1 of 3 values are not allowed, such as Decimal('20.00')",
            ],
        ),
        (np.float32([0.1, 0.2, 0.3]), {"allowed": (0.1, 0.2)}, ["1 of 3 values are not allowed, such as 0.30000001192092896"]),
        ([3, 3, 4], {"unique": True}, ["1 of 3 values repeat earlier ones"]),
        (["2024-01-31", "soon"], {"type": "datetime"}, ["1 of 2 values are no datetime, such as 'soon'"]),
        (
            ["2024-01-31"],
            {"type": "datetime", "minimum": "2024-02-01"},
            ["1 of 1 values are below 2024-02-01, such as '2024-01-31'"],
        ),
        (pd.to_datetime(["2024-03-01"]), {"type": "datetime", "minimum": "2024-02-01", "maximum": "2024-03-01"}, []),
    ],
)
def test_one_column(values, column, violations):
    assert broken(values, **column) == violations


def test_the_whole_table():
    frame = pd.DataFrame({"a": [1, 1], "b": [2, 2], "x": [0, 0]})
    columns = (Column("a", "integer"), Column("c", "string"), Column("d", "string", required=False))
    contract = Contract(columns, min_rows=3, max_rows=1, extra_columns="forbid", unique=("a",))
    assert [(check.subject, check.violation) for check in check_table(frame, contract) if check.violation] == [
        ("rows", "2 rows are too few"),
        ("rows", "2 rows are too many"),
        ("columns", "not in the contract: 'b', 'x'"),
        ("a", "1 of 2 values repeat earlier ones"),
        ("c", "the column is missing"),
    ]


def test_the_census_keeps_its_contract(employment, run):
    result, folder = run("data/validate", {"data": employment / "table"}, contract=str(CONTRACT))
    assert result == {"rows": 57738, "columns": 18, "checks": 58, "violations": 0}
    page = (folder / "report").read_text(encoding="utf-8")
    assert "58 checks" in page and "all hold" in page and "Age in years" in page


@pytest.fixture
def spoilt(employment, tmp_path):
    frame = pd.read_parquet(employment / "table")
    frame.loc[:2, "AGEP"] = -1.0
    frame.loc[5, "SEX"] = None
    frame.drop(columns="DIS").to_csv(tmp_path / "spoilt", index=False)
    return tmp_path / "spoilt"


def test_what_is_broken_is_listed(spoilt, run):
    with pytest.raises(StepError) as caught:
        run("data/validate", {"data": spoilt}, contract=str(CONTRACT))
    assert str(caught.value).split("\n") == [
        f"the data break their contract {CONTRACT} in 3 places:",
        "AGEP: 3 of 57738 values are below 16, such as -1.0",
        "DIS: the column is missing",
        "SEX: 1 of 57738 values are null",
    ]


def test_what_is_broken_may_be_reported_instead(spoilt, run):
    result, folder = run("data/validate", {"data": spoilt}, contract=str(CONTRACT), on_violation="report")
    assert result["violations"] == 3
    assert "3 of 57738 values are below 16" in (folder / "report").read_text(encoding="utf-8")


def test_only_the_first_twenty_are_listed(tmp_path, run):
    columns = "".join(f"  c{number:02}: {{type: string}}\n" for number in range(25))
    (tmp_path / "c.yaml").write_text(f"columns:\n{columns}")
    pd.DataFrame({"x": [1]}).to_csv(tmp_path / "data", index=False)
    with pytest.raises(StepError) as caught:
        run("data/validate", {"data": tmp_path / "data"}, contract=str(tmp_path / "c.yaml"))
    lines = str(caught.value).split("\n")
    assert len(lines) == 22 and lines[-1] == "and 5 more"


def test_one_bad_value_is_named_and_not_its_column(run, tmp_path):
    (tmp_path / "table").write_text("a,b\n" + "\n".join(f"{number},x" for number in range(1000)) + "\noops,x\n")
    (tmp_path / "contract.yaml").write_text("columns: {a: {type: integer, min: 0}, b: {type: string}}\n")
    with pytest.raises(StepError, match="a: 1 of 1001 values are no integer, such as 'oops'"):
        run("data/validate", {"data": tmp_path / "table"}, contract=str(tmp_path / "contract.yaml"))
