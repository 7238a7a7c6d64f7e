"""Trees laid over each other: JSON merge patch (RFC 7396) on nodes.

In: a base tree and a patch. Out: a new tree in which every node still knows its own file.
Owns the merge and the one way to set a value by its dotted path; never reads a file. Change it when layers merge differently.
"""

from __future__ import annotations

from mlspec.source.node import Node


def merge(base: Node | None, patch: Node) -> Node:
    """Lay `patch` over `base`: mappings merge key by key, null removes a key, anything else replaces."""
    if not isinstance(patch.value, dict):
        return patch
    below = base if base is not None and isinstance(base.value, dict) else None
    value: dict[str, Node] = dict(below.value) if below else {}
    keys: dict[str, Node] = dict(below.keys) if below else {}
    for key, child in patch.value.items():
        if child.value is None:
            value.pop(key, None)
            keys.pop(key, None)
            continue
        value[key] = merge(value.get(key), child)
        keys[key] = patch.keys.get(key, child)
    home = below if below is not None and not patch.value else patch
    return Node(value, home.file, home.start, home.end, keys)


def wrap(path: tuple[str, ...], key: Node, leaf: Node) -> Node:
    """Make the patch that sets `leaf` at `path`; every key on the way stands where `key` does."""
    node = leaf
    for part in reversed(path):
        node = Node({part: node}, key.file, key.start, key.end, {part: Node(part, key.file, key.start, key.end)})
    return node
