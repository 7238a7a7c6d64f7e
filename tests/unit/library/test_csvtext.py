"""What the text of a CSV file is read as: a value that a number would not give back stays text."""

import gzip
import re

import numpy as np
import pandas as pd
import pytest

from mlspec.errors import StepError
from mlspec.library.frames import read_table
from mlspec.library.schema import UNDECLARED, Schema, format_problem, schema_of


def column(tmp_path, texts, schema=UNDECLARED, **wanted):
    quoted = ",\n".join(f'"{text}"' for text in texts)
    (tmp_path / "table").write_text(f"a,b\n{quoted},\n", encoding="utf-8")
    return read_table(tmp_path / "table", schema, wanted)["a"]


@pytest.mark.parametrize(
    ("texts", "dtype", "values"),
    [
        (["1", "-2", "30"], "int64", [1, -2, 30]),
        (["1", "", "NA"], "float64", [1, None, None]),
        ([" 1.5", "2e3 ", "-.5", "+1.", "inf"], "float64", [1.5, 2000, -0.5, 1, np.inf]),
        (["007", "10"], object, ["007", "10"]),
        (["00.5", "1"], object, ["00.5", "1"]),
        (["+4930", "+4940"], object, ["+4930", "+4940"]),
        (["1,5", "2"], object, ["1,5", "2"]),
        (["1_000"], object, ["1_000"]),
        (["NA", "DE", ""], object, ["NA", "DE", None]),
        (["nan", "None", "x"], object, ["nan", "None", "x"]),
        (["True", "false"], "bool", [True, False]),
        (["True", "", "False"], object, [True, None, False]),
        (["yes", "no"], object, ["yes", "no"]),
        (["9007199254740993", "1"], "int64", [9007199254740993, 1]),
        (["9007199254740993", ""], "Int64", [9007199254740993, None]),
        (["18446744073709551615"], "uint64", [18446744073709551615]),
        (["123456789012345678901234"], object, ["123456789012345678901234"]),
        (["2024-01-31"], object, ["2024-01-31"]),
        (["", ""], "float64", [None, None]),
    ],
)
def test_undeclared_columns(tmp_path, texts, dtype, values):
    found = column(tmp_path, texts)
    assert found.dtype == dtype
    assert [None if pd.isna(value) else value for value in found.tolist()] == values


def test_floats_are_those_that_were_written(tmp_path):
    """pandas' own parser is off by one unit in the last place for about one number in five."""
    numbers = np.random.default_rng(0).normal(size=5000) * 10.0 ** np.arange(-250, 250, 0.1)
    pd.DataFrame({"x": numbers}).to_csv(tmp_path / "table", index=False)
    assert read_table(tmp_path / "table")["x"].tolist() == numbers.tolist()


@pytest.mark.parametrize(
    ("kind", "texts", "values"),
    [
        ("string", ["1", " 2", "NA", ""], ["1", " 2", "NA", None]),
        ("integer", ["007", "+4", "NA"], [7, 4, None]),
        ("number", ["01.50", "2"], [1.5, 2]),
        ("integer", ["123456789012345678901234", "1"], [123456789012345678901234, 1]),
        ("boolean", ["true", "FALSE", ""], [True, False, None]),
        ("datetime", ["2024-01-31", "NA"], ["2024-01-31", None]),
    ],
)
def test_declared_and_wanted_columns(tmp_path, kind, texts, values):
    for found in (column(tmp_path, texts, Schema({"a": kind})), column(tmp_path, texts, a=kind)):
        assert [None if pd.isna(value) else value for value in found.tolist()] == values


