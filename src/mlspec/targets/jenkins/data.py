"""Steps as data, for a plan too large to have a stage for each.

In: a plan and its levels. Out: Groovy literals that hold JSON: the steps in the order of the plan, and how they are arranged.
Owns the form of both and how much a literal holds; the Groovy that reads them stands in `data.groovy.j2`. No step's lines say
anything of its neighbours, so that they do not change with them. Change it when steps as data should say more.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from mlspec.expr.values import compact
from mlspec.invocation.arguments import Option
from mlspec.ir.model import Plan, Step
from mlspec.targets.jenkins.groovy import LITERAL_LIMIT, block, modified_utf8
from mlspec.targets.jenkins.levels import Level
from mlspec.targets.jenkins.process import needs_of, process_options
from mlspec.targets.jenkins.settings import settings_of

NEXT_CHAIN, NEXT_LEVEL = "|", "---"
"""What parts the names of steps in the arrangement; no step has such a name."""
_NAMES_IN_A_LINE = 50


def data_of(plan: Plan, levels: Sequence[Level]) -> dict[str, Any]:
    """Return the literals, by their names in the template."""
    return {
        "uses_not_built": True,
        "chunks": list(_chunks([entry_of(plan, step) for step in plan.steps], "\n\n")),
        "final_chunks": list(_chunks([entry_of(plan, step) for step in plan.finals], "\n\n")),
        "arrangement": list(_chunks(list(_arrangement(levels)), "\n")),
    }


def entry_of(plan: Plan, step: Step) -> str:
    """A step as JSON, one option a line."""
    process = process_options(plan, step)
    head: dict[str, Any] = {"step": step.id, "needs": needs_of(plan, step)}
    if step.run_if != "success":
        head["run_if"] = step.run_if
    if settings := settings_of(plan, step):
        head["settings"] = settings
    if process.environment is not None:
        head["environment"] = process.environment
    entry = compact(head)[:-1]
    if process.items is not None:
        entry += f',"items":{_option_lines(process.items)}'
    return f'{entry},"options":{_option_lines(process.own)}}}'


def _option_lines(options: Sequence[Option]) -> str:
    lines = ",\n".join("  " + ", ".join(map(compact, option)) for option in options)
    return f"[\n{lines}]" if lines else "[]"


def _arrangement(levels: Sequence[Level]) -> Iterator[str]:
    """The names of the steps, a line a chain."""
    for rank, level in enumerate(levels, 1):
        for number, chain in enumerate(level.chains, 1):
            names = [step.id for step in chain.steps]
            if number < len(level.chains):
                names.append(NEXT_CHAIN)
            elif rank < len(levels):
                names.append(NEXT_LEVEL)
            for start in range(0, len(names), _NAMES_IN_A_LINE):
                yield compact(names[start : start + _NAMES_IN_A_LINE])


def _chunks(documents: Sequence[str], separator: str) -> Iterator[str]:
    """Literals that hold as many JSON documents each as a string constant takes: no list, in which commas come and go."""
    chunk: list[str] = []
    size = 0
    for document in documents:
        cost = modified_utf8(document) + len(separator)
        if chunk and size + cost > LITERAL_LIMIT:
            yield block(separator.join(chunk) + "\n")
            chunk, size = [], 0
        chunk.append(document)
        size += cost
    if chunk:
        yield block(separator.join(chunk) + "\n")
