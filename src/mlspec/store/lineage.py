"""Which steps of a run read what has been made anew since: somebody had a step run again, and not all that is below it.

In: the records of a run. Out: the addresses that a step read and that are no longer what it read, a step each.
Owns that what counts is the content: a step that made the same again has outdated nobody. Never reads an output.
Standard library only. Change it when a record says in another way what its step read.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Set
from typing import Any, TypeAlias

from mlspec.store.layout import Place, entry_name
from mlspec.store.records import Record

Above: TypeAlias = Mapping[str, Set[str]]
"""The names of the steps right above a step, by its name."""


def outdated(records: Mapping[Place, Record], above: Above | None = None) -> dict[Place, list[str]]:
    """The outputs, as `step.output`, that steps which did not fail have read and that have other content now.

    An approval has read what was there for who answered it to see: of the steps above it, or of all where nobody knows these.
    """
    made = {
        output["uri"]: (place, name, output["digest"])
        for place, record in records.items()
        for name, output in record["outputs"].items()
        if record["status"] == "succeeded"
    }
    every: dict[tuple[str, str], set[str]] = {}
    for uri, (place, name, _) in made.items():
        every.setdefault((place[0], name), set()).add(uri)
    found: dict[Place, list[str]] = {}
    for place, record in records.items():
        if record["status"] != "failed":
            names = {name for read in _reads(record) for name in _changed(read, made, every)}
            if seen := {name for read in _seen(record) for name in _changed(read, made, every)}:
                ancestors = None if above is None else _ancestors(place[0], above)
                names |= {name for name in seen if ancestors is None or name.partition(".")[0] in ancestors}
            found[place] = sorted(names)
    return {place: names for place, names in found.items() if names}


def sentences(records: Mapping[Place, Record], above: Above | None = None) -> list[str]:
    """`outdated` for people: a sentence for each step, in the order of their names."""
    found = outdated(records, above)
    return [
        answered_before(entry_name(*place), found[place])
        if "approval" in records[place]
        else f"step {entry_name(*place)} has read {', '.join(found[place])} of before: have it run again, too"
        for place in sorted(found, key=lambda place: (place[0], place[1] or 0))
    ]


def _reads(record: Record) -> Iterator[Any]:
    """What a record says its step has read: `{"uri", "digest"}`, or a list of them where it read all instances."""
    yield from record["inputs"].values()
    yield from record.get("values", {}).values()


def _seen(record: Record) -> Iterator[Any]:
    """The outputs that were there when an approval was asked for."""
    yield from (record.get("approval") or {}).get("seen", {}).values()


def answered_before(step: str, outputs: Iterable[str]) -> str:
    """Say that an approval was answered upon something else than there is now."""
    return f"step {step} was answered upon {', '.join(outputs)} of before: have it asked again"


def _ancestors(step: str, above: Above) -> set[str]:
    """All steps above one."""
    found: set[str] = set()
    left = [step]
    while left:
        new = above.get(left.pop(), frozenset()) - found
        found |= new
        left += new
    return found


def _changed(read: Any, made: Mapping[str, tuple[Place, str, str]], every: Mapping[tuple[str, str], set[str]]) -> Iterator[str]:
    """The outputs of one read that are others now; what no step of this run made is none."""
    parts = read if isinstance(read, list) else [read]
    for part in parts:
        if part["uri"] in made:
            place, name, digest = made[part["uri"]]
            if digest != part["digest"]:
                yield f"{place[0]}.{name}"
            elif isinstance(read, list) and every[place[0], name] - {one["uri"] for one in parts}:
                yield f"{place[0]}.{name}"  # it has more instances now
