"""What a key may hold, in words, from its JSON Schema.

In: a piece of the schema. Out: text: `integer, 0 to 100`, `list of names`, `mapping of names to texts`. Owns these words; never
follows a reference. Change it when the models bring a kind of value that reads badly.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

Schema = Mapping[str, Any]

ANY = "any value"
_KIND = re.compile(r"An? ([^:,;]+)")
"""How the message for a wrong text begins: with what the text is."""
_NAMES = {"array": "list", "object": "mapping", "string": "text"}
_IRREGULAR = {ANY: "values", "address": "addresses", "list": "lists", "path inside the project": "paths"}


def type_text(schema: Schema) -> str:
    """Name what `schema` accepts."""
    if "$ref" in schema:
        return "mapping"
    if "const" in schema:
        return f"`{schema['const']}`"
    if "enum" in schema:
        return _alternatives([f"`{word}`" for word in schema["enum"]])
    if "anyOf" in schema:
        words = list(dict.fromkeys(map(type_text, schema["anyOf"])))
        # Where any text is taken, the texts that are known are not all there are.
        return "text" if words[-1] == "text" and words[0].startswith("`") else _alternatives(words)
    kind = schema.get("type")
    if kind == "array":
        inner = type_text(schema.get("items") or {})
        return "list" if inner == ANY else f"list of {_plural(inner)}"
    if kind == "object":
        return _mapping(schema)
    named = _KIND.match(schema.get("patternErrorMessage", ""))
    if named:
        return _lower(named[1])
    if isinstance(kind, Sequence) and not isinstance(kind, str):
        return ANY if "object" in kind else _alternatives([_NAMES.get(each) or each for each in kind])
    return _NAMES.get(kind, kind) + _bounds(schema) if kind else ANY


def _mapping(schema: Schema) -> str:
    values = schema.get("additionalProperties")
    if not isinstance(values, Mapping):
        return "mapping"
    named = _KIND.match(schema.get("propertyNames", {}).get("patternErrorMessage", ""))
    keys = _plural(_lower(named[1])) if named else "names"
    inner = type_text(values)
    return f"mapping of {keys} to {_plural(inner)}"


def _bounds(schema: Schema) -> str:
    low, high = schema.get("minimum"), schema.get("maximum")
    if low is not None and high is not None:
        return f", {low:g} to {high:g}"
    if low is not None:
        return f", at least {low:g}"
    if "exclusiveMinimum" in schema:
        return f", above {schema['exclusiveMinimum']:g}"
    return f", at most {high:g}" if high is not None else ""


def _alternatives(words: Sequence[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} or {words[-1]}"


def _lower(text: str) -> str:
    """With a small first letter, unless the word has more capitals (URI) or is a name."""
    return text if text[1:2].isupper() or text.startswith("Python") else text[:1].lower() + text[1:]


def _plural(text: str) -> str:
    """Several of them: `list of names` is `lists of names`; words that are quoted stay as they are."""
    head, last, tail = text.rpartition(" or ") if not text.startswith(("list of", "mapping of")) else ("", "", text)
    return f"{', '.join(map(_several, head.split(', ')))}{last}{_several(tail)}" if last else _several(text)


def _several(text: str) -> str:
    if text in _IRREGULAR:
        return _IRREGULAR[text]
    if text.startswith("`"):
        return text
    for word in ("list", "mapping"):
        if text.startswith(f"{word} of"):
            return f"{word}s{text.removeprefix(word)}"
    owner, of, what = text.partition("'s ")
    if of:
        return f"{owner}s' {what}s"
    kind, comma, bounds = text.partition(",")
    return f"{kind}s{comma}{bounds}"
