"""Where gaps go in the trees of an ONNX model: as in the scikit-learn trees that it was made of.

In: an ONNX model, the estimator. Out: the model, changed. Owns the one attribute of tree ensembles that skl2onnx 1.20 leaves at 0 for
these trees (`nodes_missing_value_tracks_true`); scikit-learn has it as `missing_go_to_left`, also of trees that saw no gap.
Change it when skl2onnx writes the attribute itself, or another framework's trees are exported.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeAlias

_Shape: TypeAlias = tuple[tuple[int, int, int], ...]
"""Of each node: the nodes to the left and to the right, and the feature; of leaves -1."""
_LEAF = (-1, -1, -1)
_TRACKS = "nodes_missing_value_tracks_true"


def send_gaps_as(estimator: Any, model: Any) -> None:
    """Let gaps go where they go in the estimator's trees; trees of which that is not certain stay as they are."""
    known: dict[_Shape, list[int] | None] = {}
    for tree in _trees(estimator):
        nodes = zip(tree.children_left.tolist(), tree.children_right.tolist(), tree.feature.tolist(), strict=True)
        shape = tuple(_LEAF if left < 0 else (left, right, feature) for left, right, feature in nodes)
        left = tree.missing_go_to_left.tolist()
        known[shape] = left if known.setdefault(shape, left) == left else None
    for node in model.graph.node:
        attributes = {attribute.name: attribute for attribute in node.attribute}
        if known and _TRACKS in attributes:
            tracks = attributes[_TRACKS]
            for first, shape in _shapes(attributes):
                found = known.get(shape)
                for place, node_shape in enumerate(shape):
                    if found is not None and node_shape != _LEAF:
                        tracks.ints[first + place] = found[place]


def _trees(estimator: Any) -> Iterator[Any]:
    """All trees inside an estimator, however it holds them."""
    found, seen = [estimator], {id(estimator)}
    while found:
        part = found.pop()
        tree = getattr(part, "tree_", None)
        if hasattr(tree, "missing_go_to_left"):
            yield tree
            continue
        for inner in _inside(part):
            if id(inner) not in seen:
                seen.add(id(inner))
                found.append(inner)


def _inside(part: Any) -> list[Any]:
    if isinstance(part, list | tuple | set):
        return list(part)
    if isinstance(part, dict):
        return list(part.values())
    if getattr(getattr(part, "dtype", None), "kind", None) == "O":
        return list(part.flat)
    return list(vars(part).values()) if hasattr(part, "fit") and hasattr(part, "__dict__") else []


def _shapes(attributes: dict[str, Any]) -> Iterator[tuple[int, _Shape]]:
    """The trees of an ensemble, each with the place of its first node: skl2onnx writes them one after the other, nodes by number."""
    trees, nodes = attributes["nodes_treeids"].ints, attributes["nodes_nodeids"].ints
    true, false = attributes["nodes_truenodeids"].ints, attributes["nodes_falsenodeids"].ints
    features, modes = attributes["nodes_featureids"].ints, attributes["nodes_modes"].strings
    first = 0
    for place in range(len(trees) + 1):
        if place == len(trees) or trees[place] != trees[first]:
            inside = range(first, place)
            if [nodes[one] for one in inside] == list(range(place - first)):
                yield first, tuple(_LEAF if modes[one] == b"LEAF" else (true[one], false[one], features[one]) for one in inside)
            first = place
