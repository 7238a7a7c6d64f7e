"""YAML text → a tree whose every node knows its file, line and column.

`reader` parses one text, `merge` lays trees over each other, `assemble` does both for a spec with its includes, a profile and
`--set`. Nothing here knows what a lifecycle is.
"""

from mlspec.source.assemble import OUTSIDE_HINT, Document, assemble
from mlspec.source.node import Node, plain, values_of
from mlspec.source.positions import inner_span
from mlspec.source.reader import read

__all__ = ["OUTSIDE_HINT", "Document", "Node", "assemble", "inner_span", "plain", "read", "values_of"]
