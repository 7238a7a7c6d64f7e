"""The steps of a loaded spec as people look at them.

In: the models of the steps by their names. Out: the same mapping, which a terminal or a notebook shows as a table.
Owns what a row of it says; never follows a reference. Change it when a step's row should say more.
"""

from __future__ import annotations

from collections.abc import Mapping

from mlspec.spec.step import Step
from mlspec.tables import Table
from mlspec.terms import BODIES

_HEAD = ("step", "stage", "does", "reads", "makes")
_LONGEST = 60


class Steps(Table[Step]):
    """Step name to its model, in the order of the spec.

    >>> import mlspec
    >>> spec = mlspec.load("mlspec.yaml")           # doctest: +SKIP
    >>> spec.steps["train"].outputs                 # doctest: +SKIP
    {'model': 'model'}
    """

    def __init__(self, steps: Mapping[str, Step]) -> None:
        super().__init__(f"{len(steps)} step{'' if len(steps) == 1 else 's'}", _HEAD, steps, _row)


def _row(name: str, step: Step) -> tuple[str, ...]:
    body = next((key for key in BODIES if getattr(step, key) is not None), "")
    reads = dict.fromkeys([*(_source(source) for source in step.inputs.values()), *step.needs])
    return name, step.stage, f"{body} {_logic(step, body)}".rstrip(), ", ".join(reads), ", ".join(step.outputs)


def _logic(step: Step, body: str) -> str:
    """What the body says, on one short line."""
    value = getattr(step, body, None)
    text = (
        step.approval.message
        if step.approval is not None
        else " and ".join(value)
        if isinstance(value, list)
        else str(value or "")
    )
    first, *more = text.strip().splitlines() or [""]
    return first if len(first) <= _LONGEST and not more else f"{first[:_LONGEST].rstrip()} …"


def _source(source: object) -> str:
    parts = source if isinstance(source, list) else [source]
    return ", ".join(_place(part) for part in parts)


def _place(part: object) -> str:
    """An address, a path or a URI; of several outputs each."""
    if several := getattr(part, "any", None):
        return " or ".join(several)
    return next((str(found) for name in ("address", "path", "uri") if (found := getattr(part, name, None))), str(part))
