"""The known word nearest to an unknown one.

In: what was written and what could have been. Out: one of the candidates, or None when none is near.
Owns what "near" means for every "did you mean" of mlspec; never formats a hint.
Change it when suggestions are missing or silly.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

MAX_COMPARED = 20_000
"""Names that unknown ones are compared with, all together, while a spec is checked: a thousand typing errors among a thousand
names would cost a minute."""
_left: ContextVar[list[int] | None] = ContextVar("names that may still be compared", default=None)
_SHORTEST_ABBREVIATION = 3
_DISTINCT_PREFIX = 3


def nearest(word: str, candidates: Iterable[str]) -> str | None:
    """Return the candidate that `word` was most likely meant to be.

    Near is: equal but for case and `-` or `_`; at most a third of the letters inserted, deleted, replaced or swapped
    with their neighbour (one more when the words begin alike); or an abbreviation (`env`). Among equally near ones the
    longest common beginning decides, then the alphabet: the order of `candidates` never matters.
    """
    written = _folded(word)
    letters = set(written)
    left = _left.get()
    best: tuple[int, int, str] | None = None
    abbreviated: tuple[int, str] | None = None
    for candidate in candidates:
        if left is not None:
            left[0] -= 1
            if left[0] < 0:
                return None
        known = _folded(candidate)
        common = _common_prefix(written, known)
        limit = max(1, max(len(written), len(known)) // 3 + (common >= _DISTINCT_PREFIX))
        if best is not None:
            limit = min(limit, best[0])
        # Each change makes two letters more or fewer the same, at most.
        far = len(letters.symmetric_difference(known)) > 2 * limit
        changes = None if far else _changes(written, known, common, limit)
        if changes is not None and changes < max(len(written), len(known)):
            rank = (changes, -common, candidate)
            best = rank if best is None else min(best, rank)
        elif _SHORTEST_ABBREVIATION <= len(written) == common:
            shorter = (len(candidate), candidate)
            abbreviated = shorter if abbreviated is None else min(abbreviated, shorter)
    if best is not None:
        return best[2]
    return abbreviated[1] if abbreviated is not None else None


@contextmanager
def bounded() -> Iterator[None]:
    """Compare no more than `MAX_COMPARED` names within; then nothing is near any more."""
    before = _left.set([MAX_COMPARED])
    try:
        yield
    finally:
        _left.reset(before)


def exhausted() -> bool:
    """Whether no name would be near any more: then none need be listed."""
    left = _left.get()
    return left is not None and left[0] <= 0


def _folded(word: str) -> str:
    return word.casefold().replace("-", "_")


def _common_prefix(one: str, other: str) -> int:
    count = 0
    for a, b in zip(one, other, strict=False):
        if a != b:
            break
        count += 1
    return count


def _changes(one: str, other: str, prefix: int, limit: int) -> int | None:
    """Count the edits between two words (optimal string alignment); None when they are more than `limit`."""
    if abs(len(one) - len(other)) > limit:
        return None
    end = 0
    while end < min(len(one), len(other)) - prefix and one[-1 - end] == other[-1 - end]:
        end += 1
    # The word lists of large specs differ in a few letters only: comparing just those keeps ten thousand names fast.
    one, other = one[prefix : len(one) - end], other[prefix : len(other) - end]
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, a in enumerate(one, 1):
        before, previous, row = row, before, [i]
        for j, b in enumerate(other, 1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (a != b))
            if i > 1 and j > 1 and a == other[j - 2] and one[i - 2] == b:
                cost = min(cost, previous[j - 2] + 1)
            row.append(cost)
        if min(row) > limit:
            return None
    return row[-1] if row[-1] <= limit else None
