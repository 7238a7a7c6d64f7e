"""The questions that a run asks people, and their answers.

In and out: JSON values, one file for each approval of a run that `mlspec run` made. Owns where they are kept; never asks,
waits or decides (see `engine.approvals`). Standard library only. Change it when questions must be found in another way.
"""

from __future__ import annotations

from collections.abc import Mapping

from mlspec.store import json_files, layout
from mlspec.store.records import Records
from mlspec.terms import Json


class Questions:
    """The questions of one run, by the names of the steps that ask. Raises `StoreError`."""

    def __init__(self, records: Records) -> None:
        self._store = records.store
        self._folder = layout.questions_folder(records.run)

    def all(self) -> dict[str, Mapping[str, Json]]:
        """Every question, by the name under which it is kept."""
        names = [name.removesuffix(".json") for name in self._store.names(self._folder) if not name.startswith(".")]
        read = ((name, self.read(name)) for name in names)
        return {name: question for name, question in read if question is not None}

    def read(self, name: str) -> Mapping[str, Json] | None:
        """A question with its answer, if there is one; None when it was not asked."""
        return json_files.read_object(self._store, self._file(name))

    def write(self, name: str, question: Mapping[str, Json]) -> None:
        """Keep a question, or its answer with it."""
        json_files.write(self._store, self._file(name), question)

    def remove(self, name: str) -> None:
        """Remove a question and its answer."""
        self._store.remove(self._file(name))

    def _file(self, name: str) -> str:
        return f"{self._folder}/{name}.json"
