"""What the schema must say for editors, and that it is no stricter than `mlspec validate`."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from typing import Any

import jsonschema
import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mlspec import api
from mlspec.diagnostics import Diagnostic
from mlspec.source import plain
from tests.editors.documents import VALID
from tests.editors.language_server import SCHEMA

SHIPPED: dict[str, Any] = json.loads(SCHEMA.read_text(encoding="utf-8"))
DEFINITIONS: dict[str, dict[str, Any]] = SHIPPED["definitions"]
SELF_EVIDENT = ("enum", "const", "default", "$ref", "properties")


def keys() -> Iterator[tuple[str, dict[str, Any]]]:
    """Every key of every section, and every option and input of every library step."""
    for name, definition in DEFINITIONS.items():
        if name.startswith("part."):  # made from the others
            continue
        for key, schema in definition.get("properties", {}).items():
            yield f"{name}.{key}", schema
    for rule in DEFINITIONS["Step"]["allOf"]:
        if "const" in rule["if"].get("properties", {}).get("uses", {}):
            for section, schema in rule["then"]["properties"].items():
                for key, inner in schema["properties"].items():
                    yield f"{rule['if']['properties']['uses']['const']}.{section}.{key}", inner


def without_library(schema: dict[str, Any]) -> dict[str, Any]:
    """The schema without what library steps take."""
    copied = copy.deepcopy(schema)
    for name in ("Step", "part.Step"):
        step = copied["definitions"][name]
        step["allOf"] = [rule for rule in step["allOf"] if "uses" not in rule["if"].get("properties", {})]
    return copied


def resolved(schema: dict[str, Any]) -> dict[str, Any]:
    """A schema with what it refers to below it."""
    target = DEFINITIONS[schema["$ref"].rsplit("/", 1)[1]] if "$ref" in schema else {}
    return {**target, **schema}


KEYS = dict(keys())


def test_the_schema_is_one() -> None:
    jsonschema.Draft7Validator.check_schema(SHIPPED)
    assert len(KEYS) > 150


@pytest.mark.parametrize("name", KEYS)
def test_every_key_is_described(name: str) -> None:
    description = resolved(KEYS[name]).get("description", "")
    assert description.endswith("."), f"{name}: {description!r}"


@pytest.mark.parametrize("name", [name for name in KEYS if "/" not in name])
def test_every_key_that_needs_one_has_an_example_and_it_holds(name: str) -> None:
    schema = KEYS[name]
    if not schema.get("examples"):
        kinds = [schema.get("type")] if not isinstance(schema.get("type"), list) else schema["type"]
        assert any(word in schema for word in SELF_EVIDENT) or "boolean" in kinds, f"{name} needs an example"
    for example in schema.get("examples", []):
        jsonschema.validate(example, {**schema, "definitions": DEFINITIONS}, jsonschema.Draft7Validator)


def test_enumerations_say_what_each_word_means() -> None:
    words = [schema for schema in KEYS.values() if "enumDescriptions" in schema and "enum" in schema]
    assert len(words) >= 4
    for schema in words:
        assert len(schema["enumDescriptions"]) == len(schema["enum"])
        assert all(schema["enumDescriptions"])


CHECK = jsonschema.Draft7Validator(SHIPPED)
OF_THE_LANGUAGE = jsonschema.Draft7Validator(without_library(SHIPPED))
DOCUMENTS = [plain(checked.document.root) for path in VALID if (checked := api.check(path)).document.root is not None]
VALUES = [
    *(value for document in DOCUMENTS for value in document.values()),
    None,
    True,
    0,
    1.5,
    "",
    "train",
    "5m",
    [],
    {},
    ["a"],
]


def places(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield (*path, key)
        yield from places(item, (*path, key))


@st.composite
def mutants(draw: st.DrawFn) -> Any:
    """A valid document with one or two of its values taken away, replaced, or moved to another key."""
    document = copy.deepcopy(draw(st.sampled_from(DOCUMENTS)))
    for _ in range(draw(st.integers(1, 2))):
        path = draw(st.sampled_from(sorted(places(document), key=str)))
        owner = document
        for part in path[:-1]:
            owner = owner[part]
        how = draw(st.sampled_from(["drop", "replace", "rename"]))
        if how == "replace":
            owner[path[-1]] = copy.deepcopy(draw(st.sampled_from(VALUES)))
            continue
        value = owner.pop(path[-1])
        if how == "rename" and isinstance(owner, dict):
            owner[
                draw(st.sampled_from(["run", "call", "gate", "with", "when", "default", "x-notes", "name", "path", "uri"]))
            ] = value
    return document


def findings(text: str) -> list[Diagnostic]:
    """What `mlspec validate` says, which looks at every profile too."""
    checked = api.check("mlspec.yaml", text=text)
    profiles = checked.spec.lifecycle.profiles if checked.spec else ()
    return [
        *checked.findings,
        *(found for name in profiles for found in api.check("mlspec.yaml", profile=name, text=text).findings),
    ]


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(mutants())
def test_it_accepts_all_that_mlspec_accepts(document: Any) -> None:
    text = yaml.safe_dump(document, sort_keys=False, allow_unicode=True)
    errors = [finding.code for finding in findings(text) if finding.severity == "error"]
    if any(code.startswith(("MLS1", "MLS2")) or code == "MLS318" for code in errors):
        return  # wrong in keys or types, as a placeholder may be, too: whether the schema sees it is another test's matter
    # Errors further on, an unknown address say, can keep mlspec from looking at what a library step is given.
    check = OF_THE_LANGUAGE if errors else CHECK
    assert [f"{error.json_path} {error.message}" for error in check.iter_errors(document)] == [], text
