"""The keys of the language, found by their paths.

In: the JSON Schema of the language. Out: `Key`s. Owns paths (`steps.retry`; names that users choose may stand in one or not), the
place of examples and which features belong to a key; never says what a key is for. Change it when the schema has another shape.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import yaml

from mlspec.diagnostics.nearest import nearest
from mlspec.ir.features import Feature
from mlspec.reference.model import Key
from mlspec.reference.types import Schema, type_text
from mlspec.terms import Json

_POINTER = "#/definitions/"
_WHOLE = "Lifecycle"
_VARIANT = "part."
_FIRST = "triggers steps targets"
"""Where what several sections share is described, the last one before the others."""
"""How the definitions for profiles begin: they are the language once more, and not followed."""


class Language:
    """The language as keys. Asked for keys below a path, it answers in the order of the models."""

    def __init__(self, schema: Schema) -> None:
        self._definitions: dict[str, Any] = dict(schema["definitions"])
        self._inline: dict[int, str] = {}
        self._below: dict[str, list[Key]] = {}
        for name, definition in schema["definitions"].items():
            for key, each in definition.get("properties", {}).items():
                if "properties" in each:
                    self._inline[id(each)] = f"{name}.{key}"
                    self._definitions[f"{name}.{key}"] = each
        self._top = Key("", self._definitions[_WHOLE]["description"], "mapping", definitions=(_WHOLE,))

    @property
    def top(self) -> Key:
        """The whole spec; its path is empty."""
        return self._top

    def find(self, path: str) -> Key | None:
        """The key at a path, in which names that users choose may stand: `steps.train.retry` is `steps.retry`."""
        parts = path.split(".")
        if parts[0] == "profiles" and len(parts) > 2:  # a profile may set any key
            return self.find(".".join(parts[2:]))
        found, owner, chosen = self._top, self._top, ""
        inner: dict[str, Key] = {}
        for part in parts:
            inner = {key.name: key for key in self.below(found)}
            if part in inner:
                found, owner, chosen = inner[part], found, ""
            elif not part or chosen or not found.named:
                return None
            else:
                chosen = part
        if chosen and nearest(chosen, inner):  # what is almost a key was meant to be it
            return None
        # Targets do the same for a step of `finally` as for any other, and what they do is told of the first place.
        first = f"{self.home(owner)}.{found.name}" if owner.definitions and owner is not self._top else found.path
        return replace(found, features=found.features or _features(first))

    def near(self, path: str) -> list[str]:
        """The paths that an unknown one was most likely meant to be: those that end with it, else the nearest."""
        known = [key.path for key in self.all()]
        ends = sorted((each for each in known if each.endswith(f".{path}")), key=lambda each: each.count("."))
        if ends:
            return ends[:3]
        close = nearest(path, known)
        return [close] if close else []

    def all(self) -> Iterator[Key]:
        """Every key, once for each place, those of a definition that several places share with the first of them alone."""
        seen = {_WHOLE}
        todo = self.below(self._top)[::-1]
        todo.sort(key=lambda key: _FIRST.find(key.name))
        while todo:
            key = todo.pop()
            yield key
            if set(key.definitions) - seen:
                seen.update(key.definitions)
                todo += reversed(self.below(key))

    def home(self, key: Key) -> str:
        """The path of the first key that holds what this one does: where that is described."""
        return next(each.path for each in self.all() if each.definitions == key.definitions)

    def below(self, key: Key) -> list[Key]:
        """The keys that may stand in what `key` holds."""
        if key.path not in self._below:
            found: dict[str, Key] = {}
            for name in key.definitions:
                definition = self._definitions[name]
                required = definition.get("required", [])
                for each, schema in definition.get("properties", {}).items():
                    found.setdefault(each, self._key(f"{key.path}.{each}".lstrip("."), schema, each in required))
            self._below[key.path] = list(found.values())
        return self._below[key.path]

    def _key(self, path: str, schema: Schema, required: bool) -> Key:
        examples = self._examples(schema)
        return Key(
            path=path,
            description=schema.get("description") or self._described(schema),
            type=type_text(schema),
            required=required,
            default=schema.get("default"),
            examples=examples,
            placed=tuple(self._placed(path, each) for each in self._forms(schema, examples)),
            meanings=_meanings(schema),
            definitions=self._definition_names(schema),
            named=self._named(schema),
            features=_features(path),
        )

    def _described(self, schema: Schema) -> str:
        return " ".join(str(self._definitions[name].get("description", "")) for name in self._definition_names(schema)[:1])

    def _definition_names(self, schema: Schema) -> tuple[str, ...]:
        """The definitions of what stands here, in a list or below names."""
        names: list[str] = []
        todo = [schema]
        while todo:
            each = todo.pop()
            name = self._inline.get(id(each)) or str(each.get("$ref", "")).removeprefix(_POINTER)
            if name and not name.startswith(_VARIANT):
                names.append(name)
            inner = [each.get("items"), each.get("additionalProperties"), *each.get("anyOf", ())]
            todo += [item for item in reversed(inner) if isinstance(item, dict)]
        return tuple(names)

    def _named(self, schema: Schema) -> bool:
        todo = [schema]
        while todo:
            each = todo.pop()
            whole = self._definitions.get(str(each.get("$ref", "")).removeprefix(_POINTER), each)
            if whole.get("type") == "array" or (
                whole.get("type") == "object" and whole.get("additionalProperties", True) is not False
            ):
                return True
            todo += whole.get("anyOf", ())
        return False

    def _examples(self, schema: Schema) -> tuple[Json, ...]:
        """Those that the model gives, else what the schema itself tells: its one value, the other word, the other truth."""
        if "examples" in schema:
            return tuple(schema["examples"])
        if "const" in schema:
            return (schema["const"],)
        if "enum" in schema:
            return tuple(word for word in schema["enum"] if word != schema.get("default"))
        if schema.get("type") == "boolean":
            return (not schema.get("default", False),)
        names = self._definition_names(schema)
        whole = "$ref" in schema or id(schema) in self._inline
        return self._made(names[0], listed=not whole) if names and (whole or schema.get("type") == "array") else ()

    def _forms(self, schema: Schema, examples: tuple[Json, ...]) -> tuple[Json, ...]:
        names = self._definition_names(schema)
        if not names or any(
            isinstance(each, dict) or (isinstance(each, list) and isinstance(each[0], dict)) for each in examples[:1]
        ):
            return examples[:1]
        return (
            *examples[:1],
            *([each for each in examples if isinstance(each, dict)][:1] or self._made(names[0], listed=False)),
        )

    def _made(self, name: str, *, listed: bool) -> tuple[Json, ...]:
        """What a definition asks for, or its first key, by their own examples."""
        definition = self._definitions[name]
        properties = definition.get("properties", {})
        wanted = definition.get("required") or list(properties)[:1]
        made = {each: self._examples(properties[each]) for each in wanted}
        if not made or not all(made.values()):
            return ()
        whole = {each: examples[0] for each, examples in made.items()}
        return ([whole],) if listed else (whole,)

    def _placed(self, path: str, example: Json) -> str:
        """The example in the spec around it, with names where users choose them."""
        parts = path.split(".")
        value: Json = {parts[-1]: example}
        for depth in range(len(parts) - 1, 0, -1):
            schema = self._schema(parts[:depth])
            if schema.get("type") == "array":
                value = [value]
            elif isinstance(schema.get("additionalProperties"), dict):
                value = {_chosen(schema): value}
            value = {parts[depth - 1]: value}
        return as_yaml(value)

    def _schema(self, parts: list[str]) -> Schema:
        schema: Schema = {"$ref": _POINTER + _WHOLE}
        for part in parts:
            inner = [self._definitions[name].get("properties", {}) for name in self._definition_names(schema)]
            schema = next(each[part] for each in inner if part in each)
        return schema


def as_yaml(value: Json) -> str:
    """YAML as people write it: what fits on a line on one, the rest below each other."""
    text = _dumped(value, None, 100)
    return _dumped(value, False, 100) if text.startswith("{") else text


def on_one_line(value: Mapping[str, Json]) -> str:
    """The same on one line, without the braces around it."""
    if any(isinstance(each, dict | list) for each in value.values()):
        return _dumped(value, True, 10**6).removeprefix("{").removesuffix("}")
    return _dumped(value, False, 10**6)


class _Dumper(yaml.SafeDumper):
    """Leaves days unquoted: they are text in a spec."""


_Dumper.yaml_implicit_resolvers = {
    first: [(tag, form) for tag, form in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeDumper.yaml_implicit_resolvers.items()
}


def _dumped(value: Json, flow: bool | None, width: int) -> str:
    text = yaml.dump(value, Dumper=_Dumper, default_flow_style=flow, sort_keys=False, allow_unicode=True, width=width)
    return str(text).rstrip("\n")


def default_text(key: Key) -> str:
    """The default as YAML writes it; empty where there is none."""
    if key.default is None or isinstance(key.default, str):
        return key.default or ""
    return f"{key.default:g}" if isinstance(key.default, float) else json.dumps(key.default)


def _features(path: str) -> tuple[Feature, ...]:
    return tuple(feature for feature in Feature if path in feature.keys)


def _chosen(schema: Schema) -> str:
    """A name to stand where users choose one: the first of the key's own example."""
    for example in schema.get("examples", ()):
        if isinstance(example, dict) and example:
            return str(next(iter(example)))
    return "name"


def _meanings(schema: Schema) -> dict[str, str]:
    todo = [schema]
    for each in todo:
        if each.get("enumDescriptions"):
            return {str(word): meaning for word, meaning in zip(each["enum"], each["enumDescriptions"], strict=True) if meaning}
        inner = (each.get("items"), each.get("additionalProperties"), *each.get("anyOf", ()))
        todo += [item for item in inner if isinstance(item, dict)]
    return {}
