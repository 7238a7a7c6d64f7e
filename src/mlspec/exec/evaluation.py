"""What the expressions of a step read: params, the run, the element of a matrix or foreach, other steps' values.

In: an `Invocation`, and files. Out: values of addresses, `with` with its placeholders resolved, verdicts of conditions.
Owns the lookup of addresses; never reads a step's ordinary inputs. Standard library only, but for the CEL library, imported
when there is a condition. Change it when addresses gain a root.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Sequence
from typing import Any

from mlspec.errors import StepError
from mlspec.expr.addresses import FIELDS, join, split
from mlspec.expr.template import TemplateError, render_tree
from mlspec.expr.values import as_text, compact, parameter_variable, typed
from mlspec.invocation.model import Invocation, Param
from mlspec.terms import DATE_FIELDS

_DATES = re.compile(rf"\brun\s*\.\s*({'|'.join(sorted(DATE_FIELDS))})\b")
_STRINGS = re.compile(r""""(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'""")
_ADDRESSES = re.compile(FIELDS)


class Scope:
    """All values that this step's expressions may read.

    `read` fetches the files of a `--value`, `status` returns what has become of the run so far; both only when they are needed.
    """

    def __init__(
        self, invocation: Invocation, read: Callable[[str, str | Sequence[str]], Any], status: Callable[[], str]
    ) -> None:
        self._invocation = invocation
        self._status = status
        self._roots: dict[str, Any] = {"params": {param.name: _param(param) for param in invocation.wiring.params}}
        if invocation.instance is not None and invocation.instance.values:
            self._roots["matrix"] = dict(invocation.instance.values)
        if invocation.wiring.item is not None:
            self._roots["item"] = invocation.wiring.item.value
        self._lists = {address for address, uri in invocation.wiring.values if not isinstance(uri, str)}
        for address, uri in invocation.wiring.values:
            step, _, output = address.partition(".")
            value = read(address, uri)
            if output:
                self._roots.setdefault(step, {})[output] = value
            else:
                self._roots[step] = value

    def lookup(self, address: str) -> Any:
        """The value of an address; raises `StepError` that names it when there is none."""
        root, *fields = split(address)
        if ".".join((root, *fields[:1])) in self._lists:
            return [_field(one, fields[1:], address) for one in self._roots[root][fields[0]]]
        value = self._run(address) if root == "run" else self._roots.get(root, _NOTHING)
        for depth, field in enumerate(fields, 1):
            if value is _NOTHING:
                break
            value = value.get(field, _NOTHING) if isinstance(value, dict) else _NOTHING
            if value is _NOTHING and depth == 2 and root not in _OWN_ROOTS:
                raise StepError(f"{root}.{fields[0]} has no {field!r}")
        if value is _NOTHING:
            raise StepError(f"{address} has no value here")
        return value

    def add_item(self, item: Any) -> None:
        """Let expressions read the element of a foreach."""
        self._roots["item"] = item

    def used(self) -> dict[str, Any]:
        """Everything given to this step's expressions, by root; without the run."""
        return self._roots

    def resolve_with(self) -> dict[str, Any]:
        """`with` with values in the place of placeholders; raises `StepError`."""
        resolved = {}
        for name, value in self._invocation.wiring.with_:
            try:
                resolved[name] = render_tree(value, self.lookup)
            except TemplateError as error:
                raise StepError(f"with.{name}: {error.message}") from None
            except StepError as error:
                raise StepError(f"with.{name}: {error}") from None
        return resolved

    def text(self, what: str, template: str) -> str:
        """A text with values in the place of placeholders; raises `StepError` that says `what` it is."""
        try:
            return as_text(render_tree(template, self.lookup))
        except TemplateError as error:
            raise StepError(f"{what}: {error.message}") from None
        except StepError as error:
            raise StepError(f"{what}: {error}") from None

    def variables(self) -> dict[str, str]:
        """The plain variables of the step, its own over those of its environment; raises `StepError`."""
        found = {**dict(self._invocation.environment.env), **dict(self._invocation.wiring.env)}
        return {name: self.text(f"env.{name}", template) for name, template in found.items()}

    def holds(self, condition: str) -> bool:
        """Decide a CEL condition; raises `StepError` when it cannot be decided."""
        from mlspec.expr.cel import ConditionError, evaluate

        try:
            return evaluate(condition, self._roots | self._listed(condition) | {"run": self._run(_STRINGS.sub("", condition))})
        except ConditionError as error:
            lacking = self._lacking(condition)
            raise StepError(f"{error}; {lacking}" if lacking else str(error)) from None

    def explain(self, condition: str) -> str:
        """The condition with the values it reads, for people: `train.metrics.auc >= 0.8 (train.metrics.auc = 0.71)`."""
        pairs = []
        for address in dict.fromkeys(_ADDRESSES.findall(condition)):
            try:
                pairs.append(f"{address} = {compact(self.lookup(address))}")
            except StepError:
                continue  # the text only looks like an address: it stands in a string, or is a function of CEL
        return f"{condition} ({', '.join(pairs)})" if pairs else condition

    def _lacking(self, condition: str) -> str:
        """What of the values that a condition reads is not there, and what is; empty where all of them are."""
        for address in _ADDRESSES.findall(condition):
            root, *fields = split(address)
            here = self._roots.get(root)
            for depth, field in enumerate(fields):
                if root in _OWN_ROOTS or not isinstance(here, dict):
                    break
                if field not in here:
                    has = ", ".join(sorted(here)[:_MOST_LISTED]) or "nothing"
                    return f"{join((root, *fields[:depth]))} has {has}"
                here = here[field]
        return ""

    def _listed(self, condition: str) -> dict[str, Any]:
        """The roots of lists of files, with one list for each field that the condition names: `train.metrics.auc`."""
        roots: dict[str, Any] = {}
        for step, output in (address.split(".") for address in self._lists):
            tree: dict[str, Any] = {}
            roots.setdefault(step, dict(self._roots[step]))[output] = tree
            for match in _ADDRESSES.finditer(condition):
                parts = list(split(match[0]))
                if parts[:2] == [step, output]:
                    called = condition[match.end() :].lstrip().startswith("(")  # train.metrics.auc.all(…)
                    self._add_list(tree, parts[:-1] if called else parts)
        return roots

    def _add_list(self, tree: dict[str, Any], parts: list[str]) -> None:
        """Put the list that an address reads into `tree`; one that has no value is left out, and so cannot be decided on."""
        try:
            found = self.lookup(join(parts))
        except StepError:
            return
        for part in parts[2:-1]:
            tree = tree.setdefault(part, {})
            if not isinstance(tree, dict):
                return
        tree[parts[-1]] = found

    def _run(self, text: str) -> dict[str, str]:
        """The run, with its date where `text` reads that: not all who start steps say it, and not all zones are known everywhere."""
        run = {"id": self._invocation.run.run_id, "status": self._status()}
        for field in _DATES.findall(text):
            from mlspec.exec.run_date import run_date

            run[field] = run_date(self._invocation, field)
        return run


