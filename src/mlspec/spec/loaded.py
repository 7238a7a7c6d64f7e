"""A spec that has been read and validated: the models and the tree they came from.

In: a `Document`. Out: a `Spec`, with the way back from an address in it to a position in a file.
Owns that way back; never follows references. Change it when findings need another kind of position.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from mlspec.diagnostics import Span
from mlspec.source import Document, Node, inner_span
from mlspec.source.project import Project
from mlspec.spec.lifecycle import Lifecycle


@dataclass(frozen=True, slots=True)
class Spec:
    """One validated lifecycle. Every path below is a path of keys and indices in the merged spec."""

    lifecycle: Lifecycle
    document: Document
    root: Node

    @property
    def project(self) -> Project:
        """The files beside the spec file: what its paths are relative to."""
        return self.document.project

    @property
    def folder(self) -> Path:
        """The project root on disk, the folder of the spec file; raises `ProjectError` where it is not on disk."""
        return self.document.folder

    @property
    def file(self) -> str:
        """What findings call the spec file: its path as given."""
        return self.document.file

    def node(self, *path: str | int) -> Node | None:
        """The node at a path."""
        return self.root.get(*path)

    def span(self, *path: str | int) -> Span:
        """Where the value at `path` is written; of what is not there, its nearest owner's key."""
        for length in range(len(path), 0, -1):
            node = self.root.get(*path[:length])
            if node is not None:
                return node.span if length == len(path) else self.key_span(*path[:length])
        return Span(self.file, 1, 1, 1, 1)

    def key_span(self, *path: str | int) -> Span:
        """Where the last key of `path` is written."""
        owner = self.root.get(*path[:-1])
        if owner is not None and path[-1] in owner.keys:
            return owner.keys[str(path[-1])].span
        return self.span(*path[:-1]) if owner is None else owner.span

    def inner_span(self, path: tuple[str | int, ...], start: int, end: int) -> Span:
        """Where the characters `start:end` of the text at `path` are written."""
        node = self.root.get(*path)
        if node is None or not isinstance(node.value, str):
            return self.span(*path)
        return inner_span(node, start, end, self.document.sources.get(node.file, ""))
