"""Reading one text: with libyaml and without it, the same tree, positions and findings."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from mlspec.diagnostics import Diagnostic
from mlspec.source import Node, plain, read, reader
from mlspec.source.scanner import PythonLoader

DOCUMENTS = Path(__file__).parents[2] / "diagnostics"
LOADERS = {"libyaml": yaml.CSafeLoader, "python": PythonLoader}


@pytest.fixture(params=LOADERS)
def loader(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Every test here runs with both parsers."""
    monkeypatch.setattr(reader, "LOADER", LOADERS[request.param])
    yield request.param


def value(text: str) -> Any:
    root, findings = read(text, "f")
    assert root is not None, findings
    assert findings == []
    return plain(root)


def only(text: str) -> Diagnostic:
    _, findings = read(text, "f")
    assert len(findings) == 1, findings
    return findings[0]


def shape(node: Node | None) -> Any:
    """All that a tree says: values, marks, styles and the marks of keys."""
    if node is None:
        return None
    keys = {key: child.mark for key, child in (node.keys or {}).items()}
    if isinstance(node.value, dict):
        return node.mark, keys, {key: shape(child) for key, child in node.value.items()}
    if isinstance(node.value, list):
        return node.mark, [shape(child) for child in node.value]
    return node.mark, node.style, repr(node.value)


@pytest.mark.usefixtures("loader")
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("no", "no"), ("on", "on"), ("Yes", "Yes"), ("true", True), ("TRUE", True), ("tRUE", "tRUE"), ("null", None), ("~", None),
        ("''", ""), ("0777", 777), ("0o17", 15), ("0x1F", 31), ("0x", "0x"), ("1_000", "1_000"), ("1:30", "1:30"), ("+1", 1),
        ("-0", 0), ("1.", 1.0), (".5", 0.5), (".", "."), ("1e3", 1000.0), ("1e400", float("inf")), ("-.inf", float("-inf")),
        (".INF", float("inf")), ("2027-01-01", "2027-01-01"), ("=", "="), ("1,5", "1,5"), ("９", "９"), ("9" * 401, "9" * 401),
        ('"1"', "1"), ("'true'", "true"), ("a: b: c"[:2] + "x", "a:x"), ("!", None),
    ],
)  # fmt: skip
def test_scalars_of_the_core_schema(text: str, expected: Any) -> None:
    if text == "!":
        assert only(f"k: {text} x").code == "MLS108"
        return
    found = value(f"k: {text}\n")["k"]
    assert (type(found), found) == (type(expected), expected)


@pytest.mark.usefixtures("loader")
def test_nan_is_a_number() -> None:
    assert value("k: .nan")["k"] != value("k: .nan")["k"]


@pytest.mark.usefixtures("loader")
def test_keys_are_text_as_written() -> None:
    assert value("1: a\ntrue: b\nnull: c\n~: d\n0x10: e\n") == {"1": "a", "true": "b", "null": "c", "~": "d", "0x10": "e"}


