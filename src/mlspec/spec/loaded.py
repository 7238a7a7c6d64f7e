"""A spec that has been read and validated: the models and the tree they came from.

In: a `Document`. Out: a `Spec`, with the way back from an address in it to a position in a file.
Owns that way back; never follows references. Change it when findings need another kind of position.
"""

from __future__ import annotations

import posixpath
from dataclasses import dataclass
from pathlib import Path

from mlspec.diagnostics import Span
from mlspec.source import Document, Node, inner_span
from mlspec.source.project import Project
from mlspec.spec.lifecycle import Lifecycle
from mlspec.spec.steps import Steps


@dataclass(frozen=True, slots=True, repr=False)
class Spec:
    """One validated lifecycle; `steps` and `lifecycle` are its models. Every path below is a path of keys and indices in the merged spec.

    >>> spec = mlspec.load("mlspec.yaml")           # doctest: +SKIP
    >>> spec                                        # doctest: +SKIP
    credit-default: 4 steps, from mlspec.yaml
    """

    lifecycle: Lifecycle
    document: Document
    root: Node

    def __repr__(self) -> str:
        steps = len(self.lifecycle.steps)
        return f"{self.lifecycle.metadata.name}: {steps} step{'' if steps == 1 else 's'}, from {self.file}"

    @property
    def steps(self) -> Steps:
        """The steps by their names; those of `finally` and `monitor` are in `lifecycle`."""
        return Steps(self.lifecycle.steps)

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

    def beside(self, value: str, *path: str | int) -> str:
        """A file that is named at `path`, relative to the spec: beside the file that names it, or where the spec's own are."""
        node = self.root.get(*path)
        folder = self.document.folders.get(node.file, "") if node is not None else ""
        if not folder or folder == "." or value.startswith("/"):
            return value
        found = posixpath.normpath(posixpath.join(folder, value))
        return value if self.project.exists(value) and not self.project.exists(found) else found

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
