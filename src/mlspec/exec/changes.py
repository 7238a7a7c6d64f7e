"""What has changed since an equal step would have been taken from the cache.

In: the parts of two keys. Out: what differs, for people and as JSON. Owns the words for it, and which earlier key is the nearest: the one
with the fewest differences; never makes a key (see `cache_key`). Standard library only.
Change it when a key has parts of another kind.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

from mlspec.store.cache import Made, Parts
from mlspec.terms import Json

_SHOWN = 3
"""Changes that a line names."""
_KEPT = 20
"""Changes that a record names."""


class Change(NamedTuple):
    """One part of a key: `kind` is its group; `was` is None where it is new, `now` where it is gone; `#…` is no value but a digest."""

    kind: str
    name: str
    was: str | None
    now: str | None

    def __str__(self) -> str:
        what = _WORDS[self.kind].format(self.name).strip()
        if self.was is None or self.now is None:
            return f"{what} is {'new' if self.was is None else 'gone'}"
        if self.kind in _SHOWS_VALUES and not {self.was[:1], self.now[:1]} & {"#"}:
            return f"{what} is {self.now}, was {self.was}"
        return f"{what} has changed"


class Changes(NamedTuple):
    """What differs from the nearest earlier key, and the run that has what was made with it."""

    since: str
    changes: tuple[Change, ...]

    def __str__(self) -> str:
        if not self.changes:
            return "nothing has changed, but what was made is gone"
        named = ", ".join(map(str, self.changes[:_SHOWN]))
        more = len(self.changes) - _SHOWN
        return named + (f" and {more} more" if more > 0 else "")

    def as_json(self) -> Json:
        """The value in a record."""
        kept = [change._asdict() for change in self.changes[:_KEPT]]
        return {"since": self.since, "changes": kept, "count": len(self.changes)}


def in_words(kept: Json) -> str:
    """What a record says, in words: what has changed, or the `fault` of what the cache has. Nothing where it is of another form."""
    try:
        if kept.get("fault"):
            return str(kept["fault"])
        changes = [Change(**change) for change in kept["changes"]]
        more = kept["count"] - len(changes)
        return str(Changes(kept["since"], (*changes, *changes[:1] * more)))
    except (AttributeError, KeyError, TypeError):
        return ""


def nearest(parts: Parts, former: Sequence[Made], pins: Mapping[str, str] = MappingProxyType({})) -> Changes | None:
    """What differs from that one of `former`, the newest first, of which the least does; None where there is none.

    `pins` are versions of packages that will be installed: of an environment that is not made yet no more is known.
    """

    def beside(was: Parts) -> Parts:
        return {**parts, "packages": {**was.get("packages", {}), **pins}} if pins else parts

    found = [Changes(made.run_id, tuple(_changes(beside(made.parts), made.parts))) for made in former]
    return min(found, key=lambda one: len(one.changes)) if found else None


def _changes(now: Parts, was: Parts) -> Iterator[Change]:
    found = {kind: list(_differences(kind, now, was)) for kind in _WORDS}
    if not found["environment"]:  # then what is installed beside does not count
        found["packages"] = []
    elif found["packages"]:  # which say it better
        found["environment"] = [change for change in found["environment"] if None in (change.was, change.now)]
    given = {(change.was, change.now) for change in found["values"]}
    found["with"] = [change for change in found["with"] if (change.was, change.now) not in given]
    for changes in found.values():
        yield from changes


def _differences(kind: str, now: Parts, was: Parts) -> Iterator[Change]:
    here, there = now.get(kind, {}), was.get(kind, {})
    for name in sorted({*here, *there}):
        if here.get(name) != there.get(name):
            yield Change(kind, name, there.get(name), here.get(name))


_WORDS = {
    "values": "{}",
    "with": "with.{}",
    "inputs": "the input {}",
    "code": "{}",
    "command": "its command{}",
    "packages": "the package {}",
    "environment": "its environment {}",
    "env": "env.{}",
    "run": "{}",
    "outputs": "the declaration of the output {}",
    "other": "{} of the cache's key",
}
_SHOWS_VALUES = frozenset({"values", "with", "packages", "env", "run", "other"})
