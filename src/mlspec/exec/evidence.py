"""What a person who is asked for an approval sees beside the question: the run, its numbers, and where more is.

In: the records of a run. Out: a text of a few lines. Owns what is shown and in which order; never decides anything.
Standard library only. Change it when approvers should see more.
"""

from __future__ import annotations

import os
from contextlib import suppress

from mlspec.errors import StoreError
from mlspec.expr.values import as_text, compact
from mlspec.store.records import Record, Records

_MOST = 40
"""Numbers that are shown."""


def evidence(records: Records, link: str = "") -> str:
    """The run, the numbers of its `metrics` outputs in the order in which their steps ended, and `link`, or that of Jenkins' build."""
    found = records.all(lambda place, error: None)
    lines = [f"run {records.run_id} of {records.lifecycle}"]
    numbers = [
        line
        for place, record in sorted(found.items(), key=lambda item: str(item[1]["ended"]))
        if record["status"] == "succeeded"
        for line in _numbers(records, place[0], place[1], record)
    ]
    lines += numbers[:_MOST]
    if len(numbers) > _MOST:
        lines.append(f"and {len(numbers) - _MOST} more")
    if link or os.environ.get("BUILD_URL"):
        lines.append(link or os.environ["BUILD_URL"])
    return "\n".join(lines)


def _numbers(records: Records, step: str, index: int | None, record: Record) -> list[str]:
    instance = record["instance"]
    pairs = ",".join(f"{key}={as_text(value)}" for key, value in instance.items()) if isinstance(instance, dict) else instance
    label = step if instance is None else f"{step}[{pairs}]"
    lines = []
    for name, output in record["outputs"].items():
        if output.get("type") != "metrics":
            continue
        file = str(output["uri"]).rsplit("/", 1)[-1]
        place = step if index is None else f"{step}/{index}"
        with suppress(StoreError):  # it is elsewhere, or gone: the question is asked all the same
            values = records.read_output(f"run:{place}/{file}")
            lines += [f"{label}.{name}.{key} = {compact(value)}" for key, value in values.items()]
    return lines
