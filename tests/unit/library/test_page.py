import math

import pytest

from mlspec.library.page import curve, figure, page, table, text


def test_everything_is_escaped():
    hostile = "<script>&\"'"
    made = page(hostile, [text(hostile), table(hostile, [hostile], [[hostile]]), curve(hostile, hostile, hostile, [(0, 0)])])
    assert "<script>" not in made
    assert made.count("&lt;script&gt;") == 10


@pytest.mark.parametrize(("value", "shown"), [(3, "3"), (0.12345, "0.1235"), (math.nan, "–"), ("a", "a"), (True, "True")])
def test_figures(value, shown):
    assert figure(value) == shown


def test_labels_of_data_are_shown_without_controls():
    made = page("a\x1b", [text("\u202eb"), table("c\x9b", ["d\r"], [["e\u2066"]]), curve("f\0", "g\x07", "h\x7f", [(0, 0)])])
    for obeyed in "\x1b\u202e\x9b\r\u2066\0\x07\x7f":
        assert obeyed not in made
    assert text("deux\u00a0mots") == "<p>deux\u00a0mots</p>"
