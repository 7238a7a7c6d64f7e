"""Which steps of a drawn lifecycle stand above which.

In: drawn steps. Out: names of steps. Owns where a step may read another one; never what it reads there (see `reading`). Change it
when a step can read another one in a new place.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from tests.conformance.drawn import Condition, Step, Tree


def upstream(step: Step) -> list[str]:
    """The direct upstream of a step: what it needs, and what it reads anywhere."""
    return list(dict.fromkeys(name_of(root) for group in roots(step) for root in group))


def roots(step: Step) -> list[tuple[str, ...]]:
    """The same, an instance that it reads alone by its id, and together those of which one is enough."""
    addresses = [source for source in step.get("inputs", {}).values() if isinstance(source, str)]
    addresses += [*_in_tree(step.get("values", {})), *_in_tree(step.get("env", {})), *step.get("prints", [])]
    addresses += [step["foreach"]] if isinstance(step.get("foreach"), str) else []
    for condition in [*([step["when"]] if "when" in step else []), *step.get("gate", [])]:
        addresses += read_in(condition)
    own = ("params", "run", "matrix", "item")
    alone = [*(root for root in map(root_of, addresses) if root not in own), *step.get("needs", [])]
    alone += [step["each"]] if "each" in step else []
    several = [source["any"] for source in step.get("inputs", {}).values() if isinstance(source, dict) and "any" in source]
    return list(dict.fromkeys([*((root,) for root in alone), *(tuple(map(root_of, each)) for each in several)]))


def root_of(address: str) -> str:
    """What an address begins with: a name, or the id of an instance."""
    found = re.match(r"\w+(\[[^\]]*\])?", address)
    return found[0] if found else ""


def name_of(root: str) -> str:
    """The step's name."""
    return root.partition("[")[0]


def fan_of(steps: Mapping[str, Step], name: str) -> str | None:
    """The step over whose matrix or list the instances of a step go; None of one that has none."""
    while "each" in steps.get(name, {}):
        name = steps[name]["each"]
    return name if name in steps and ("matrix" in steps[name] or "foreach" in steps[name]) else None


def all_above(steps: Mapping[str, Step], name: str) -> set[str]:
    """Everything that must end before the step `name` can start."""
    found: set[str] = set()
    todo = [name]
    while todo:
        for other in upstream(steps[todo.pop()]):
            if other not in found:
                found.add(other)
                todo.append(other)
    return found


def _in_tree(tree: Tree) -> list[str]:
    match tree:
        case {"$": str(address)}:
            return [address]
        case dict():
            return [address for value in tree.values() for address in _in_tree(value)]
        case list():
            return [address for value in tree for address in _in_tree(value)]
    return []


def read_in(condition: Condition) -> list[str]:
    """The addresses of a condition."""
    if condition[0] in ("and", "or", "not"):
        return [address for inner in condition[1:] for address in read_in(inner)]
    return [condition[1]]
