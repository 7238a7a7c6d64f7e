"""Which steps of a drawn lifecycle stand above which.

In: drawn steps. Out: names of steps. Owns where a step may read another one; never what it reads there (see `reading`). Change it
when a step can read another one in a new place.
"""

from __future__ import annotations

from collections.abc import Mapping

from tests.conformance.drawn import Condition, Step, Tree


def upstream(step: Step) -> list[str]:
    """The direct upstream of a step: what it needs, and what it reads anywhere."""
    addresses = [source for source in step.get("inputs", {}).values() if isinstance(source, str)]
    addresses += [*_in_tree(step.get("values", {})), *step.get("prints", [])]
    addresses += [step["foreach"]] if isinstance(step.get("foreach"), str) else []
    for condition in [*([step["when"]] if "when" in step else []), *step.get("gate", [])]:
        addresses += _in_condition(condition)
    own = ("params", "run", "matrix", "item")
    read = [address.split(".")[0] for address in addresses]
    return list(dict.fromkeys([*(name for name in read if name not in own), *step.get("needs", [])]))


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


def _in_condition(condition: Condition) -> list[str]:
    if condition[0] in ("and", "or", "not"):
        return [address for inner in condition[1:] for address in _in_condition(inner)]
    return [condition[1]]
