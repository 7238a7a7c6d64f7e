"""How one step hangs on others: inputs, needs, expressions, secrets, environment, library.

In: a step in its scope. Out: a `Wired`: its edges with positions and what its expressions read; findings.
Owns the checks that need nothing but the step and the names in scope; never looks at files or at the whole graph.
Change it when steps can be connected in another way.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mlspec.diagnostics.collection import Findings, did_you_mean
from mlspec.expr.addresses import split
from mlspec.planning import collisions, uses
from mlspec.planning.addresses import Address, find_output, find_step
from mlspec.planning.expressions import Expressions
from mlspec.planning.resolve import Group, Reads
from mlspec.planning.scope import Named, Path, Scope

if TYPE_CHECKING:
    from mlspec.library.model import Port


@dataclass(slots=True)
class Wired:
    """A step with what it hangs on."""

    named: Named
    reads: Reads
    edges: dict[str, Address] = field(default_factory=dict)
    """Direct upstream steps by name → the address by which the step first names them."""
    groups: dict[Group, None] = field(default_factory=dict)
    """What counts as one of them."""
    read: set[tuple[str, str]] = field(default_factory=set)
    """(step, output) of everything it reads."""
    listed: set[str] = field(default_factory=set)
    """The parameter that it fans out over."""


def wire(scope: Scope, named: Named, findings: Findings) -> Wired:
    """Check one step and collect its edges."""
    return _Wiring(scope, named, findings).wire()


class _Wiring:
    def __init__(self, scope: Scope, named: Named, findings: Findings) -> None:
        self.scope = scope
        self.spec = scope.spec
        self.named = named
        self.step = named.step
        self.path = named.path
        self.findings = findings
        self.expressions = Expressions(scope, named, findings)
        self.wired = Wired(named, self.expressions.reads)
        self.typos: dict[str, str] = {}
        """Inputs of a library step that are near one which it lacks."""

    def wire(self) -> Wired:
        self.typos = uses.check(self.spec, self.named, self.findings)
        self._inputs()
        self._foreach()
        self._each()
        self._expressions()
        for name, address in self.wired.reads.edges.items():
            self.wired.edges.setdefault(name, address)
        self.wired.groups.update(self.wired.reads.groups)
        self.wired.read.update(self.wired.reads.values.values())
        self._needs()
        self._references()
        collisions.check(self.spec, self.named, self.findings)
        self._run_if()
        return self.wired

    def _edge(self, upstream: Named, address: Address) -> None:
        self.wired.edges.setdefault(upstream.name, address)
        self.wired.groups.setdefault(((upstream.name, upstream.only),))

    def _inputs(self) -> None:
        for name, source in self.step.inputs.items():
            if source.address is not None:
                path: Path = (*self.path, "inputs", name)
                self._input(name, Address(self.spec, path, 0, split(source.address)))
            elif source.any is not None:
                self._any(name, source.any)

    def _any(self, name: str, addresses: list[str]) -> None:
        """Outputs of branches, one of which is taken: what they have in common must be what any of them is."""
        found: list[tuple[Named, str, Address]] = []
        group: list[tuple[str, int | None]] = []
        for index, text in enumerate(addresses):
            path: Path = (*self.path, "inputs", name, "any", index)
            address = Address(self.spec, path, 0, split(text))
            upstream = find_step(self.scope, self.named, address, self.findings)
            kind = find_output(upstream, address, self.findings) if upstream is not None else None
            if upstream is None or kind is None:
                continue
            if len(address.parts) > 2:
                self.findings.add(
                    "MLS306", "an input is a whole output, not a field of one", address.part(2), "leave it out", path=path
                )
            elif upstream.many:
                hint = f"choose an instance, `{upstream.name}[…].{address.parts[1]}`" if upstream.step.matrix else None
                message = f"`{upstream.name}` is a fan-out: `any` takes outputs that there are once"
                self.findings.add("MLS326", message, address.span, hint, path=path)
            elif self.named.final:
                hint = "a step that failed has no outputs; use {path: …} or the store"
                self.findings.add(
                    "MLS307", f"`{address}`: `finally` steps read params and run only", address.span, hint, path=path
                )
            elif any(_same(upstream, address, *other) for other in found):
                message = f"`any` takes two or more different outputs: `{address}` stands above already"
                self.findings.add("MLS219", message, address.span, "remove it", path=path)
            else:
                self.wired.edges.setdefault(upstream.name, address)
                self.wired.read.add((upstream.name, address.parts[1]))
                group.append((upstream.name, upstream.only))
                found.append((upstream, kind, address))
        if group:
            self.wired.groups.setdefault(tuple(dict.fromkeys(group)))
        for upstream, kind, address in found[:1]:
            self._type(name, kind, upstream, address)
        for _, kind, address in found[1:]:
            if kind != found[0][1]:
                message = f"`any` takes outputs of one type: this is a {kind}, and `{found[0][2]}` is a {found[0][1]}"
                self.findings.add("MLS326", message, address.span, "write outputs of one type", path=address.path)

    def _input(self, name: str, address: Address) -> None:
        path = address.path
        if address.parts[0] in ("params", "run", "item", "matrix", "with", "inputs", "outputs"):
            hint = f"pass it with `with: {{{name}: ${{{{ {address} }}}}}}`"
            self.findings.add(
                "MLS303", f"`{address}` is a value: an input is a file or a folder", address.span, hint, path=path
            )
            return
        upstream = find_step(self.scope, self.named, address, self.findings)
        if upstream is None:
            return
        self._edge(upstream, address)
        kind = find_output(upstream, address, self.findings)
        if kind is None:
            return
        if len(address.parts) > 2:
            whole = ".".join(address.parts[:2])
            hint = f"write {whole}, or pass the field with `with: {{{name}: ${{{{ {address} }}}}}}`"
            self.findings.add("MLS306", "an input is a whole output, not a field of one", address.part(2), hint, path=path)
        elif self.named.final:
            hint = "a step that failed has no outputs; use {path: …} or the store"
            message = f"`{address}`: `finally` steps read params and run only"
            self.findings.add("MLS307", message, address.span, hint, path=path)
        else:
            self.wired.read.add((upstream.name, address.parts[1]))
            self._type(name, kind, upstream, address)

    def _type(self, name: str, kind: str, upstream: Named, address: Address) -> None:
        """A library step says what it takes; a user's step takes what it names."""
        port = self.named.library.input(self.typos.get(name, name)) if self.named.library else None
        if port is None:
            return
        if port.type not in (kind, "artifact"):
            hint = _right_output(upstream, port)
            message = f"`{self.step.uses}` takes a {port.type} here, and this is a {kind}"
            self.findings.add("MLS308", message, address.span, hint, path=address.path)
        elif upstream.many and not port.many:
            message = f"`{upstream.name}` is a fan-out: this is a list, and `{self.step.uses}` takes one {port.type}"
            self.findings.add("MLS309", message, address.span, "choose one of them in a step of your own", path=address.path)

    def _foreach(self) -> None:
        if not isinstance(self.step.foreach, str) or self.named.fan is not None:  # then it is written elsewhere
            return
        path: Path = (*self.path, "foreach")
        address = Address(self.spec, path, 0, split(self.step.foreach))
        if "[" not in self.step.foreach and ("," in self.step.foreach or " " in self.step.foreach):
            hint = f"write the list itself: [{self.step.foreach}]" if len(self.step.foreach) <= _SHORT else None
            self.findings.add("MLS322", "`foreach` needs a list, and this is a text", address.span, hint, path=path)
            return
        if address.parts[0] == "params":
            self._foreach_param(address)
            return
        if address.parts[0] in ("run", "item", "matrix", "with", "inputs", "outputs"):
            hint = "it goes over step.output.field, params.name, or a list"
            self.findings.add("MLS322", f"`foreach` cannot go over `{address}`", address.span, hint, path=path)
            return
        upstream = find_step(self.scope, self.named, address, self.findings)
        kind = find_output(upstream, address, self.findings) if upstream is not None else None
        if upstream is None or kind is None:
            return
        if kind != "values":
            hint = "write the list to a `values` output of that step"
            self.findings.add(
                "MLS322", f"`foreach` needs a list in a values output, and this is a {kind}", address.span, hint, path=path
            )
        elif self.named.final or upstream.many:
            reason = "`finally` steps read no outputs" if self.named.final else f"`{upstream.name}` is itself a fan-out"
            self.findings.add("MLS322", f"`foreach` cannot go over this: {reason}", address.span, path=path)
        else:
            self._edge(upstream, address)
            self.wired.read.add((upstream.name, address.parts[1]))

    def _each(self) -> None:
        """Its instances are those of another step, each paired with one."""
        if self.step.each is None:
            return
        path: Path = (*self.path, "each")
        address = Address(self.spec, path, 0, (self.step.each,))
        upstream = find_step(self.scope, self.named, address, self.findings)
        if upstream is None:
            return
        self._edge(upstream, address)
        if self.step.foreach is not None and self.step.run_if != "success":
            message = f"`run_if: {self.step.run_if}` of instances that are known only when it runs"
            hint = f"leave it out, or write `needs: [{upstream.name}]` in place of `each`"
            self.findings.add("MLS327", message, self.spec.span(*self.path, "run_if"), hint, path=(*self.path, "run_if"))
        elif self.named.fan is None and upstream.step.each is None:
            message = f"`each` goes over instances of a `matrix` or a `foreach`: `{upstream.name}` runs once"
            self.findings.add("MLS327", message, address.span, f"write `needs: [{upstream.name}]`", path=path)
        elif isinstance(self.step.foreach, str):
            listed = split(self.step.foreach)
            maker = self.scope.find(listed[0]) if listed[0] != "params" else None
            if maker is not None and not maker.many and maker.outputs.get(listed[1]) == "values":
                self._edge(maker, address)  # each instance takes its element from the list itself
                self.wired.read.add((maker.name, listed[1]))

    def _foreach_param(self, address: Address) -> None:
        """The type of a parameter is known, the elements are the run's."""
        params, name, path = self.spec.lifecycle.params, address.name(1), address.path
        if name not in params:
            hint = did_you_mean(name, params, "params.", "the spec has no `params`")
            self.findings.add("MLS302", f"there is no parameter `{name}`", address.part(1), hint, path=path)
            return
        self.wired.listed.add(name)
        kind = params[name].type
        if kind != "list" and not (kind == "object" and address.name(2)):
            hint = "name the field that holds the list" if kind == "object" else "make it a list: `default: [a, b]`"
            message = f"`foreach` needs a list, and `params.{name}` is {'an' if kind[0] in 'io' else 'a'} {kind}"
            self.findings.add("MLS322", message, address.span, hint, path=path)
        elif kind == "list" and address.name(2):
            self.findings.add("MLS306", f"`params.{name}` is a list and has no fields", address.part(2), path=path)

    def _expressions(self) -> None:
        expressions = self.expressions
        for key, value in (("with", self.step.with_), ("env", self.step.env), ("description", self.step.description)):
            if value:
                expressions.templates((*self.path, key), value, "template")
        if self.step.approval is not None:
            expressions.templates((*self.path, "approval", "message"), self.step.approval.message, "template")
        if self.step.cache is not None and self.step.cache.key is not None:
            expressions.templates((*self.path, "cache", "key"), self.step.cache.key, "template")
        if self.step.run is not None:
            expressions.script((*self.path, "run"), self.step.run)
        for index in range(len(self.step.gate or ())):
            expressions.condition((*self.path, "gate", index))
        if self.step.when is not None:
            expressions.condition((*self.path, "when"))

    def _needs(self) -> None:
        for index, name in enumerate(self.step.needs):
            address = Address(self.spec, (*self.path, "needs", index), 0, (name,))
            if (upstream := find_step(self.scope, self.named, address, self.findings)) is None:
                continue
            self._edge(upstream, address)
            if self.step.foreach is not None and self.scope.is_paired(self.named, upstream):
                message = f"`{self.named.name}` goes by the instances of `{name}`, and waits for all of them here"
                hint = f'remove it, or let a step between them need all: `gathered: {{needs: [{name}], run: "true"}}`'
                self.findings.add("MLS327", message, address.span, hint, path=address.path)

    def _references(self) -> None:
        lifecycle = self.spec.lifecycle
        for index, name in enumerate(self.step.secrets):
            if name not in lifecycle.secrets:
                path: Path = (*self.path, "secrets", index)
                hint = did_you_mean(name, lifecycle.secrets, nothing="define it under `secrets`")
                self.findings.add("MLS313", f"there is no secret `{name}`", self.spec.span(*path), hint, path=path)
            elif lifecycle.secrets[name].kind == "registry":
                path = (*self.path, "secrets", index)
                hint = f"name it where the image is: `environments: {{ml: {{image: …, pull_secret: {name}}}}}`"
                self.findings.add("MLS219", f"no step sees the registry `{name}`", self.spec.span(*path), hint, path=path)
        if self.step.environment is not None and self.step.environment not in lifecycle.environments:
            path = (*self.path, "environment")
            hint = did_you_mean(self.step.environment, lifecycle.environments, nothing="define it under `environments`")
            message = f"there is no environment `{self.step.environment}`"
            self.findings.add("MLS314", message, self.spec.span(*path), hint, path=path)

    def _run_if(self) -> None:
        if self.step.run_if == "success":
            return
        path: Path = (*self.path, "run_if")
        span = self.spec.span(*path)
        if self.named.final:
            self.findings.add("MLS411", "`finally` steps always run", span, "remove `run_if`", path=path)
        elif self.spec.lifecycle.on_failure != "continue":
            hint = "write `on_failure: continue`, or move the step to `finally`"
            message = f"`run_if: {self.step.run_if}`: with `on_failure: stop` nothing starts after a failure"
            self.findings.add("MLS411", message, span, hint, path=path)
        elif self.wired.read:
            hint = "let it only `need` the step, or move it to `finally`"
            self.findings.add("MLS411", f"`run_if: {self.step.run_if}` with inputs that may not exist", span, hint, path=path)
        elif not self.wired.edges:
            self.findings.add("MLS411", "`run_if` without a step before this one", span, "add `needs`", path=path)


_SHORT = 60


def _same(one: Named, address: Address, other: Named, _: str, elsewhere: Address) -> bool:
    """Whether two addresses are of one output: the keys of an instance stand in any order."""
    return (one.name, one.only, address.parts[1]) == (other.name, other.only, elsewhere.parts[1])


def _right_output(upstream: Named, port: Port) -> str | None:
    fitting = [name for name, kind in upstream.outputs.items() if kind == port.type]
    return f"did you mean `{upstream.name}.{fitting[0]}`?" if fitting else None
