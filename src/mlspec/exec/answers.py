"""The question of an approval that an orchestrator asks, and its answer.

In: the records of a run, a message, later an answer. Out: what people are shown, what is recorded, and whether the answers above a step
still stand. Owns which of that is kept while the orchestrator waits; never asks, and never decides who may answer.
Standard library only. Change it when an approval must tell people more, or hold against more.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

from mlspec.errors import StepError
from mlspec.exec.evidence import evidence
from mlspec.invocation.model import Answered
from mlspec.store import lineage
from mlspec.store.layout import Place, entry_name
from mlspec.store.questions import Questions, question, recorded
from mlspec.store.records import Record, Records
from mlspec.terms import Json


def put(records: Records, place: Place, label: str, message: str, mask: Callable[[str], str]) -> list[str]:
    """Keep the question as it is asked, masked; returns its two texts: the message, and what the run has come to."""
    message, shown = mask(message), mask(evidence(records))
    Questions(records).write(entry_name(*place), question(records, label, "elsewhere", message, shown))
    return [message, shown]


def taken(records: Records, place: Place, answered: Answered) -> dict[str, Json]:
    """What the record says of the answer; without the question, who answered saw the run as it is."""
    questions = Questions(records)
    asked = questions.read(entry_name(*place)) or {"seen": question(records, "", "elsewhere", "", "")["seen"]}
    questions.remove(entry_name(*place))
    return recorded(asked, answered.answer, answered.by)


def check_approved(records: Records, approvals: Iterable[str]) -> None:
    """Raise `StepError` where one of `approvals`, each with the steps above it, was answered upon what is not there any more: it was
    made anew since, or is being made.
    """
    for approval, *above in map(str.split, approvals):
        made = {
            (output["uri"], output["digest"]) for step in above for record in _all(records, step) for output in _outputs(record)
        }
        for record in _all(records, approval):
            seen = (record.get("approval") or {}).get("seen", {})
            gone = [
                name
                for name, output in seen.items()
                if name.partition(".")[0] in above and (output["uri"], output["digest"]) not in made
            ]
            if gone:
                raise StepError(lineage.answered_before(approval, gone))


def _all(records: Records, step: str) -> Iterator[Record]:
    """The records of a step and of its instances."""
    for index in (None, *records.instances(step)):
        if (record := records.read(step, index)) is not None:
            yield record


def _outputs(record: Record) -> Iterable[Mapping[str, Json]]:
    return record["outputs"].values() if record["status"] == "succeeded" else ()
