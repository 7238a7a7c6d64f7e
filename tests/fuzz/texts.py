"""Texts of specs: wrong ones in every way that a schema can name, sound ones, and texts that were a spec before chance came.

In: hypothesis' draws. Out: strategies of YAML texts. Owns the vocabulary (taken from the language's own schema) and the list
of awkward values. Never checks anything. Change it when a kind of awkwardness is missing.
"""

from __future__ import annotations

import json
import re
from copy import deepcopy
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from hypothesis import strategies as st

from mlspec.spec.lifecycle import Lifecycle

ROOT = Path(__file__).parents[2]
HEAD = "apiVersion: mlspec/v1\nkind: Lifecycle\nmetadata: {name: demo}\n"

AWKWARD = [
    None, True, False, 0, -1, 1, 3.5, 1e308, float("inf"), float("nan"), 10**30, 10**399, "", " ", "\n", "x" * 3000, "é", "e\u0301",
    "中文", "😀", "\u202e", "\x7f", "\x1b[31m", "\u2028", "a b", "a.b", "a.b.c", "a:b", "a/b", "..", "/", "~", "-", "--",
    "#", "'", '"',
    "\\", "`", "$", "${{", "}}", "${{ }}", "${{ params.seed }}", "${{ params.nope }}", "${{ a b }}", "$${{ x }}",
    "{{ x }}", "<<A",
    "run.id", "params.depth", "ingest.table", "train.metrics.auc >= 0.5", "1 <", "a ||", "[]", "0 3 * * 1",
    "* * * * * *", "1h30m",
    "9" * 300 + "d", "4Gi", "1e3", "main", "credit.train:main", "credit.train:nope", "nope:main", "broken:main",
    "data/loans.csv",
    "evaluate/classifier", "evaluate/clasifier", "Europe/Berlin", "Europe/Berln", "2027-02-30", "s3://a/b",
    "AKIAABCDEFGHIJKLMNOP",
    "postgres://u:secret@h/d", "requirements.txt", "base.yaml", "circle.yaml", "wrong.yaml", "latin.yaml", "success",
    "stop", "on",
    [], {}, [[]], [None], {"a": 1}, {"": ""}, ["a", "a"], {"run": "a"}, {"path": "data/loans.csv"}, {"uri": "x"}, {"file": "x"}, [1, "a"],
]  # fmt: skip
"""Values that somebody writes somewhere, sooner or later."""

SIGNS = [
    "", " ", "  ", "\n", "\n\n", "\r\n", "\r", "\t", "-", "- ", ":", ": ", "? ", "#", " # ", ",", "[", "]", "{", "}",
    "'", '"', "|", ">", "|-",
    "&a ", "*a", "!!str ", "!x ", "%YAML 1.2\n", "---\n", "...\n", "<<: ", "@", "`", "\\", "\\n", "\\0", "\\ud800",
    "\\U0001F600", "\ufeff",
    "\x00", "\x07", "\x85", "\u2028", "\udc80", "é", "e\u0301", "中", "😀", "~", "null", "true", "no", "0777", "1:30",
    "1e400", ".nan", "9" * 500,
    "${{ ", " }}", "${{ params.seed }}", "$${{", "{{", "a: *a", "[" * 70, "x: " * 5, "  " * 40, "run", "gate",
    "steps:", "train", "params.",
]  # fmt: skip
"""What chance puts into a text."""


@cache
def bases() -> list[str]:
    """Texts to start from: the examples and the documents of the tests."""
    paths = [*sorted(ROOT.glob("examples/*/mlspec.yaml")), *sorted(ROOT.glob("tests/diagnostics/*/*.yaml"))]
    texts = [path.read_bytes().decode("utf-8", "replace") for path in paths]
    return [text for text in texts if len(text) < 6000]


_WORD = re.compile(r"[\w.-]+")
_SCATTER = 7919
"""Hypothesis likes small numbers: the places of changes are to lie all over a text."""
MUTATION = st.tuples(st.sampled_from("wwwwwlxmiscd"), st.integers(0, 1 << 16), st.integers(0, 1 << 8), st.sampled_from(SIGNS))


@st.composite
def mutated(draw: st.DrawFn) -> str:
    """A text that was a spec before a few of its lines or characters were changed."""
    text = draw(st.sampled_from(bases()))
    for kind, where, much, sign in draw(st.lists(MUTATION, min_size=1, max_size=5)):
        text = changed(text, kind, where, much, sign)
    return text


