"""Entries of a matrix that do nothing, and instances of one name.

In: a step with a `matrix`. Out: errors at the entry or the value that is wrong. Owns these checks; what the combinations are,
`spec.matrix` knows. Change it when a matrix can be written in another way.
"""

from __future__ import annotations

from mlspec.diagnostics.collection import Findings, did_you_mean
from mlspec.expr.values import as_text, shortened
from mlspec.planning.scope import Named, Scope
from mlspec.spec.matrix import MAX_COMBINATIONS, Entry, Matrix, same


def check(scope: Scope, named: Named, findings: Findings) -> None:
    """Report entries that match nothing, are no whole combination or are there already, and a matrix with nothing left."""
    matrix = named.step.matrix
    if matrix is None or named.fan is not None or max(matrix.size, len(matrix.include)) > MAX_COMBINATIONS:
        return
    _Check(scope, named, matrix, findings).check()


class _Check:
    def __init__(self, scope: Scope, named: Named, matrix: Matrix, findings: Findings) -> None:
        self.scope, self.matrix, self.findings = scope, matrix, findings
        self.path = (*named.path, "matrix")
        self.before = len(findings)

    def check(self) -> None:
        for index, entry in enumerate(self.matrix.exclude):
            self._excluded(index, entry)
        for index, entry in enumerate(self.matrix.include):
            self._included(index, entry)
        if len(self.findings) == self.before:
            self._names()

    def _excluded(self, index: int, entry: Entry) -> None:
        if not self._known_keys("exclude", index, entry):
            return
        if not self._in_lists(entry):
            self._add("exclude", index, "no combination of the lists has these values", "remove it")

    def _included(self, index: int, entry: Entry) -> None:
        if not self._known_keys("include", index, entry):
            return
        missing = [key for key in self.matrix.keys if key not in entry]
        if missing:
            self._add("include", index, f"a combination has all keys of the matrix: this one lacks `{missing[0]}`", "add it")
            return
        values = tuple(entry[key] for key in self.matrix.keys)
        left_out = any(self.matrix.matches(other, values) for other in self.matrix.exclude)
        before = [tuple(other.get(key) for key in self.matrix.keys) for other in self.matrix.include[:index]]
        if (self._in_lists(entry) and not left_out) or any(self.matrix.matches(entry, one) for one in before):
            self._add("include", index, f"the matrix has {shortened(_shown(self.matrix, values))} already", "remove it")

    def _in_lists(self, entry: Entry) -> bool:
        """Whether the lists, which are combined in every way, make a combination that has the values of an entry."""
        lists = self.matrix.lists
        return all(any(same(value, other) for other in lists.get(key, ())) for key, value in entry.items())

    def _known_keys(self, part: str, index: int, entry: Entry) -> bool:
        for key in entry:
            if key not in self.matrix.keys:
                path = (*self.path, part, index, key)
                hint = did_you_mean(key, self.matrix.keys)
                message = f"the matrix has no key `{key}`"
                self.findings.add("MLS324", message, self.scope.spec.key_span(*path), hint, path=path)
                return False
        if not entry:
            self._add(part, index, "an entry without values", "remove it")
        return bool(entry)

    def _names(self) -> None:
        """Instances are told apart by the texts of their values."""
        seen: set[tuple[str, ...]] = set()
        if not self.matrix.combinations:
            message, span = "every combination is excluded: nothing is left to run", self.scope.spec.key_span(*self.path)
            self.findings.add("MLS324", message, span, "exclude fewer, or include others", path=self.path)
        for one in self.matrix.combinations:
            if one.label in seen:
                shown = shortened(",".join(f"{key}={text}" for key, text in zip(self.matrix.keys, one.label, strict=True)))
                span = self.scope.spec.key_span(*self.path)
                self.findings.add(
                    "MLS324", f"two instances are called `[{shown}]`", span, "write each value once", path=self.path
                )
                return
            seen.add(one.label)

    def _add(self, part: str, index: int, message: str, hint: str) -> None:
        path = (*self.path, part, index)
        self.findings.add("MLS324", message, self.scope.spec.span(*path), hint, path=path)


def _shown(matrix: Matrix, values: tuple[object, ...]) -> str:
    return "{" + ", ".join(f"{key}: {as_text(value)}" for key, value in zip(matrix.keys, values, strict=True)) + "}"
