"""Matrices: what is drawn of them, and the combinations they come to.

In: a step, while it is drawn or when it runs. Out: its `matrix`, `exclude` and `include`; a mapping of values for each instance, and
its id. Owns a second reading of what combinations there are. Change it when a matrix can say something new.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

from hypothesis import strategies as st

from tests.conformance.drawing import Drawing
from tests.conformance.drawn import Step, text_of
from tests.conformance.texts import numbers, texts

Row = dict[str, Any]
FIELD = "x"
"""What each mapping has a field of."""


def draw_matrix(drawing: Drawing, step: Step) -> None:
    """One or two keys; in some steps with mappings, combinations left out, and others added."""
    scalars = st.one_of(numbers, texts.filter(lambda text: len(text) < 20), st.booleans())
    keys = drawing.draw(st.lists(st.sampled_from(["depth", "loss", "K", "class"]), min_size=1, max_size=2, unique=True))
    mapped = drawing.one(*keys) if drawing.chance(25) else None
    mappings = st.fixed_dictionaries({FIELD: scalars}, optional={"y z": scalars})
    kinds = {key: mappings if key == mapped else scalars for key in keys}
    step["matrix"] = {key: drawing.draw(st.lists(kinds[key], min_size=1, max_size=2, unique_by=text_of)) for key in keys}
    if drawing.chance(20):
        row = {key: drawing.draw(kinds[key]) for key in keys}
        if not any(
            all(text_of(row[key]) == text_of(other[key]) or _same(row[key], other[key]) for key in row) for other in rows(step)
        ):
            step["include"] = [row]
    if len(keys) == 2 and drawing.chance(20):
        step["exclude"] = [drawing.one(*({key: row[key] for key in keys[: drawing.one(1, 2)]} for row in _lists(step)))]
        if not rows(step):
            del step["exclude"]


def rows(step: Step) -> list[Row]:
    """The values of each instance, in order."""
    kept = [row for row in _lists(step) if not any(_has(row, entry) for entry in step.get("exclude", []))]
    return [*kept, *step.get("include", [])]


def ids(name: str, step: Step) -> Iterator[tuple[str, Row]]:
    """The id of each instance, and its values."""
    known = {key: [text_of(value) for value in elements(step, key)] for key in step["matrix"]}
    for row in rows(step):
        texts_ = (
            str(known[key].index(text_of(value))) if isinstance(value, dict) else text_of(value) for key, value in row.items()
        )
        yield f"{name}[{','.join(f'{key}={text}' for key, text in zip(row, texts_, strict=True))}]", row


def addressable(row: Row) -> bool:
    """Whether the id of an instance can stand in an address."""
    texts_ = [text_of(value) for value in row.values() if not isinstance(value, dict)]
    return all(text.isprintable() and text == text.strip() and not set(text) & set("[]{},") for text in texts_)


def elements(step: Step, key: str) -> list[Any]:
    """The values of a key; those that mappings have of a field under `key.x`."""
    key, _, field = key.partition(".")
    found = [*step["matrix"][key], *(row[key] for row in step.get("include", []))]
    return [value[field] for value in found] if field else found


def addresses(step: Step) -> list[str]:
    """What instances can read, without `matrix.`."""
    return [key if not isinstance(values[0], dict) else f"{key}.{FIELD}" for key, values in step.get("matrix", {}).items()]


def _lists(step: Step) -> list[Row]:
    return [dict(zip(step["matrix"], values, strict=True)) for values in itertools.product(*step["matrix"].values())]


def _has(row: Row, entry: Row) -> bool:
    return all(_same(row[key], value) for key, value in entry.items())


def _same(one: Any, other: Any) -> bool:
    numbers_ = all(isinstance(value, int | float) and not isinstance(value, bool) for value in (one, other))
    return bool(one == other) if numbers_ else type(one) is type(other) and text_of(one) == text_of(other)
