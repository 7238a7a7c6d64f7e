"""Addresses where they stand in the spec, and the steps and outputs they name.

In: an address with its place. Out: the named step, the type of its output, and findings at the very word that is wrong.
Owns the rules about which steps may name which; never types an expression (see `resolve`).
Change it when a name can mean something else.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from mlspec.diagnostics import Span
from mlspec.diagnostics.collection import Findings, did_you_mean
from mlspec.diagnostics.nearest import exhausted
from mlspec.expr.addresses import join, pieces
from mlspec.expr.instances import chosen
from mlspec.planning import address_hints
from mlspec.planning.scope import PAIRED, Named, Path, Scope
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
        return join(self.parts)

    @property
    def span(self) -> Span:
        """Where the whole address is written."""
        return self.part(0, len(self.parts))

    def part(self, first: int, end: int | None = None) -> Span:
        """Where the parts from `first` to before `end` are written: one part by default, the whole where there is none."""
        if first >= len(self.parts):
            return self.span
        written = pieces(self.parts)
        start = self.start + len("".join(written[:first]))
        length = len("".join(written[first : first + 1 if end is None else end]))
        dot = 1 if first and written[first].startswith(".") else 0
        return self.spec.inner_span(self.path, start + dot, start + length)

    def name(self, index: int) -> str:
        """The part at `index`, empty where there is none."""
        return self.parts[index] if index < len(self.parts) else ""


def find_step(scope: Scope, own: Named | None, address: Address, findings: Findings) -> Named | None:
    """Look up the step that `own` reads or needs; reports an unknown one, itself, and one of the other section."""
    (name, values), path = chosen(address.parts[0]), address.path
    named = scope.steps.get(name)
    if own is not None and name == own.name and (named is None or named.final == own.final):
        findings.add("MLS321", f"`{name}` reads or needs itself", address.part(0), path=path)
        return None
    final = own is not None and own.final
    if named is not None and named.final == final:
        if values is None and "needs" not in path and scope.is_paired(own, named):
            return named._replace(only=PAIRED)
        return named if values is None else _instance(scope, named, values, address, findings)
    if named is None:
        others = () if exhausted() else scope.steps.values()
        known = [other.name for other in others if other.final == final and other is not own]
        hint = address_hints.hint(address.parts, path, own, scope) or did_you_mean(name, known)
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


def _instance(scope: Scope, named: Named, values: Mapping[str, str], address: Address, findings: Findings) -> Named | None:
    """The one instance of a matrix that an address chooses; reports none and several."""
    found = scope.find(address.parts[0])
    if found is not None:
        return found
    part, matrix = address.parts[0], named.step.matrix
    if matrix is None:
        reason = "the instances of a foreach are known only when it runs" if named.many else "it runs once"
        message = f"`{part}`: `{named.name}` has no matrix; {reason}"
        findings.add("MLS325", message, address.part(0), f"write `{named.name}`", path=address.path)
        return None
    several = scope.matching(named, values)
    labels = [",".join(map("=".join, zip(matrix.keys, one.label, strict=True))) for one in matrix.combinations]
    shown = [f"`{named.name}[{labels[index]}]`" for index in several or range(len(labels))]
    more = f" and {len(shown) - _MOST_SHOWN} more" if len(shown) > _MOST_SHOWN else ""
    hint = f"{'these do' if several else 'there are'}: {', '.join(shown[:_MOST_SHOWN])}{more}"
    message = f"several instances of `{named.name}` match `{part}`" if several else f"`{named.name}` has no instance `{part}`"
    findings.add("MLS325", message, address.part(0), hint, path=address.path)
    return None


_MOST_SHOWN = 8


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
