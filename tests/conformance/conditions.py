"""Draws conditions, of gates and of `when`.

In: a lifecycle while it is drawn. Out: conditions on what the step can read. Owns which comparisons are drawn for which kind of
value; never what they come to. Change it when conditions can say something new.
"""

from __future__ import annotations

from typing import Any

from tests.conformance.drawing import Drawing
from tests.conformance.drawn import DATES, Condition
from tests.conformance.graph import read_in
from tests.conformance.texts import numbers, texts


def condition(
    drawing: Drawing, own: dict[str, list[Any]] | None = None, *, reads: bool = True, final: bool = False
) -> Condition:
    """A condition on params, on `own` (addresses of this instance, and values that each may have) and, if it `reads`, on steps."""
    atoms = apart([_atom(drawing, own or {}, reads, final) for _ in range(drawing.one(1, 1, 1, 2))])
    made = atoms[0] if len(atoms) == 1 else [drawing.one("and", "or"), *atoms]
    return ["not", made] if drawing.chance(12) else made


def _atom(drawing: Drawing, own: dict[str, list[Any]], reads: bool, final: bool) -> Condition:
    kinds = {
        f"params.{name}": {"integer": "number"}.get(param["type"], param["type"]) for name, param in drawing.params.items()
    }
    if reads:
        kinds |= {address: kind for one in drawing.sources for address, kind in one.kinds.items()}
    kinds |= {"run.status": "status"} if final else {}
    literal = ("null.", "true.", "in.")  # in a condition these words are no steps
    usable = [one for one, kind in kinds.items() if kind not in ("any", "object") and not one.startswith(literal)]
    if own and (not usable or drawing.chance(50)):
        address = drawing.one(*own)
        return ["compare", address, drawing.one("==", "!="), drawing.one(*own[address])]
    if not usable or drawing.chance(8):
        return drawing.one(["compare", "run.id", "!=", ""], *(["size", date, len(form)] for date, form in DATES.items()))
    address = drawing.one(*usable)
    match kinds[address]:
        case "number" | "nan" | "missing":
            return ["compare", address, drawing.one("<", "<=", ">", ">=", "==", "!="), drawing.draw(numbers)]
        case "string":
            return ["compare", address, drawing.one("==", "!="), drawing.draw(texts)]
        case "boolean":
            return ["holds", address]
        case "status":
            return ["compare", address, "==", drawing.one("failed", "succeeded")]
    return ["size", address, drawing.one(0, 1, 2, 3)]


def apart(conditions: list[Condition]) -> list[Condition]:
    """Leave out what reads the same as the one before: mlspec refuses conditions that can never hold together."""
    kept: list[Condition] = []
    for condition in conditions:
        if not set(read_in(condition)).intersection(address for other in kept for address in read_in(other)):
            kept.append(condition)
    return kept
