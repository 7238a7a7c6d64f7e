import pytest

from mlspec.errors import StepError
from mlspec.library.contract import Column, read_contract


@pytest.fixture
def contract(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def write(text):
        path = tmp_path / "c.yaml"
        path.write_text(text, encoding="utf-8")
        return path.relative_to(tmp_path)

    return write


def test_a_contract(contract):
    read = read_contract(
        contract(
            "rows: {min: 1, max: 9}\nextra_columns: forbid\nunique: [id, land]\ncolumns:\n"
            "  id: {type: integer, min: 0}\n"
            "  land: {type: string, allowed: [NO, SE], nullable: true}\n"
        )
    )
    assert (read.min_rows, read.max_rows, read.extra_columns, read.unique) == (1, 9, "forbid", ("id", "land"))
    assert read.columns == (
        Column("id", "integer", minimum=0),
        Column("land", "string", nullable=True, allowed=("NO", "SE")),  # Norway is text
    )


@pytest.mark.parametrize(
    ("text", "faults"),
    [
        ("", ["c.yaml:1:1: the contract is empty; it needs `columns`"]),
        ("rows: {min: 1}", ["c.yaml:1:1: the contract has no `columns`"]),
        ("- a", ["c.yaml:1:1: the contract must be a mapping"]),
        ("columns: {a: {type: string}\n", ["c.yaml:2:1: YAML cannot be read: did not find expected ',' or '}'"]),
        (
            "columns:\n  a: {typ: strng}\n",
            [
                "c.yaml:2:7: columns.a has no key 'typ'; did you mean 'type'?",
                "c.yaml:2:6: columns.a.type is one of string, integer, number, boolean, datetime, but there is none",
            ],
        ),
        (
            "columns:\n  a: {type: strng}\n",
            [
                "c.yaml:2:13: columns.a.type is one of string, integer, number, boolean, datetime, not 'strng'; "
                "did you mean 'string'?"
            ],
        ),
        (
            "columns:\n  a: {type: string, allowed: [1, 2]}\n",
            ['c.yaml:2:30: columns.a.allowed holds values that are no string; quote them: "1"'],
        ),
        (
            "columns:\n  a: {type: string, description: yes, it is}\n",
            ["c.yaml:2:39: columns.a has no key 'it is'; inside { } a comma ends a text: quote it"],
        ),
        (
            "columns:\n  a: {type: string, min: 1}\n  b: {type: number, min: low}\n  c: {type: datetime, max: 3}\n",
            [
                "c.yaml:2:26: columns.a.min: a string has no bounds; use `allowed` or `pattern`",
                "c.yaml:3:26: columns.b.min must be a number, not 'low'",
                "c.yaml:4:28: columns.c.max must be ISO 8601 text, not 3",
            ],
        ),
        (
            "columns:\n  a: {type: integer, pattern: x}\n  b: {type: string, pattern: '['}\n",
            [
                "c.yaml:2:31: columns.a.pattern is for columns of type string, not integer",
                "c.yaml:3:30: columns.b.pattern is no regular expression: unterminated character set at position 0",
            ],
        ),
        (
            "extra_columns: warn\nunique: [b]\ncolumns:\n  a: {type: string, nullable: maybe}\n",
            [
                "c.yaml:1:16: extra_columns is `allow` or `forbid`, not 'warn'",
                "c.yaml:4:31: columns.a: nullable must be true or false, not 'maybe'",
                "c.yaml:2:9: unique names 'b', which is none of the columns",
            ],
        ),
        ("columns: {a: {type: string}, a: {type: string}}\n", ["c.yaml:1:30: the key `a` is written twice"]),
    ],
)
def test_mistakes_in_a_contract(contract, text, faults):
    with pytest.raises(StepError) as caught:
        read_contract(contract(text))
    lines = str(caught.value).split("\n")
    assert lines[0] == "the contract cannot be used:"
    assert sorted(lines[1:]) == sorted(faults)


def test_no_such_contract(tmp_path):
    with pytest.raises(StepError, match=r"cannot read the contract .*No such file"):
        read_contract(tmp_path / "none.yaml")
