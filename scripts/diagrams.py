"""Mermaid flowcharts as SVG pictures, so that the site needs no script from elsewhere to show them.

In: the text of a flowchart as mlspec and `scripts/rooms.py` write it: nodes `a["A"]`, arrows `a --> b`. Out: SVG that takes the colours
of the page. Owns the drawing; where boxes stand is `report.graph_layout`'s. GitHub draws the same text itself.
"""

from __future__ import annotations

import re
from graphlib import TopologicalSorter
from html import escape

from mlspec.report.graph_layout import Point, layered

_NODE = re.compile(r"^\s*(\w+)[\[{(]+\"([^\"]*)\"[\])}]+", re.MULTILINE)
_ARROW = re.compile(r"^\s*(\w+) --> (\w+)\s*$", re.MULTILINE)
WIDTH, HEIGHT, GAP_X, GAP_Y, MARGIN = 104, 28, 18, 34, 10


def svg(flowchart: str) -> str:
    """The picture, from the top down."""
    names = dict(_NODE.findall(flowchart))
    upstream: dict[str, list[str]] = {name: [] for name in names}
    for above, below in _ARROW.findall(flowchart):
        upstream[below].append(above)
    placed = layered(list(TopologicalSorter(upstream).static_order()), upstream)
    width = 2 * MARGIN + placed.rows * (WIDTH + GAP_X) - GAP_X
    height = 2 * MARGIN + placed.columns * (HEIGHT + GAP_Y) - GAP_Y
    parts = [
        f'<div class="diagram"><svg viewBox="0 0 {width:g} {height:g}" width="{width:g}" height="{height:g}" role="img">',
        '<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">',
        '<path class="tip" d="M0 0 8 4 0 8z"/></marker></defs>',
    ]
    parts += [_edge([_at(point, width / 2) for point in route]) for route in placed.routes.values()]
    parts += [_box(names[name], *_at(point, width / 2)) for name, point in placed.boxes.items()]
    return "".join([*parts, "</svg></div>"])


def _at(point: Point, middle: float) -> tuple[float, float]:
    """The middle of a box, and its upper edge."""
    return middle + point.row * (WIDTH + GAP_X), MARGIN + point.column * (HEIGHT + GAP_Y)


def _box(name: str, x: float, y: float) -> str:
    box = f'<rect class="box" x="{x - WIDTH / 2:g}" y="{y:g}" width="{WIDTH}" height="{HEIGHT}"/>'
    return f'{box}<text class="name" x="{x:g}" y="{y + HEIGHT / 2 + 4:g}">{escape(name)}</text>'


def _edge(points: list[tuple[float, float]]) -> str:
    """A smooth line from the lower edge of the first box through the places between to the upper edge of the last."""
    x, y = points[0][0], points[0][1] + HEIGHT
    path = f"M{x:g} {y:g}"
    for number, (column, top) in enumerate(points[1:], 1):
        bend = (y + top) / 2
        path += f" C{x:g} {bend:g} {column:g} {bend:g} {column:g} {top:g}"
        x, y = column, top
        if number < len(points) - 1:
            y += HEIGHT
            path += f" V{y:g}"
    return f'<path class="edge" marker-end="url(#tip)" d="{path}"/>'