@pytest.mark.usefixtures("loader")
@pytest.mark.parametrize(
    ("text", "code", "place"),
    [
        ("a: 1\na: 2", "MLS105", (2, 1, 2, 2)),
        ("a: {b: 1, b: 2}", "MLS105", (1, 11, 1, 12)),
        ("a: !!str b", "MLS108", (1, 4, 1, 11)),
        ("a: !<x> b", "MLS108", (1, 4, 1, 10)),
        ("? [a]\n: b", "MLS107", (1, 3, 1, 6)),
        ("{a: 1}: b", "MLS107", (1, 1, 1, 7)),
        ("a: 1\n---\nb: 2", "MLS106", (2, 1, 2, 4)),
        ("a: *b", "MLS104", (1, 4, 1, 6)),
        ("a: &b [*b]", "MLS104", (1, 8, 1, 10)),
        ("a:\n\tb: 1", "MLS101", (2, 1, 2, 2)),
        ("a: [\n\t]\n\t\tb: 1", "MLS101", (3, 1, 3, 2)),
        ("a: |\n  x\n\ty", "MLS101", (3, 1, 3, 2)),
        ("a: {b: 1", "MLS101", (1, 9, 1, 10)),
        ("a: 'b", "MLS101", (1, 6, 1, 7)),
        ("a: b: c", "MLS101", (1, 5, 1, 6)),
        ("a: @b", "MLS101", (1, 4, 1, 5)),
        ("a: %b", "MLS101", (1, 4, 1, 5)),
        ("%FOO\n---\na: b", "MLS101", (1, 5, 1, 6)),
        ("a: b\n  c: d\ne: f", "MLS101", (2, 4, 2, 5)),
        ('a: "\\q"', "MLS101", (1, 5, 1, 6)),
        ('a: "\\xZZ"', "MLS101", (1, 7, 1, 8)),
        ("a: \x07", "MLS101", (1, 4, 1, 5)),
        ("a: \ufeff", "MLS101", (1, 4, 1, 5)),
        ('a: "x\\0y"', "MLS114", (1, 6, 1, 8)),
        ('a: "x\\u0000y"', "MLS114", (1, 6, 1, 12)),
        ('"x\\0y": 1', "MLS114", (1, 3, 1, 5)),
        ('a: "x\\ud800y"', "MLS114", (1, 6, 1, 13)),
        ('a: "x\\uDFFF"', "MLS114", (1, 6, 1, 12)),
        ('a: "x\\U00110000"', "MLS114", (1, 6, 1, 16)),
        ("[" * 65, "MLS103", (1, 65, 1, 66)),
        ("a: " + "[" * 64 + "]" * 64, "MLS103", (1, 67, 1, 68)),
    ],
)  # fmt: skip
def test_what_yaml_may_not_contain(text: str, code: str, place: tuple[int, int, int, int]) -> None:
    finding = only(text)
    span = finding.span
    assert finding.code == code
    if code == "MLS114" and "\\ud" not in text.lower() and "\\U" not in text:
        assert finding.message == "the character U+0000 cannot stand in a text"
    assert (span.line, span.column, span.end_line, span.end_column) == place


@pytest.mark.usefixtures("loader")
def test_a_duplicate_points_to_the_first() -> None:
    finding = only("steps: 1\nx: 2\nsteps: 3")
    assert [(related.span.line, related.span.column) for related in finding.related] == [(1, 1)]
    assert value("a: {b: 1}\nc: {b: 1}") == {"a": {"b": 1}, "c": {"b": 1}}


@pytest.mark.usefixtures("loader")
def test_an_alias_is_the_node_that_it_names() -> None:
    root, findings = read("a: &x {b: [1]}\nc: *x\nd: [*x, *x]", "f")
    assert findings == [] and root is not None
    assert root.get("c") is root.get("a") is root.get("d", 1)


@pytest.mark.usefixtures("loader")
@pytest.mark.parametrize("long", [False, True])
def test_aliases_that_blow_up_are_stopped(long: bool) -> None:
    if long:
        text = f"a: &a {'x' * 1_000_000}\nb: [{'*a, ' * 17}]"
    else:
        text = "a: &a [x]\n" + "".join(
            f"{b}: &{b} [{', '.join([f'*{a}'] * 10)}]\n" for a, b in zip("abcdef", "bcdefg", strict=True)
        )
    assert only(text).code == "MLS104"


@pytest.mark.usefixtures("loader")
def test_reading_ends_after_a_thousand_mistakes() -> None:
    root, findings = read("a: [" + "!!str b, " * 2000 + "]", "f")
    assert root is None
    assert [finding.code for finding in findings] == ["MLS108"] * 1001 + ["MLS103"]


def test_too_many_values_are_refused() -> None:
    assert only("[" + "1," * reader.MAX_NODES + "1]").code == "MLS103"
    assert len(value("[" + "1," * 1000 + "]")) == 1000


@pytest.mark.usefixtures("loader")
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("bom", ["", "\ufeff"])
def test_positions_do_not_depend_on_line_ends_or_a_byte_order_mark(end: str, bom: str) -> None:
    text = "a: b\nc:\n  - d\n  - {e: f,\n     g: 'h'}\nk: |\n  l\n  m\nn: o\n"
    plain_tree = shape(read(text, "f")[0])
    assert shape(read(bom + text.replace("\n", end), "f")[0]) == plain_tree