@pytest.mark.parametrize(
    ("kind", "texts", "values", "said"),
    [
        ("number", ["1.5", "none of it", "NA"], [1.5, "none of it", None], "number, and holds 'none of it' in row 2"),
        ("integer", ["1", "2.0", "1.5", "x"], [1, 2, "1.5", "x"], "integer, and holds '1.5' in rows 3, 4"),
        ("boolean", ["true", "0", "1"], [True, "0", "1"], "boolean, and holds '0' in rows 2, 3"),
        ("datetime", ["2024-01-31", "soon"], ["2024-01-31", "soon"], "datetime, and holds 'soon' in row 2"),
    ],
)
def test_a_value_that_is_not_what_is_declared_is_named(tmp_path, kind, texts, values, said):
    found = column(tmp_path, texts, a=kind)
    assert [None if pd.isna(value) else value for value in found.tolist()] == values
    with pytest.raises(StepError, match=re.escape(f"the column 'a' is declared {said}")):
        column(tmp_path, texts, Schema({"a": kind}))


def test_a_format_names_columns_that_are_there(tmp_path):
    with pytest.raises(StepError, match="the data lack the column 'aa', which its `format` needs; did you mean 'a'"):
        column(tmp_path, ["1"], schema_of({"format": {"columns": {"aa": "number"}}}))


def test_a_dot_beside_a_decimal_comma_is_of_thousands_perhaps(tmp_path):
    declared = {"delimiter": ";", "decimal": ",", "columns": {"x": "number"}}
    (tmp_path / "table").write_text("x;y\n1.234;2,5\n7;1,0\n")
    found = read_table(tmp_path / "table", schema_of({"format": {**declared, "columns": {}}}))
    assert found["x"].tolist() == ["1.234", "7"]
    assert found["y"].tolist() == [2.5, 1.0]
    with pytest.raises(StepError, match=re.escape("declared number, and holds '1.234' in row 1")):
        read_table(tmp_path / "table", schema_of({"format": declared}))


def test_what_is_declared_wins_over_what_is_wanted(tmp_path):
    assert column(tmp_path, ["01"], Schema({"a": "string"}), a="number").tolist() == ["01"]


def test_texts_that_mean_no_value(tmp_path):
    schema = Schema({"a": "string"}, missing=("NA", "-"))
    assert column(tmp_path, ["NA", "-", "", "nan"], schema).isna().tolist() == [True, True, True, False]
    assert column(tmp_path, ["-", "1"], Schema(missing=("-",))).tolist()[1] == 1


def test_delimiters_decimal_marks_and_encodings(tmp_path):
    (tmp_path / "table").write_bytes("größe;ort\n1,5;Köln\n-2;Łódź, Polen\n".encode("cp1250"))
    frame = read_table(tmp_path / "table", Schema(delimiter=";", decimal=",", encoding="cp1250"))
    assert frame.to_dict("list") == {"größe": [1.5, -2.0], "ort": ["Köln", "Łódź, Polen"]}


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_marks_of_byte_order_are_no_text(tmp_path, encoding):
    (tmp_path / "table").write_bytes("a,b\n1,ß\n".encode(encoding))
    frame = read_table(tmp_path / "table", Schema() if encoding == "utf-8-sig" else Schema(encoding=encoding))
    assert frame.to_dict("list") == {"a": [1], "b": ["ß"]}


def test_quoted_text_line_ends_and_columns_without_a_name(tmp_path):
    (tmp_path / "table").write_bytes(b',"a, b"\r\n0,"x\r\ny ""z"""\r\n\r\n1,\r\n')
    frame = read_table(tmp_path / "table")
    assert frame.columns.tolist() == ["Unnamed: 0", "a, b"]
    assert frame["a, b"].tolist()[0] == 'x\r\ny "z"' and pd.isna(frame["a, b"][1])


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "it is empty, without even the names of columns"),
        (b"\n\n", "it is empty"),
        (b"a,b\n1,2\n1,2,3,4\n", "Row #3: Expected 2 columns, got 4"),
        (b"a,b\n1,2\n1\n", "Row #3: Expected 2 columns, got 1"),
        (b"a;b\n1;2,5\n", r"separated by ';': declare the `delimiter`"),
        ("a\nSão\n".encode("latin-1"), r"line 2 is not utf-8 \(byte 0xe3\); declare the `encoding`"),
        (b"a,b,a\n1,2,3\n", "has two columns named 'a'"),
        (b"PK\x03\x04\0\0", "neither Parquet nor CSV, but a zip or Excel file"),
        (b"\xff\xfea\0", "UTF-16: declare its `encoding`"),
        (b' {"a": 1}\n', "looks like JSON"),
        (b"<!DOCTYPE html>", "looks like HTML or XML"),
        (b"\x1f\x8b\x08 cut off", "cannot read the dataset 'table'"),
        (b"\x1f\x8b", "cannot read the dataset 'table'"),
    ],
)
def test_what_is_no_csv(tmp_path, content, message):
    (tmp_path / "table").write_bytes(content)
    with pytest.raises(StepError, match=message):
        read_table(tmp_path / "table")