def changed(text: str, kind: str, where: int, much: int, sign: str) -> str:
    """One change: of a word (`w`), of characters (`s` put in, `c` cut out, `d` double) or of lines (`l` cut, `x` swap,
    `m` double,
    `i` indent)."""
    where *= _SCATTER
    if kind == "w":
        words = list(_WORD.finditer(text)) or [re.compile("").match("")]
        word, other = words[where % len(words)], words[much % len(words)]
        assert word is not None and other is not None
        return text[: word.start()] + (sign if much % 3 == 1 else other[0]) + text[word.end() :]
    if kind in "scd":
        at = where % (len(text) + 1)
        length = much % 12
        part = {"s": sign, "c": "", "d": text[at : at + length] * 2}[kind]
        return text[:at] + part + text[at + (0 if kind == "s" else length) :]
    lines = text.split("\n")
    at, other = where % len(lines), much % len(lines)
    match kind:
        case "l":
            del lines[at : at + 1 + much % 3]
        case "x":
            lines[at], lines[other] = lines[other], lines[at]
        case "m":
            lines.insert(other, lines[at])
        case "i":
            lines[at] = " " * (much % 9) + lines[at].lstrip(" ")
    return "\n".join(lines)


# Lifecycles by the schema: the right keys, near misses, and values that may or may not be of the right kind.


@cache
def schema() -> dict[str, Any]:
    """The JSON Schema of the models."""
    return Lifecycle.model_json_schema(by_alias=True)


def resolved(node: Any) -> dict[str, Any]:
    """Follow `$ref`."""
    while isinstance(node, dict) and "$ref" in node:
        node = schema()["$defs"][node["$ref"].rsplit("/", 1)[1]]
    return node if isinstance(node, dict) else {}


NAMES = st.sampled_from(
    ["train", "ingest", "a", "b", "seed", "depth", "table", "model", "metrics", "A-b", "params", "é", "", "x" * 70, "0", "<<"]
)
VALUES = st.sampled_from(AWKWARD)
LUCK = st.integers(0, 19)
"""Thirteen is bad luck: hypothesis draws the ends of a range more often."""


@st.composite
def by_schema(draw: st.DrawFn, node: Any, depth: int = 0) -> Any:
    """A value for a part of the schema, wrong once in a while."""
    node = resolved(node)
    luck = draw(LUCK)
    if luck == 13 or depth > 8:
        return draw(VALUES)
    alternatives = (node.get("anyOf") or node.get("oneOf")) if "properties" not in node else None
    if alternatives:
        return draw(by_schema(draw(st.sampled_from(alternatives)), depth + 1))
    if "properties" in node or node.get("type") == "object":
        return draw(mapping(node, depth))
    if node.get("type") == "array":
        items = node.get("items", {})
        return [draw(by_schema(items, depth + 1)) for _ in range(draw(st.integers(0, 3)))]
    known = [*node.get("enum", []), *node.get("examples", []), *([node["const"]] if "const" in node else [])]
    if known and luck != 14:
        return draw(st.sampled_from(known))
    kinds = {"string": st.sampled_from([value for value in AWKWARD if isinstance(value, str)]), "integer": st.integers(-2, 200)}
    return draw(kinds.get(str(node.get("type")), VALUES))


@st.composite
def mapping(draw: st.DrawFn, node: dict[str, Any], depth: int) -> dict[str, Any]:
    """A mapping with some of its keys, one of them misspelt now and then."""
    properties = node.get("properties", {})
    more = next(iter(node.get("patternProperties", {}).values()), node.get("additionalProperties"))
    result: dict[str, Any] = {}
    keys = list(node.get("required", []))
    if properties:
        keys += draw(st.lists(st.sampled_from(sorted(properties)), max_size=4))
    for key in keys:
        luck = draw(LUCK)
        written = key[:-1] + key[-2:-1] if luck == 13 else key
        if luck != 14:
            result[written] = draw(by_schema(properties.get(key, {}), depth + 1))
    if isinstance(more, dict) and not properties:
        for _ in range(draw(st.integers(node.get("minProperties", 0), 3))):
            result[draw(NAMES)] = draw(by_schema(more, depth + 1))
    return result


@st.composite
def wrong(draw: st.DrawFn) -> str:
    """A lifecycle by the schema, in any of YAML's styles."""
    value = draw(by_schema(schema()))
    if isinstance(value, dict) and draw(LUCK) != 13:
        value = {"apiVersion": "mlspec/v1", "kind": "Lifecycle", "metadata": {"name": "demo"}, **value}
    style = draw(st.integers(0, 5))
    if style == 0:
        text = json.dumps(value, ensure_ascii=False)
    else:
        quotes = draw(st.sampled_from([None, None, None, None, "'", '"', "|"]))  # makes the dumper write tags as well
        text = yaml.dump(
            value,
            Dumper=yaml.CSafeDumper,
            sort_keys=False,
            allow_unicode=style % 2 == 0,
            default_flow_style=style == 4 or None,
            default_style=quotes,
        )
    return text.replace("\n", "\r\n") if draw(LUCK) == 13 else text


# Sound lifecycles: they must compile to every target, or be refused in so many words.

TEXT = st.sampled_from([
    "echo", "it's", 'a "b" c', "$HOME", "a\\b", "`x`", "é中😀", "a\nb", "#", "{{ x }}", "{% x %}", "*/", "\"\"\"", "'''",
    "\u2028", "%s", "<b>",
    "a\tb", "  a ", "\\", "yes", "[a", "a: b", "- a", "${", "$$", "x" * 500,
])  # fmt: skip
PARAM = st.sampled_from(
    [
        1,
        0,
        -7,
        2.5,
        1e-9,
        10**18,
        True,
        False,
        "",
        "it's",
        "é\n😀",
        'a"b',
        [1, "a"],
        [],
        {"type": "object", "default": {"a": [None]}},
    ]
)
BODIES = st.sampled_from(["run", "run", "run", "call", "uses", "gate", "approval"])


