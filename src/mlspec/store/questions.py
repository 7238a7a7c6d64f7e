"""The questions that a run asks people, and their answers.

In and out: JSON values, one file for each approval of a run. Owns where they are kept, what a question holds and what is recorded of
its answer; never asks, waits or decides (see `engine.approvals`). Standard library only.
Change it when questions must be found in another way, or people must be shown more.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

from mlspec.store import json_files, layout
from mlspec.store.layout import entry_name
from mlspec.store.records import Records
from mlspec.store.timestamps import timestamp
from mlspec.terms import Answer, Json

Standing = Literal["waiting", "elsewhere", "approved", "refused"]
"""`waiting` is one that `mlspec approve` answers, `elsewhere` one that an orchestrator asks."""


def question(
    records: Records, step: str, status: Standing, message: str, evidence: str, approvers: Sequence[str] = ()
) -> dict[str, Json]:
    """A question that is asked now, of people who see `evidence`, with the content of all that the run has made so far."""
    return {
        "step": step,
        "status": status,
        "message": message,
        "evidence": evidence,
        "approvers": list(approvers),
        "asked": timestamp(),
        "seen": seen(records),
    }


def recorded(question: Mapping[str, Json], answer: Answer, by: str) -> dict[str, Json]:
    """What the record of an approval says of its answer."""
    known = {name: question[name] for name in ("message", "evidence", "approvers", "asked", "seen") if name in question}
    return {"answer": answer, "by": by, "answered": question.get("answered") or timestamp(), **known}


def seen(records: Records) -> dict[str, Json]:
    """The outputs of all steps that have ended well so far, by `step.output` or `step.INDEX.output`."""
    return {
        f"{entry_name(*place)}.{name}": {"uri": output["uri"], "digest": output["digest"]}
        for place, record in records.all(lambda place, error: None).items()
        if record["status"] == "succeeded"
        for name, output in record["outputs"].items()
    }


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