_NOTHING = object()
_MOST_LISTED = 12
_OWN_ROOTS = frozenset({"params", "run", "matrix", "item"})


def _param(param: Param) -> Any:
    name, variable = param.name, parameter_variable(param.name)
    text = param.text if param.text is not None else os.environ.get(variable)
    if text is None:
        raise StepError(f"params.{name} has no value: {variable} is not set")
    try:
        return typed(text, param.type)
    except ValueError as error:
        raise StepError(f"params.{name}: {error}") from None


def _field(value: Any, fields: list[str], address: str) -> Any:
    for field in fields:
        if not isinstance(value, dict) or field not in value:
            raise StepError(f"{address} has no value in every instance")
        value = value[field]
    return value


def read_json(content: bytes, kind: str) -> Any:
    """Read a `metrics` or `values` file; raises `ValueError` that says what is wrong with it."""
    try:
        value = json.loads(content)
    except RecursionError:
        raise ValueError("is nested too deeply") from None
    except ValueError as error:
        raise ValueError(f"is not JSON: {error}") from None
    if kind == "metrics":
        if not isinstance(value, dict):
            raise ValueError("is not a JSON object of numbers")
        for name, number in value.items():
            if isinstance(number, bool) or not isinstance(number, int | float):
                raise ValueError(f"is not a flat JSON object of numbers: {name!r} is {compact(number)[:60]}")
    return value