def dumped(spec: Any) -> str:
    """As YAML in its usual style."""
    return yaml.dump(spec, Dumper=yaml.CSafeDumper, sort_keys=False, allow_unicode=True)


@st.composite
def spoilt(draw: st.DrawFn) -> str:
    """A sound lifecycle in which a few values have become something else."""
    spec = draw(lifecycle())
    for where, key, value in draw(st.lists(st.tuples(st.integers(0, 255), NAMES, VALUES), min_size=1, max_size=3)):
        places: list[tuple[Any, Any]] = []
        todo = [spec]
        while todo:
            node = todo.pop()
            items = list(node.items() if isinstance(node, dict) else enumerate(node))
            places += [(node, at) for at, _ in items]
            todo += [child for _, child in items if isinstance(child, dict | list)]
        owner, at = places[where * _SCATTER % len(places)]
        if isinstance(owner, dict) and where % 5 == 3:
            owner[key] = owner.pop(at)
        else:
            owner[at] = deepcopy(value)  # the samples are shared: one put into itself has no end
    return dumped(spec)


def sound() -> st.SearchStrategy[str]:
    """A lifecycle without errors, most of the time."""
    return lifecycle().map(dumped)


@st.composite
def lifecycle(draw: st.DrawFn) -> dict[str, Any]:
    """The data of a sound lifecycle."""
    params = {f"p{index}": draw(PARAM) for index in range(draw(st.integers(0, 3)))}
    steps: dict[str, Any] = {}
    made: list[str] = []
    for index in range(draw(st.integers(1, 5))):
        steps[f"s{index}"] = draw(step(index, made, params))
    spec: dict[str, Any] = {
        "apiVersion": "mlspec/v1",
        "kind": "Lifecycle",
        "metadata": {"name": "demo", "description": draw(TEXT)},
    }
    spec |= {"params": params, "steps": steps}
    if draw(st.booleans()):
        spec["finally"] = {"last": {"run": f"echo {draw(TEXT)!r} ${{{{ run.status }}}}".replace("'", "")}}
    if draw(st.booleans()):
        spec["on_failure"] = "continue"
    if draw(st.booleans()):
        spec["triggers"] = {"schedule": {"cron": draw(st.sampled_from(["0 3 * * 1", "*/5 0-6 1,15 * SUN", "0 0 L * *"]))}}
    if draw(st.booleans()):
        spec["environments"] = {"e": {"image": "python@sha256:" + "0" * 64, "pythonpath": ["src"]}}
        spec["defaults"] = {"environment": "e", "retry": {"limit": 1, "delay": "1s"}, "timeout": "5m"}
    return spec


@st.composite
def step(draw: st.DrawFn, index: int, made: list[str], params: dict[str, Any]) -> dict[str, Any]:
    """One step that reads what earlier ones made; adds what others can read to `made`."""
    body = draw(BODIES)
    metrics = [f"s{at}" for at in range(index) if f"s{at}.metrics" in made]
    if body == "gate" and metrics:
        return {
            "gate": [f"{draw(st.sampled_from(metrics))}.metrics.auc >= 0.5"],
            "otherwise": draw(st.sampled_from(["stop", "skip"])),
        }
    if body == "approval":
        return {"approval": {"message": f"Go? {draw(TEXT)}", "timeout": "1d"}}
    found: dict[str, Any] = {"with": {"text": draw(TEXT), "n": draw(st.integers(-5, 5))}, "description": draw(TEXT)}
    if params and draw(st.booleans()):
        found["with"]["p"] = f"${{{{ params.{draw(st.sampled_from(sorted(params)))} }}}}"
    tables = [name for name in made if name.endswith(".table")]
    if tables and draw(st.booleans()):
        found["inputs"] = {"table": draw(st.sampled_from(tables))}
    if draw(LUCK) < 4:
        found["matrix"] = {
            "k": draw(st.lists(st.sampled_from([1, 2.5, "a", True, "it's"]), min_size=1, max_size=3, unique_by=repr))
        }
    if body == "call":
        return {**found, "call": "elsewhere.module:function", "outputs": {"report": "report"}}
    if body == "uses" and tables:
        return {"uses": "data/validate", "inputs": {"data": tables[-1]}, "with": {"contract": "contract.yaml"}}
    if "matrix" not in found:
        made += [f"s{index}.table", f"s{index}.metrics"]
    read = "cat ${{ inputs.table }}; " if "inputs" in found else ""
    script = f"{read}echo ${{{{ with.text }}}} {draw(TEXT)!a} > ${{{{ outputs.table }}}}".replace("'", '"').replace('\\"', "")
    return {**found, "run": script, "outputs": {"table": "dataset", "metrics": "metrics"}}
