"""HTML reports: one small self-contained page, the same bytes for the same figures.

In: titles, tables and points. Out: HTML text. Owns look and escaping; never computes a metric, never links outside.
Standard library only. Change it when reports should show something new.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from html import escape as _escaped

from mlspec.diagnostics.printable import harmless

_STYLE = (
    "body{font:15px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#1b1f24}"
    "h1{font-size:1.5rem}h2{font-size:1.1rem;margin-top:2rem}table{border-collapse:collapse;margin:.5rem 0}"
    "th,td{padding:.25rem .75rem;border-bottom:1px solid #d0d7de;text-align:right}"
    "th:first-child,td:first-child{text-align:left}.curves{display:flex;flex-wrap:wrap;gap:2rem}"
    "svg{font:11px system-ui,sans-serif}p{max-width:45rem}"
)
_SIDE, _MARGIN = 240, 40


def page(title: str, sections: Iterable[str]) -> str:
    """Return a whole page; sections are HTML made by the other functions here."""
    return (
        f'<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>\n'
        f"<style>{_STYLE}</style></head><body>\n<h1>{escape(title)}</h1>\n" + "\n".join(sections) + "\n</body></html>\n"
    )


def text(words: str) -> str:
    """Return a paragraph."""
    return f"<p>{escape(words)}</p>"


def table(heading: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return a heading and a table below it; numbers are rounded to four decimals."""
    head = "".join(f"<th>{escape(name)}</th>" for name in columns)
    body = "\n".join("<tr>" + "".join(f"<td>{escape(figure(cell))}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<h2>{escape(heading)}</h2>\n<table><thead><tr>{head}</tr></thead><tbody>\n{body}\n</tbody></table>"


def figure(value: object) -> str:
    """Return a cell's text: whole numbers as they are, others with four decimals, NaN as a dash."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return str(value)
    if isinstance(value, int):
        return str(value)
    return "–" if math.isnan(value) else f"{value:.4f}"


def curves(*drawings: str) -> str:
    """Return drawings side by side."""
    return '<div class="curves">' + "\n".join(drawings) + "</div>"


def curve(heading: str, across: str, up: str, points: Sequence[tuple[float, float]]) -> str:
    """Return a line through points of the unit square, with its diagonal for comparison."""
    path = " ".join(f"{_x(x):.1f},{_y(y):.1f}" for x, y in points)
    ticks = "".join(
        f'<text x="{_x(value):g}" y="{_y(0) + 14:g}" text-anchor="middle">{value:g}</text>'
        f'<text x="{_x(0) - 5:g}" y="{_y(value) + 4:g}" text-anchor="end">{value:g}</text>'
        for value in (0, 0.5, 1)
    )
    size = _SIDE + _MARGIN + 10
    return (
        f'<figure><figcaption>{escape(heading)}</figcaption><svg width="{size}" height="{size}" role="img" '
        f'aria-label="{escape(heading)}"><rect x="{_MARGIN}" y="10" width="{_SIDE}" height="{_SIDE}" fill="none" '
        f'stroke="#d0d7de"/><line x1="{_x(0):g}" y1="{_y(0):g}" x2="{_x(1):g}" y2="{_y(1):g}" stroke="#8c959f" '
        f'stroke-dasharray="4"/><polyline fill="none" stroke="#0969da" stroke-width="2" points="{path}"/>{ticks}'
        f'<text x="{_x(0.5):g}" y="{size - 8}" text-anchor="middle">{escape(across)}</text>'
        f'<text x="12" y="{_y(0.5):g}" text-anchor="middle" transform="rotate(-90 12 {_y(0.5):g})">{escape(up)}</text>'
        "</svg></figure>"
    )


def _x(value: float) -> float:
    return _MARGIN + _SIDE * value


def _y(value: float) -> float:
    return 10 + _SIDE * (1 - value)


def escape(words: str) -> str:
    """Text in an element or an attribute: labels and names of columns come from data."""
    return _escaped(harmless(words))
