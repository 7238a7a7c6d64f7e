"""Where the characters of a text stand in its file, however it is quoted."""

from __future__ import annotations

import pytest

from mlspec.diagnostics.snippet import lines_of
from mlspec.source import Node, inner_span, read, reader

MARK = "${{ x }}"

TEXTS = {
    "plain": "a: go ${{ x }} on\n",
    "plain after wide characters": "a: 中文 e\u0301 😀 ${{ x }} on\n",
    "plain over lines": "a: one\n  two ${{ x }}\n\n  three\nb: 1\n",
    "in brackets": 'a: [x, "go ${{ x }}"]\n',
    "single": "a: 'it''s ${{ x }}'\n",
    "single over lines": "a: 'it''s\n\n   o''clock ${{ x }}\n   ''now'''\n",
    "double": 'a: "\\u00e9\\n\\"\\x41\\U0001F600 ${{ x }} \\t"\n',
    "double over lines": 'a: "one \\\n  two \\n\n\n   \\ three\\\\\n  ${{ x }} four"\n',
    "literal": "a: |\n  one\n    two ${{ x }}\n\n  three\n",
    "literal after blank lines": "a: |\n\n \n  one ${{ x }}\n",
    "literal with an indentation": "a: |2-\n     one ${{ x }}\n   two\n",
    "literal with a comment": "a: |+ # note\n  one ${{ x }}\n\n",
    "literal before another key": "a: |\n  go ${{ x }}\nbcdef: 1\n",
    "folded before another key": "a: >-\n  go ${{ x }}\nbcdef: 1\n",
    "literal before a comment": "a: |\n  go ${{ x }}\n# a comment\nbcdef: 1\n",
    "literal at the very end": "a: |\n  one\n  go ${{ x }}",
    "folded": "a: >\n\n  one\n  two ${{ x }}\n\n  three\n    more\n  four\n",
    "folded and indented": "a: >-\n  one\n    two ${{ x }}\n    three\n\n\n  four\n",
    "double from the next line": 'a: "\n  go ${{ x }}\n  "\n',
    "double with a line of nothing": 'a: "one\n  \\\n  ${{ x }} four"\n',
    "key before": "? b\n: c\na: go ${{ x }}\n",
}
ENDS = {"LF": "\n", "CRLF": "\r\n"}


def node_of(text: str) -> Node:
    root, findings = read(text, "f")
    assert root is not None and findings == []
    node = root.get("a")
    assert node is not None
    return node.value[1] if isinstance(node.value, list) else node


@pytest.mark.parametrize("bom", ["", "\ufeff"])
@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize("name", TEXTS)
def test_the_words_of_a_value_are_found_in_its_file(name: str, end: str, bom: str) -> None:
    text = bom + TEXTS[name].replace("\n", ENDS[end])
    node = node_of(text)
    start = node.value.index(MARK)
    span = inner_span(node, start, start + len(MARK), text)
    assert span.line == span.end_line
    assert lines_of(text.removeprefix("\ufeff"))[span.line - 1][span.column - 1 : span.end_column - 1] == MARK


@pytest.mark.parametrize("name", TEXTS)
def test_every_letter_stands_where_it_is_said_to(name: str) -> None:
    text = TEXTS[name]
    node, lines = node_of(text), lines_of(text)
    for offset, letter in enumerate(node.value):
        span = inner_span(node, offset, offset + 1, text)
        written = lines[span.line - 1][span.column - 1 : span.end_column - 1]
        if letter not in " \n" and not written.startswith("\\"):
            assert written in (letter, letter * 2)


@pytest.mark.parametrize(
    ("text", "start", "end", "place"),
    [
        ('a: "\\x41b"', 0, 1, (1, 5, 1, 9)),
        ('a: "\\x41b"', 1, 2, (1, 9, 1, 10)),
        ("a: b", 1, 1, (1, 5, 1, 5)),
        ("a: b", 1, 2, (1, 5, 1, 5)),
        ("a: b", 0, 99, (1, 4, 1, 5)),
        ("a: |\n  one\n  two\n", 2, 5, (2, 5, 3, 4)),
        ("a: ''", 0, 1, (1, 4, 1, 6)),
        ("a: |\n\n", 0, 1, (1, 4, 3, 1)),
        ("a: 5", 0, 1, (1, 4, 1, 5)),
    ],
)
def test_places(text: str, start: int, end: int, place: tuple[int, int, int, int]) -> None:
    span = inner_span(node_of(text), start, end, text)
    assert (span.line, span.column, span.end_line, span.end_column) == place


def test_a_text_that_the_file_does_not_show_is_the_whole_scalar() -> None:
    node = node_of("a: bcd")
    assert inner_span(node, 1, 2, "something else altogether") == node.span
    assert inner_span(node, 1, 2, "") == node.span


def test_control_characters_are_found_in_their_escapes() -> None:
    assert reader.read('a: "x\\0"', "f")[1][0].span.column == 6