GERMAN = 'größe;code;note\n1,5;007;NA\n-2;010;"a;b"\n'


@pytest.mark.parametrize(
    "said",
    [
        {"format": {"delimiter": ";", "decimal": ",", "encoding": "cp1252", "missing": ["NA"]}},
        {"contract": "contract"},
        {"contract": "other", "format": {"delimiter": ";", "encoding": "cp1252"}},
    ],
)
def test_what_steps_are_told_of_the_text(tmp_path, monkeypatch, said):
    """In a format, in a contract, or in both."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "table").write_bytes(gzip.compress(GERMAN.encode("cp1252")))
    columns = "columns: {code: {type: string}, größe: {type: number}}\n"
    form = 'format: {delimiter: ";", decimal: ",", encoding: cp1252, missing: [NA]}\n'
    (tmp_path / "contract").write_text(form + columns)
    (tmp_path / "other").write_text('format: {delimiter: ";", decimal: ",", encoding: utf-8, missing: [NA]}\n' + columns)
    frame = read_table(tmp_path / "table", schema_of(said))
    assert frame["größe"].tolist() == [1.5, -2.0] and frame["code"].tolist() == ["007", "010"]
    assert frame["note"].isna().tolist() == [True, False]


@pytest.mark.parametrize(
    ("said", "fault"),
    [
        ({"delimiter": ";;"}, ("delimiter", "is one ASCII character, not ';;'")),
        ({"delimiter": '"'}, ("delimiter", "is one ASCII character, not '\"'")),
        ({"encoding": "latin-9000"}, ("encoding", "is no encoding of text that Python knows: 'latin-9000'")),
        ({"encoding": "base64"}, ("encoding", "is no encoding of text that Python knows: 'base64'")),
        ({"encoding": "\0"}, ("encoding", "is no encoding of text that Python knows: '\\x00'")),
        ({"decimal": ";"}, ("decimal", "is '.' or ',', not ';'")),
        ({"decimal": ","}, ("decimal", "is the delimiter, too: ','")),
        ({"missing": [1]}, ("missing", "is a list of texts (quote numbers), not [1]")),
        ({"columns": ["a"]}, ("columns", "is a mapping of names to types, not ['a']")),
        ({"columns": {"a": "text"}}, ("columns", "says 'text' of 'a', which is none of string, integer, number, boolean, datetime")),
        ({"delimeter": ";"}, ("delimeter", "is no key of a format; did you mean 'delimiter'?")),
    ],
)  # fmt: skip
def test_faults_of_a_format(tmp_path, run, said, fault):
    key, words = fault
    assert format_problem(said) == fault
    with pytest.raises(StepError, match=re.escape(f"option 'format' of evaluate/classifier has a fault: `{key}` {words}")):
        run("evaluate/classifier", {"model": tmp_path, "data": tmp_path}, target="y", format=said)


def test_faults_of_the_format_in_a_contract(tmp_path):
    (tmp_path / "contract").write_text("columns: {}\nformat: {delimeter: x, encoding: base64}\n")
    with pytest.raises(StepError, match=r"contract:2:10: format has no key 'delimeter'; did you mean 'delimiter'\?") as caught:
        schema_of({"contract": tmp_path / "contract"})
    assert "contract:2:34: format.encoding is no encoding of text" in str(caught.value)
