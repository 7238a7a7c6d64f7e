"""A graph of steps as an SVG picture, left to right, light or dark as the reader's system is.

In: boxes, and what is upstream of each. Out: SVG text that needs nothing else. Owns sizes, colours and the escaping of labels; what a
box says is decided by `plan_svg` and `run_svg`. Never decides where a step stands (see `graph_layout`).
Change it when pictures should look different.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from xml.sax import saxutils

from mlspec.diagnostics.printable import visible
from mlspec.report.graph_layout import Point, layered

WIDTH, HEIGHT = 196, 50
_GAP_X, _GAP_Y, _MARGIN = 48, 20, 20
_LABEL, _DETAIL = 22, 25
_SMALLEST = 0.62
"""How much a page may shrink it before it has to be scrolled."""

_STYLE = """
.box { stroke-width: 1.5; rx: 8px }
.data { fill: #e0f2fe; stroke: #0369a1 } .model { fill: #dcfce7; stroke: #15803d } .service { fill: #fef3c7; stroke: #b45309 }
.decides { stroke-dasharray: 6 3 }
.name { font: 600 13px system-ui, sans-serif; fill: #0f172a } .detail { font: 11px ui-monospace, monospace; fill: #475569 }
.edge { fill: none; stroke: #94a3b8; stroke-width: 1.5 } .tip { fill: #94a3b8 }
.title { font: 600 12px system-ui, sans-serif; fill: #64748b }
.succeeded { fill: #dcfce7; stroke: #15803d } .failed { fill: #fee2e2; stroke: #b91c1c; stroke-width: 2.5 }
.running { fill: #dbeafe; stroke: #1d4ed8 } .skipped, .blocked, .pending { fill: #f1f5f9; stroke: #94a3b8 }
@media screen and (prefers-color-scheme: dark) {
  .data { fill: #0c4a6e; stroke: #38bdf8 } .model { fill: #14532d; stroke: #4ade80 } .service { fill: #713f12; stroke: #fbbf24 }
  .name { fill: #f8fafc } .detail { fill: #cbd5e1 } .edge { stroke: #64748b } .tip { fill: #64748b } .title { fill: #94a3b8 }
  .succeeded { fill: #14532d; stroke: #4ade80 } .failed { fill: #7f1d1d; stroke: #f87171 }
  .running { fill: #1e3a8a; stroke: #60a5fa } .skipped, .blocked, .pending { fill: #1e293b; stroke: #64748b }
}
"""


@dataclass(frozen=True, slots=True)
class Box:
    """A step in the picture: two lines, what is said when one points at it, and the classes of its look."""

    id: str
    name: str
    detail: str
    title: str
    look: str
    upstream: tuple[str, ...] = ()


def draw(title: str, boxes: Sequence[Box], finals: Sequence[Box] = ()) -> str:
    """Return the picture: boxes in columns by level, `finally` steps below."""
    by_id = {box.id: box for box in boxes}
    placed = layered(list(by_id), {box.id: box.upstream for box in boxes})
    width = 2 * _MARGIN + max(placed.columns, len(finals), 1) * (WIDTH + _GAP_X) - _GAP_X
    graph_height = max(placed.rows, 1) * (HEIGHT + _GAP_Y) - _GAP_Y
    height = 2 * _MARGIN + graph_height + (HEIGHT + 48 if finals else 0)
    middle = _MARGIN + graph_height / 2
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" width="{width:g}" height="{height:g}" '
        f'style="min-width:{width * _SMALLEST:g}px" role="img">',
        f"<title>{escape(title)}</title>",
        f"<style>{_STYLE}</style>",
        '<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">'
        '<path class="tip" d="M0 0 8 4 0 8z"/></marker></defs>',
    ]
    parts += [_edge([_at(point, middle) for point in route]) for route in placed.routes.values()]
    parts += [_box(by_id[step], *_at(point, middle)) for step, point in placed.boxes.items()]
    if finals:
        top = 2 * _MARGIN + graph_height
        parts.append(f'<text class="title" x="{_MARGIN}" y="{top + 8:g}">finally</text>')
        parts += [_box(box, _MARGIN + number * (WIDTH + _GAP_X), top + 20 + HEIGHT / 2) for number, box in enumerate(finals)]
    return "\n".join([*parts, "</svg>"]) + "\n"


def escape(text: str) -> str:
    """Text in an element; XML has no way to write most control characters."""
    return saxutils.escape(visible(text))


def _at(point: Point, middle: float) -> tuple[float, float]:
    """The left end and the middle of a box."""
    return _MARGIN + point.column * (WIDTH + _GAP_X), middle + point.row * (HEIGHT + _GAP_Y)


def _box(box: Box, x: float, y: float) -> str:
    return (
        f"<g><title>{escape(box.title)}</title>"
        f'<rect class="box {box.look}" x="{x:g}" y="{y - HEIGHT / 2:g}" width="{WIDTH}" height="{HEIGHT}"/>'
        f'<text class="name" x="{x + 12:g}" y="{y - 4:g}">{escape(_short(box.name, _LABEL))}</text>'
        f'<text class="detail" x="{x + 12:g}" y="{y + 14:g}">{escape(_short(box.detail, _DETAIL))}</text></g>'
    )


def _edge(points: list[tuple[float, float]]) -> str:
    """A smooth line from the right end of the first box through the places between to the left end of the last."""
    x, y = points[0][0] + WIDTH, points[0][1]
    path = f"M{x:g} {y:g}"
    for number, (left, row) in enumerate(points[1:], 1):
        bend = (x + left) / 2
        path += f" C{bend:g} {y:g} {bend:g} {row:g} {left:g} {row:g}"
        x, y = left, row
        if number < len(points) - 1:
            x += WIDTH
            path += f" H{x:g}"
    return f'<path class="edge" marker-end="url(#tip)" d="{path}"/>'


def _short(text: str, length: int) -> str:
    return text if len(text) <= length else text[: length - 1] + "…"