@pytest.mark.usefixtures("loader")
@pytest.mark.parametrize(
    ("text", "path", "place"),
    [
        ("a:\n  b: 1\n  c: 2\n\n\nd: 3", ("a",), (2, 3, 3, 7)),
        ("a:\n- b\n- c\n# note\n\nd: 3", ("a",), (2, 1, 3, 4)),
        ("a: {b: 1,\n  c: 2}\nd: 3", ("a",), (1, 4, 2, 8)),
        ("a:\nb: 1", ("a",), (1, 3, 1, 3)),
        ("b: 1\na:", ("a",), (2, 3, 2, 3)),
        ("a: {b: }", ("a", "b"), (1, 7, 1, 7)),
        ("a: {b, c: 1}", ("a", "b"), (1, 6, 1, 6)),
        ("a: []", ("a",), (1, 4, 1, 6)),
        ("a: 中文 # note", ("a",), (1, 4, 1, 6)),
        ("a: 😀😀", ("a",), (1, 4, 1, 6)),
        ("a: e\u0301e\u0301", ("a",), (1, 4, 1, 8)),
    ],
)
def test_spans(text: str, path: tuple[str, ...], place: tuple[int, int, int, int]) -> None:
    root, _ = read(text, "f")
    node = root.get(*path) if root is not None else None
    assert node is not None
    span = node.span
    assert (span.line, span.column, span.end_line, span.end_column) == place


# The two parsers against each other: every document of the tests, and what chance makes of them and of YAML's own signs.

SIGNS = [
    "a", "b: ", "- ", "\n", "\n  ", "    ", "\t", '"', "'", "|", ">", "-", "+", "2", "#", " #", "{", "}", "[", "]", ",", ":", ": ",
    "? ", "?", "&x ", "*x", "@", "`", "\\", "\\n", "\\u0041", "\\ud800", "\\0", "\n---\n", "é", "中", "😀", "\r\n", "\u2028", "\x85",
    "<<", "~", "1", ".inf", "${{ a }}", "a\u0301", " ",
]  # fmt: skip


BASES = [
    """\
# a comment
metadata: {name: demo, owners: [a@example.com, 'it''s'], labels: {tier: "1"}}
steps:
  train:
    run: |
      python train.py \\
        --depth ${{ with.depth }}

      echo done
    with: {depth: 4, text: "a\\tb \\u00e9"}
""",
    """\
steps:
- a
-   - b
    - >-
      folded
      text

        more
- ? c
  : d
- "over
  two lines"
- plain
  over two
- &x [1, 2]
- *x
""",
    "{a: {b: [c, d: e, {f}]}, g: 'h', \"i\": j, k: }\n",
]


def both(text: str, monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, Any]]:
    results = []
    for loader in LOADERS.values():
        monkeypatch.setattr(reader, "LOADER", loader)
        root, findings = read(text, "f")
        # libyaml looks further ahead: of two syntax errors in a line it may find the later one first.
        places = [(found.code, found.span.line if found.code == "MLS101" else found.span) for found in findings]
        results.append((shape(root), places))
    return results


@pytest.mark.parametrize("name", sorted(path.name for path in DOCUMENTS.glob("*/*.yaml")))
def test_both_parsers_read_a_document_alike(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    (path,) = DOCUMENTS.glob(f"*/{name}")
    libyaml, python = both(path.read_bytes().decode("utf-8", "replace"), monkeypatch)
    assert python == libyaml


@pytest.mark.parametrize("seed", range(24))
def test_both_parsers_read_anything_alike(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    chance = random.Random(seed)
    for number in range(150):
        text = "".join(chance.choice(SIGNS) for _ in range(chance.randint(1, 14)))
        if number % 2:
            text = chance.choice(BASES)
            for _ in range(chance.randint(1, 4)):
                at, gone = chance.randrange(len(text) + 1), chance.randint(0, 3)
                text = text[:at] + chance.choice(["", chance.choice(SIGNS)]) + text[at + gone :]
        libyaml, python = both(text, monkeypatch)
        assert python == libyaml, text
