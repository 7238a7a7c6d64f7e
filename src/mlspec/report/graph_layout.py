"""Where the steps of a plan stand in a picture: columns by level, few crossings, edges around boxes.

In: a plan. Out: boxes and routes in abstract units (a column, a row). Owns the layered layout: long edges pass through empty
places of the columns between, rows are sorted by the middle of their neighbours. Never draws.
Change it when pictures are hard to read.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from mlspec.ir import graph
from mlspec.ir.model import Plan

_SWEEPS = 8
_Key = tuple[str, str] | tuple[str, str, int]


@dataclass(frozen=True, slots=True)
class Point:
    """A place: the column counts from 0 on the left, the row from the middle of the picture, in halves."""

    column: int
    row: float


@dataclass(frozen=True, slots=True)
class Layout:
    """Steps by id, and for each drawn edge the places it passes, both ends included."""

    boxes: Mapping[str, Point]
    routes: Mapping[tuple[str, str], tuple[Point, ...]]
    columns: int
    rows: float


def layout(plan: Plan) -> Layout:
    """Lay out the steps of `plan` (not its `finally` steps); only edges that no longer way makes needless are drawn."""
    return layered([step.id for step in plan.steps], {step.id: step.upstream for step in plan.steps})


def layered(ids: Sequence[str], upstream: Mapping[str, Collection[str]]) -> Layout:
    """Lay out any graph without a cycle; `ids` come after what is `upstream` of them."""
    above = graph.reduced(ids, upstream)
    level = {step: number for number, column in enumerate(graph.levels(ids, upstream)) for step in column}
    columns: list[list[_Key]] = [[] for _ in range(max(level.values(), default=-1) + 1)]
    neighbours: dict[_Key, list[_Key]] = {}
    chains: dict[tuple[str, str], list[_Key]] = {}
    for step in ids:
        columns[level[step]].append(("box", step))
        neighbours[("box", step)] = []
    for step in ids:
        for other in above[step]:
            chain: list[_Key] = [("box", other)]
            for number in range(level[other] + 1, level[step]):
                bend: _Key = (other, step, number)
                columns[number].append(bend)
                neighbours[bend] = []
                chain.append(bend)
            chain.append(("box", step))
            chains[other, step] = chain
            for left, right in pairwise(chain):
                neighbours[left].append(right)
                neighbours[right].append(left)
    _untangle(columns, neighbours)
    places = _places(columns)
    boxes = {step: places["box", step] for step in ids}
    routes = {edge: tuple(places[key] for key in chain) for edge, chain in chains.items()}
    return Layout(boxes, routes, len(columns), max((len(column) for column in columns), default=0))


def _untangle(columns: Sequence[list[_Key]], neighbours: Mapping[_Key, Sequence[_Key]]) -> None:
    """Sort each column by the mean place of its neighbours in the column swept from, forth and back."""
    for sweep in range(_SWEEPS):
        forth = sweep % 2 == 0
        for number in range(1, len(columns)) if forth else range(len(columns) - 2, -1, -1):
            beside = _rows(columns[number - 1 if forth else number + 1])
            own = _rows(columns[number])

            def middle(key: _Key, beside: Mapping[_Key, float] = beside, own: Mapping[_Key, float] = own) -> float:
                rows = [beside[other] for other in neighbours[key] if other in beside]
                return sum(rows) / len(rows) if rows else own[key]

            columns[number].sort(key=middle)


def _rows(column: Sequence[_Key]) -> dict[_Key, float]:
    """Rows of one column, counted from its middle."""
    return {key: row - (len(column) - 1) / 2 for row, key in enumerate(column)}


def _places(columns: Sequence[Sequence[_Key]]) -> dict[_Key, Point]:
    return {key: Point(number, row) for number, column in enumerate(columns) for key, row in _rows(column).items()}
