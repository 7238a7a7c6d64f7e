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
