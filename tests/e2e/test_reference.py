"""The reference of the language: every key is described, its example stands in a spec, and it is the same in a terminal and on pages."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from mlspec.cli.main import main
from mlspec.ir.features import Feature
from mlspec.reference.keys import Language
from mlspec.reference.language import language
from mlspec.reference.markdown import pages
from mlspec.reference.types import type_text

ROOT = Path(__file__).resolve().parents[2]
SCHEMA = json.loads((ROOT / "schemas/mlspec.v1.schema.json").read_text(encoding="utf-8"))
LANGUAGE = language()
KEYS = {key.path: key for key in LANGUAGE.all()}


def alone(schema: Any) -> Any:
    """The schema without its rules between keys, for an example shows one key."""
    if isinstance(schema, list):
        return [alone(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    return {key: alone(each) for key, each in schema.items() if not (key == "allOf" and isinstance(each, list))}


VARIANT = alone({**SCHEMA, "if": True, "then": {"$ref": "#/definitions/part.Lifecycle"}})


@pytest.mark.parametrize("path", KEYS)
def test_a_key_says_what_it_is_and_gives_an_example(path: str) -> None:
    key = KEYS[path]
    assert re.search(r"\w{2,}.*[.?]$", key.description), "give its field a description: a sentence"
    assert key.examples, "give its field examples"
    assert "``" not in key.type and key.type


@pytest.mark.parametrize("path", KEYS)
def test_an_example_is_what_a_spec_may_say(path: str) -> None:
    key = KEYS[path]
    assert key.placed
    for example in key.placed:
        placed = yaml.safe_load(example)
        jsonschema.Draft7Validator(VARIANT).validate(json.loads(json.dumps(placed, default=str)))


@pytest.mark.parametrize("feature", Feature)
def test_what_targets_answer_for_is_told_with_a_key(feature: Feature) -> None:
    assert feature.keys, "name the keys that ask for it"
    page = (ROOT / "docs/reference/expressions.md").read_text(encoding="utf-8")
    for path in feature.keys:
        assert LANGUAGE.find(path) or f"| `{path}`" in page
        assert LANGUAGE.find(path) or any(f"mlspec explain {each} --format" in page for each in feature.keys)


def test_every_section_has_a_page_in_the_nav() -> None:
    nav = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
    for section in pages(LANGUAGE):
        page = ROOT / f"docs/reference/{section}.md"
        assert page.is_file(), f"write {page.name}, like its neighbours, and run `make generate`"
        assert f"<!-- made by: mlspec explain {section} --format markdown -->" in page.read_text(encoding="utf-8")
        assert f"reference/{section}.md" in nav


def test_links_of_the_pages_lead_to_headings() -> None:
    headings = {
        page.name: {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in re.findall(r"^#+ (.*)$", text, re.M)}
        for page in (ROOT / "docs/reference").glob("*.md")
        for text in [page.read_text(encoding="utf-8")]
    }
    for page in (ROOT / "docs/reference").glob("*.md"):
        for other, anchor in re.findall(r"\]\((\w*(?:\.md)?)#([^)]+)\)", page.read_text(encoding="utf-8")):
            assert anchor in headings[other or page.name], (page.name, other, anchor)


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("steps.retry", "steps.retry"),
        ("steps.train.retry", "steps.retry"),
        ("steps.train.retry.limit", "steps.retry.limit"),
        ("finally.cleanup.run", "finally.run"),
        ("monitor.steps.drift.when", "monitor.steps.when"),
        ("notifications.0.to.email", "notifications.to.email"),
        ("profiles.prod.steps.train.timeout", "steps.timeout"),
        ("targets.airflow.pods.tolerations.0.effect", "targets.airflow.pods.tolerations.effect"),
        ("params.seed", "params"),
        ("secrets.token.airflow.variable", "secrets.airflow.variable"),
        ("steps.train.with.depth", "steps.with"),
        ("steps.train.matrix.depth", "steps.matrix"),
        ("params.min_auc.minimum", "params.minimum"),
        ("steps.train.inputs.table.path", "steps.inputs.path"),
    ],
)
def test_a_path_may_hold_the_names_of_a_spec(path: str, found: str) -> None:
    key = LANGUAGE.find(path)
    assert key is not None and key.path == found


@pytest.mark.parametrize("path", ["finally.cleanup.retry", "monitor.steps.drift.retry", "steps.retry", "defaults.retry"])
def test_what_targets_make_of_a_step_is_told_wherever_it_stands(path: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", path]) == 0
    assert "on targets: retries" in capsys.readouterr().out


@pytest.mark.parametrize(
    "path",
    ["", "nothing", "steps.train.foo", "steps.retyr", "store.x", "metadata.name.x", "steps..run"],
)
def test_what_is_no_path_is_none(path: str) -> None:
    assert LANGUAGE.find(path) is None


def test_a_key_is_explained_in_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "steps.train.retry"]) == 0
    shown = capsys.readouterr().out
    assert shown.startswith("steps.retry\n  What happens after a failed attempt")
    for part in ("integer, 0 to 100 = 0", "How many retries", "retry: {", "kubeflow", "emulated"):
        assert part in shown


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("retry", "did you mean steps.retry or defaults.retry?"),
        ("steps.retyr", "did you mean steps.retry?"),
        ("MLS998", "there is no code"),
        ("qqqqqqqqqqqq", "there is no code and no key"),
    ],
)
def test_an_unknown_word_is_wrong_usage(word: str, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", word]) == 2
    assert said in capsys.readouterr().err


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        ({}, "any value"),
        ({"type": "array"}, "list"),
        ({"type": "array", "items": {"type": "integer", "minimum": 1}}, "list of integers, at least 1"),
        (
            {"type": "object", "additionalProperties": {"type": "array", "items": {"type": "string"}}},
            "mapping of names to lists of texts",
        ),
        ({"anyOf": [{"type": "boolean"}, {"$ref": "#/definitions/X"}]}, "boolean or mapping"),
        ({"type": "array", "items": {"anyOf": [{"type": "string"}, {"type": "number"}]}}, "list of texts or numbers"),
        ({"type": "number", "exclusiveMinimum": 0}, "number, above 0"),
        ({"type": ["string", "integer"]}, "text or integer"),
    ],
)
def test_types_in_words(schema: dict[str, object], words: str) -> None:
    assert type_text(schema) == words


X, Y = {"$ref": "#/definitions/X"}, {"$ref": "#/definitions/Y"}


def test_a_definition_with_several_forms_has_the_keys_of_all() -> None:
    found = Language({
        "definitions": {
            "Lifecycle": {"description": "All.", "properties": {"a": {"anyOf": [X, Y]}}},
            "X": {"properties": {"x": {"type": "string"}}, "required": ["x"]},
            "Y": {"properties": {"y": {"type": "integer"}}},
        }
    })  # fmt: skip
    assert [key.path for key in found.all()] == ["a", "a.x", "a.y"]
