"""Runs side by side as one HTML page.

In: a `Comparison`. Out: a page that needs nothing else. Owns what the page says; its look and its escaping are `page`'s.
Change it when the page should say more.
"""

from __future__ import annotations

from mlspec.history.comparison import Comparison
from mlspec.report.page import page


def render(found: Comparison) -> str:
    """Return the page."""
    return page("comparison", found=found)
