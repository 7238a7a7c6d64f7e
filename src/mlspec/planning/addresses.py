"""Addresses where they stand in the spec, and the steps and outputs they name.

In: an address with its place. Out: the named step, the type of its output, and findings at the very word that is wrong.
Owns the rules about which steps may name which; never types an expression (see `resolve`).
Change it when a name can mean something else.
"""

from __future__ import annotations

from typing import NamedTuple

from mlspec.diagnostics import Span
from mlspec.diagnostics.collection import Findings, did_you_mean
from mlspec.planning import address_hints
from mlspec.planning.scope import Named, Path, Scope
from mlspec.spec.loaded import Spec


class Address(NamedTuple):
    """`step.output.field` at an offset of the text at `path`.

    Its positions are looked up when they are asked for: most addresses are right, and finding a place takes long.
    """

    spec: Spec
    path: Path
    start: int
    parts: tuple[str, ...]

    def __str__(self) -> str:
        return ".".join(self.parts)

    @property
    def span(self) -> Span:
        """Where the whole address is written."""
        return self.part(0, len(self.parts))

    def part(self, first: int, end: int | None = None) -> Span:
        """Where the parts from `first` to before `end` are written: one part by default, the whole where there is none."""
        if first >= len(self.parts):
            return self.span
        start = self.start + sum(len(part) + 1 for part in self.parts[:first])
        length = len(".".join(self.parts[first : first + 1 if end is None else end]))
        return self.spec.inner_span(self.path, start, start + length)

    def name(self, index: int) -> str:
        """The part at `index`, empty where there is none."""
        return self.parts[index] if index < len(self.parts) else ""


def find_step(scope: Scope, own: Named | None, address: Address, findings: Findings) -> Named | None:
    """Look up the step that `own` reads or needs; reports an unknown one, itself, and one of the other section."""
    name, path = address.parts[0], address.path
    named = scope.steps.get(name)
    if own is not None and name == own.name and (named is None or named.final == own.final):
        findings.add("MLS321", f"`{name}` reads or needs itself", address.part(0), path=path)
        return None
    final = own is not None and own.final
    if named is not None and named.final == final:
        return named
    if named is None:
        known = [other.name for other in scope.steps.values() if other.final == final and other is not own]
        hint = address_hints.hint(address.parts, path, own, scope) or findings.nearest(name, known)
        findings.add("MLS301", f"there is no step `{name}`", address.part(0), hint, path=path)
    elif named.final:
        hint = "`finally` steps run last: nothing waits for them"
        findings.add("MLS307", f"`{name}` is a `finally` step", address.part(0), hint, path=path)
    elif "needs" in path:
        hint = "remove it: `finally` steps run after all steps anyway"
        findings.add("MLS307", f"`{name}` is no `finally` step", address.part(0), hint, path=path)
    else:
        hint = "a step that failed has no outputs; use {path: …}, or write what `finally` needs to the store"
        findings.add("MLS307", f"`{address}`: `finally` steps read params and run only", address.span, hint, path=path)
    return None


def find_output(named: Named, address: Address, findings: Findings) -> str | None:
    """Type `step.output`; reports an unknown output. None then, and where the step itself is at fault."""
    if named.step.uses is not None and named.library is None:
        return None
    name = address.name(1)
    if name in named.outputs:
        return named.outputs[name]
    hint = did_you_mean(name, named.outputs, f"{named.name}.", f"`{named.name}` has no outputs")
    message = f"the step `{named.name}` has no output `{name}`" if name else f"`{named.name}` is a step, not a value"
    findings.add("MLS304", message, address.part(1), hint, path=address.path)
    return None
