"""What an address in an expression is: its type where it stands.

In: addresses of one step's templates and conditions. Out: their types, what they read, findings.
Owns which root may stand where (`params`, `run`, `matrix`, `item`, `inputs`, `outputs`, `with`, steps); never parses.
Change it when a root or a place for one is added.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any, Literal

from mlspec.diagnostics.collection import Findings, did_you_mean
from mlspec.expr.addresses import join
from mlspec.expr.values import compact, is_a, shortened
from mlspec.planning.addresses import Address, find_output, find_step
from mlspec.planning.scope import Named, Scope
from mlspec.terms import FIELD_TYPES, RUN_FIELDS

if TYPE_CHECKING:
    from mlspec.expr.checker import Type
    from mlspec.terms import ParamType

Place = Literal["template", "run", "condition"]

_PARAM_TYPES: dict[ParamType, Type] = {
    "string": "string",
    "integer": "number",
    "number": "number",
    "boolean": "boolean",
    "list": "list",
    "object": "object",
}
_ELSEWHERE = {
    "env": "steps see the caller's environment variables by themselves: write $NAME in `run`",
    "secrets": "list the secret under `secrets` and read the variable that its `env` names",
}


Group = tuple[tuple[str, int | None], ...]
"""Steps of which one must have succeeded, each with the number of its one instance; None stands for all of them."""


@dataclass(slots=True)
class Reads:
    """What the expressions of a step read."""

    values: dict[str, tuple[str, str]] = field(default_factory=dict)
    """Address of a `metrics` or `values` output → (step, output)."""
    params: set[str] = field(default_factory=set)
    run: set[str] = field(default_factory=set)
    """Fields of the run: `date` of `run.date`."""
    edges: dict[str, Address] = field(default_factory=dict)
    """Upstream step → the address that first names it."""
    groups: dict[Group, None] = field(default_factory=dict)
    """What counts as one of what it reads: a step with all its instances, or one instance."""


class Resolver:
    """Types the addresses of one step, or of `retrain`; `step` is None for the latter."""

    def __init__(self, scope: Scope, step: Named | None, findings: Findings) -> None:
        self.scope = scope
        self.step = step
        self.findings = findings
        self.reads = Reads()

    def resolve(self, address: Address, place: Place) -> Type:
        """Type an address where it stands, note what it reads, report what is wrong with it."""
        root = address.parts[0]
        match root:
            case "inputs" | "outputs" | "with":
                return self._own(address, place)
            case "params":
                return self._param(address)
            case "run":
                return self._run(address)
            case "matrix":
                return self._matrix(address)
            case "item":
                if self.step is None or self.step.step.foreach is None:
                    self.findings.add("MLS319", "`item` stands outside a `foreach` step", address.span, path=address.path)
                return "any"
            case "env" | "secrets":
                message = f"`{root}` cannot be read in an expression"
                self.findings.add("MLS303", message, address.span, _ELSEWHERE[root], path=address.path)
                return "any"
        return self._output(address)

    def _own(self, address: Address, place: Place) -> Type:
        if place != "run" or self.step is None:
            hint = "params, metrics and values of other steps can stand here" if place == "template" else None
            self.findings.add("MLS303", f"`{address}` can stand in `run` only", address.span, hint, path=address.path)
            return "any"
        root, name = address.parts[0], address.name(1)
        known: Collection[str] = self.step.outputs
        if root != "outputs":
            known = self.step.step.inputs if root == "inputs" else self.step.step.with_
        if name not in known:
            hint = did_you_mean(name, known, f"{root}.", f"the step has no `{root}`")
            self.findings.add("MLS320", f"this step has no `{address}`", address.part(1), hint, path=address.path)
        elif len(address.parts) > 2:
            message = f"`{root}.{name}` has no fields"
            self.findings.add("MLS320", message, address.part(2), path=address.path)
        return "any"

    def _param(self, address: Address) -> Type:
        params = self.scope.spec.lifecycle.params
        name = address.name(1)
        if name not in params:
            hint = did_you_mean(name, params, "params.", "the spec has no `params`")
            self.findings.add("MLS302", f"there is no parameter `{name}`", address.part(1), hint, path=address.path)
            return "any"
        self.reads.params.add(name)
        kind = params[name].type
        if address.name(2):
            if kind != "object":
                message = f"`params.{name}` is {'an' if kind == 'integer' else 'a'} {kind} and has no fields"
                self.findings.add("MLS306", message, address.part(2), path=address.path)
            return "any"
        return _PARAM_TYPES[kind]

    def _run(self, address: Address) -> Type:
        final = self.step is not None and self.step.final
        known = [*RUN_FIELDS, "status"] if final else [*RUN_FIELDS]
        if address.parts[1:] == ("status",) and not final:
            later = "a run has no status yet: use `finally`, or `run_if`"
            self.findings.add(
                "MLS303", "`run.status` can stand in `finally` steps only", address.span, later, path=address.path
            )
        elif len(address.parts) != 2 or address.parts[1] not in known:
            hint = did_you_mean(".".join(address.parts[1:]), known, "run.")
            self.findings.add("MLS303", f"there is no `{address}`", address.part(1), hint, path=address.path)
        elif "description" not in address.path:  # which is for people, and stays as it is written
            self.reads.run.add(address.parts[1])
        return "string"

    def _matrix(self, address: Address) -> Type:
        matrix = self.step.step.matrix if self.step is not None else None
        name, keys = address.name(1), matrix.keys if matrix is not None else ()
        if matrix is None or name not in keys:
            hint = did_you_mean(name, keys, "matrix.", "the step has no `matrix`")
            self.findings.add("MLS319", f"there is no `{address}`", address.part(1), hint, path=address.path)
            return "any"
        values = matrix.elements(name)
        for depth in range(2, len(address.parts)):
            whole, field_ = join(address.parts[:depth]), address.parts[depth]
            if (lacking := next((value for value in values if not isinstance(value, dict)), None)) is not None:
                message = f"`{whole}` is {shortened(compact(lacking))} and has no fields"
                self.findings.add("MLS306", message, address.part(depth), path=address.path)
                return "any"
            if any(field_ not in value for value in values):
                known = [field for field in values[0] if all(field in value for value in values)]
                hint = did_you_mean(field_, known, f"{whole}.", f"no field is in all of `{whole}`")
                message = f"`{whole}` has not in every instance a field `{field_}`"
                self.findings.add("MLS319", message, address.part(depth), hint, path=address.path)
                return "any"
            values = [value[field_] for value in values]
        kinds: set[Type] = {_type_of(value) for value in values}
        return kinds.pop() if len(kinds) == 1 else "any"

    def _output(self, address: Address) -> Type:
        named = find_step(self.scope, self.step, address, self.findings)
        kind = find_output(named, address, self.findings) if named is not None else None
        if named is None or kind is None:
            return "any"
        if named.final:
            hint = "a step that failed has no outputs; write what `finally` needs to the store"
            message = f"`{address}`: `finally` steps read params and run only"
            self.findings.add("MLS307", message, address.span, hint, path=address.path)
            return "any"
        if kind not in FIELD_TYPES:
            hint = "only fields of metrics and values can; wire it under `inputs`"
            self.findings.add("MLS305", f"a {kind} cannot stand in an expression", address.span, hint, path=address.path)
            return "any"
        self.reads.edges.setdefault(named.name, address)
        self.reads.groups.setdefault(((named.name, named.only),))
        _, output, *fields = address.parts
        if not fields:
            self.findings.add("MLS306", f"`{address}` needs a field", address.span, f"write {address}.name", path=address.path)
            return "any"
        if kind == "metrics" and len(fields) > 1:
            metric, dotted = join(address.parts[:3]), join((*address.parts[:2], ".".join(fields)))
            message = f"a metric is a number: `{metric}` has no fields"
            hint = f"did you mean `{metric}`, or `{dotted}`?"
            self.findings.add("MLS306", message, address.part(3, len(address.parts)), hint, path=address.path)
            return "any"
        self._known_field(named, address)
        self.reads.values.setdefault(f"{named.root}.{output}", (named.name, output))
        if named.many:
            return "list"
        return "number" if kind == "metrics" else "any"

    def _known_field(self, named: Named, address: Address) -> None:
        """Library steps may say which fields their outputs have."""
        _, output, field_, *_ = address.parts
        port = named.library.outputs.get(output) if named.library else None
        if port is None or not port.fields or any(fnmatchcase(field_, pattern) for pattern in port.fields):
            return
        hint = did_you_mean(field_, port.fields, f"{named.name}.{output}.")
        message = f"`{named.step.uses}` makes no {'metric' if port.type == 'metrics' else 'value'} `{field_}`"
        self.findings.add("MLS304", message, address.part(2), hint, path=address.path)


def _type_of(value: Any) -> Type:
    kinds: tuple[Type, ...] = ("boolean", "number", "string", "list", "object")
    return next((kind for kind in kinds if is_a(value, kind)), "any")
