"""A spec without its mistakes of form, so that those of meaning are found in the same go.

In: a tree that did not validate, and why. Out: a tree in which every wrong part was renamed, replaced or left out; None where
that would let names vanish that others read, and findings be made up. Owns which parts can be done without; never reports.
Change it when one mistake hides others, or when recovery makes up a finding.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from mlspec.diagnostics import Diagnostic
from mlspec.source import Node

MAX_RECOVERED = 200
"""Mistakes of form beside which no others are looked for: each costs a copy of what is around it."""

_SUGGESTED = re.compile(r"did you mean `([\w/.-]+)`\?")
_POLICIES = frozenset({"timeout", "retry", "resources", "cache", "parallel", "description", "environment", "secrets"})
"""Keys of a step that no other part of the spec hangs on; nor does one hang on what a step says to a target, `x-…`."""
_SECTIONS = frozenset(
    {"governance", "triggers", "notifications", "policies", "lint", "tracking", "lineage", "store", "defaults", "targets"}
)
_STAND_INS = {"apiVersion": "mlspec/v1", "kind": "Lifecycle", "metadata": {"name": "unnamed"}, "on_failure": "continue"}
"""What stands for a wrong or missing value at the top: `continue` refuses the least."""
_NAMED = ("steps", "finally")


def recover(root: Node, findings: Sequence[Diagnostic]) -> Node | None:
    """Return `root` without what `findings` are about; None where one of them cannot be done without."""
    recovered: Node | None = root if len(findings) <= MAX_RECOVERED else None
    for finding in findings:
        if recovered is None:
            return None
        recovered = _recovered(recovered, finding)
    return recovered


def _recovered(root: Node, finding: Diagnostic) -> Node | None:
    path = tuple(finding.path.split("."))
    suggested = _SUGGESTED.fullmatch(finding.hint or "")
    if path[0] in _STAND_INS:
        return _with(root, path[:1], _node(_STAND_INS[path[0]], root))
    if path[0] in _SECTIONS:
        return _with(root, path[:1], None)
    if finding.code == "MLS201":
        return _renamed(root, path, suggested[1] if suggested else None)
    if finding.code == "MLS204" and suggested:
        return _with(root, path, _node(suggested[1], root))
    step = path[:3] if path[0] == "monitor" else path[:2]
    rest = path[len(step) :]
    if len(step) < 2 or step[-2] not in _NAMED or not rest:
        return None
    if rest[0] == "stage":
        return _with(root, (*step, "stage"), _node("model", root))  # left out it would be asked for
    if rest[0] in _POLICIES or rest[0].startswith("x-"):
        return _with(root, (*step, rest[0]), None)
    if rest[0] == "approval":
        return _with(root, (*step, "approval"), _node({"message": "?"}, root))
    return _ordered(root, path) if rest == ("needs",) else None


def _ordered(root: Node, path: tuple[str, ...]) -> Node | None:
    """The name of one step is a list of one."""
    node = root.get(*path)
    if node is None or not isinstance(node.value, str) or " " in node.value:
        return None
    return _with(root, path, Node([node], node.file, node.start, node.end))


def _renamed(root: Node, path: tuple[str, ...], name: str | None) -> Node | None:
    """Call an unknown key what it was meant to be; leave it out where that is not known, or is there already."""
    owner = root.get(*path[:-1])
    value = root.get(*path)
    if owner is None or value is None:
        return None
    without = _with(root, path, None)
    if without is None or name is None or name in owner.value:
        return without
    return _with(without, (*path[:-1], name), value, owner.keys.get(path[-1]))


def _with(root: Node, path: tuple[str, ...], value: Node | None, key: Node | None = None) -> Node | None:
    """A copy of `root` with another value at `path`, or none there; None where the path leads through no mapping."""
    owners = [root]
    for part in path[:-1]:
        owner = owners[-1].get(part)
        if owner is None:
            return None
        owners.append(owner)
    changed = value
    for owner, part in zip(reversed(owners), reversed(path), strict=True):
        if not isinstance(owner.value, dict):
            return None
        values, keys = dict(owner.value), dict(owner.keys)
        if changed is None:
            values.pop(part, None)
            keys.pop(part, None)
        else:
            values[part] = changed
            keys.setdefault(part, key or changed)
        changed = Node(values, owner.file, owner.start, owner.end, keys)
        key = None
    return changed


def _node(value: Any, near: Node) -> Node:
    if isinstance(value, dict):
        children = {key: _node(child, near) for key, child in value.items()}
        return Node(children, near.file, near.start, near.end, dict(children))
    return Node(value, near.file, near.start, near.end)
