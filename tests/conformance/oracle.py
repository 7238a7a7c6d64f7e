"""What a run must come to, from the rules of the language alone.

In: a drawn lifecycle. Out: for every step and instance the states it may end in, and its attempts, `with` and the digests of
inputs and outputs when it has run; the state of the run. Owns a second reading of the rules, written apart from mlspec, of which
it imports nothing. Change it when the language changes its meaning, and only then.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from tests.conformance.drawn import Condition, Life, Step, Tree, text_of

Look = Callable[[str], Any]


class NoValueError(Exception):
    """An address that has no value when it is read."""


@dataclass
class Expected:
    """One step or instance: every state it may end in, and what it has done if it gets to start."""

    states: set[str]
    natural: str = "blocked"
    """What it comes to when nothing holds it back."""
    attempts: int = 0
    values: dict[str, Any] = field(default_factory=dict)
    inputs: dict[str, Any] = field(default_factory=dict)
    """Name → digest, or a list of them."""
    outputs: dict[str, str | None] = field(default_factory=dict)
    """Name → digest; None where the language leaves the bytes open."""
    contents: dict[str, str] = field(default_factory=dict)
    written: dict[str, Any] = field(default_factory=dict)
    """What can be read of `metrics` and `values`."""


@dataclass
class Prophecy:
    """The run's state, and a step or an instance by its id. `fan_outs` has the ids that each `foreach` step came to."""

    status: str
    steps: dict[str, Expected]
    fan_outs: dict[str, list[str]]


def foresee(life: Life) -> Prophecy:
    """Work out a run; `steps` come in an order in which each one's upstream is before it."""
    main = _Phase(life, life["steps"], "")
    status = "failed" if any("failed" in step.states for step in main.found.values()) else "succeeded"
    final = _Phase(life, life.get("finals", {}), status)
    if any("failed" in step.states for step in final.found.values()):
        status = "failed"
    return Prophecy(status, main.found | final.found, main.fan_outs | final.fan_outs)


class _Phase:
    """The steps, or the `finally` steps, of a lifecycle."""

    def __init__(self, life: Life, steps: dict[str, Step], status: str) -> None:
        self.life, self.steps, self.status = life, steps, status
        self.found: dict[str, Expected] = {}
        self.ids: dict[str, list[str]] = {}
        self.fan_outs: dict[str, list[str]] = {}
        for name, step in steps.items():
            self._step(name, step)
        if not status and life.get("on_failure", "stop") == "stop":
            self._hold_back()

    def _step(self, name: str, step: Step) -> None:
        above = [self._seen(other) for other in upstream(step)]
        verdicts = {_verdict(step.get("run_if", "success"), set(states)) for states in itertools.product(*above)}
        starts = "start" in verdicts
        try:
            instances = list(self._instances(name, step)) if starts or "matrix" in step else [(name, {})]
        except NoValueError:
            self.ids[name] = [name]
            self.found[name] = Expected(verdicts - {"start"} | {"failed"}, "failed")
            return
        self.ids[name] = [step_id for step_id, _ in instances]
        if "foreach" in step:
            self.fan_outs[name] = self.ids[name]
        if starts and not instances:
            self.found[name] = Expected(verdicts - {"start"} | {"succeeded"}, "succeeded")
        for step_id, own in instances:
            expected = self._natural(step, own) if starts else Expected(set())
            expected.states = verdicts - {"start"} | ({expected.natural} if starts else set())
            self.found[step_id] = expected

    def _instances(self, name: str, step: Step) -> Iterator[tuple[str, dict[str, Any]]]:
        if "matrix" in step:
            for values in itertools.product(*step["matrix"].values()):
                own = dict(zip(step["matrix"], values, strict=True))
                label = ",".join(f"{key}={text_of(value)}" for key, value in own.items())
                yield f"{name}[{label}]", {f"matrix.{key}": value for key, value in own.items()}
        elif "foreach" in step:
            items = self._look({}, step["foreach"]) if isinstance(step["foreach"], str) else step["foreach"]
            if not isinstance(items, list):
                raise NoValueError(step["foreach"])
            yield from ((f"{name}[{index}]", {"item": item}) for index, item in enumerate(items))
        else:
            yield name, {}

    def _seen(self, name: str) -> set[str]:
        """What those who read or need a step may see it end in."""
        if not self.ids[name]:
            return self.found[name].states
        return {_fan_in(states) for states in itertools.product(*(self.found[one].states for one in self.ids[name]))}

    def _hold_back(self) -> None:
        """Under `stop` a failure may come before any step that does not stand above or below it."""
        failing = {name for name in self.steps if any("failed" in self.found[one].states for one in self.ids[name] or [name])}
        above = {name: self._above(name) for name in self.steps}
        changed = True
        while changed:
            changed = False
            for name, step in self.steps.items():
                free = any(other != name and name not in above[other] and other not in above[name] for other in failing)
                free = free or (name in failing and len(self.ids[name]) > 1)  # another instance of it may fail first
                upper = itertools.product(*map(self._seen, upstream(step)))
                verdicts = {_verdict("success", set(states)) for states in upper}
                more = verdicts - {"start"} | ({"blocked"} if free and "start" in verdicts else set())
                for one in self.ids[name] or [name]:
                    changed = changed or not more <= self.found[one].states
                    self.found[one].states |= more

    def _above(self, name: str) -> set[str]:
        found: set[str] = set()
        todo = [name]
        while todo:
            for other in upstream(self.steps[todo.pop()]):
                if other not in found:
                    found.add(other)
                    todo.append(other)
        return found

    def _natural(self, step: Step, own: dict[str, Any]) -> Expected:
        """What an instance comes to once it starts."""

        def look(address: str) -> Any:
            return self._look(own, address)

        if "when" in step:
            holds = _judge(step["when"], look)
            if holds is not True:
                return Expected(set(), "failed" if holds is None else "skipped")
        if "gate" in step:
            verdicts = [_judge(line, look) for line in step["gate"]]
            bad = "failed" if None in verdicts or step.get("otherwise", "stop") == "stop" else "skipped"
            return Expected(set(), "succeeded" if all(verdicts) else bad, 1)
        secrets = [self.life["secrets"][name] for name in step.get("secrets", [])]
        if "" in secrets:
            return Expected(set(), "failed")
        try:
            values = {key: _resolve(tree, look) for key, tree in step.get("values", {}).items()}
            printed = [look(address) for address in step.get("prints", [])]
            inputs = {name: self._source(source) for name, source in step.get("inputs", {}).items()}
        except NoValueError:
            return Expected(set(), "failed")
        failing = _faults(step, own)
        limit = step.get("limit", 0)
        done = Expected(set(), "failed" if failing > limit else "succeeded", min(failing, limit) + 1, values)
        done.inputs = {name: [digest for _, digest in got] if many else got[0][1] for name, (got, many) in inputs.items()}
        if done.natural == "succeeded":
            _outputs(step, done, [*printed, *secrets], "".join(text for got, _ in inputs.values() for text, _ in got))
        return done

    def _source(self, source: Any) -> tuple[list[tuple[str, str | None]], bool]:
        """The text and the digest of all that an input reads, and whether it is a list."""
        if isinstance(source, dict):
            if source["path"] not in self.life.get("files", {}):
                raise NoValueError(source["path"])
            text = self.life["files"][source["path"]]
            return [(text, _digest(text))], False
        name, output = source.split(".")
        made = [self.found[one] for one in self.ids[name] if self.found[one].natural == "succeeded"]
        return [(one.contents[output], one.outputs[output]) for one in made], _many(self.steps[name])

    def _look(self, own: dict[str, Any], address: str) -> Any:
        root, *fields = address.split(".")
        if address == "run.status":
            return self.status
        if address == "run.id":
            return "any"
        if root == "params":
            param = self.life["params"][fields[0]]
            return _below(_parameter(param.get("given", param["default"])), fields[1:])
        if root == "matrix":
            return own[address]
        if root == "item":
            return _below(own["item"], fields)
        made = [self.found[one].written[fields[0]] for one in self.ids[root] if self.found[one].natural == "succeeded"]
        found = [_below(value, fields[1:]) for value in made]
        return found if _many(self.steps[root]) else found[0]


def upstream(step: Step) -> list[str]:
    """The direct upstream of a step: what it needs, and what it reads anywhere."""
    addresses = [source for source in step.get("inputs", {}).values() if isinstance(source, str)]
    addresses += [*_addresses(step.get("values", {})), *step.get("prints", [])]
    addresses += [step["foreach"]] if isinstance(step.get("foreach"), str) else []
    for condition in [*([step["when"]] if "when" in step else []), *step.get("gate", [])]:
        addresses += _read(condition)
    own = ("params", "run", "matrix", "item")
    read = [address.split(".")[0] for address in addresses]
    return list(dict.fromkeys([*(name for name in read if name not in own), *step.get("needs", [])]))


def _verdict(run_if: str, above: set[str]) -> str:
    broken = bool(above & {"failed", "blocked"})
    if run_if == "success":
        return "blocked" if broken else "skipped" if "skipped" in above else "start"
    return "start" if run_if == "always" or broken else "skipped"


def _fan_in(states: tuple[str, ...]) -> str:
    for state in ("failed", "blocked"):
        if state in states:
            return state
    return "skipped" if all(state == "skipped" for state in states) else "succeeded"


def _judge(condition: Condition, look: Look) -> bool | None:
    """True, false, or None for a condition that cannot be decided; `and` and `or` need only the side that decides."""
    kind, *rest = condition
    if kind in ("and", "or"):
        left, right = (_judge(one, look) for one in rest)
        decisive = kind == "or"
        return decisive if decisive in (left, right) else None if None in (left, right) else not decisive
    if kind == "not":
        inner = _judge(rest[0], look)
        return None if inner is None else not inner
    try:
        value = look(rest[0])
    except NoValueError:
        return None
    if kind == "holds":
        return bool(value)
    if kind == "size":
        return len(value) == rest[1]
    operator, other = rest[1:]
    if isinstance(value, float) and math.isnan(value):
        return None
    if _kind(value) != _kind(other):
        if value is None and operator in ("==", "!="):
            return bool(operator == "!=")  # CEL: null equals null alone
        return None  # a text and a number are neither equal nor unequal
    return bool({
        "==": lambda: value == other, "!=": lambda: value != other,
        "<": lambda: value < other, "<=": lambda: value <= other, ">": lambda: value > other, ">=": lambda: value >= other,
    }[operator]())  # fmt: skip


def _kind(value: Any) -> str:
    return "number" if isinstance(value, int | float) and not isinstance(value, bool) else type(value).__name__


def _resolve(tree: Tree, look: Look) -> Any:
    match tree:
        case {"$": str(address)}:
            return look(address)
        case {"+": list(parts)}:
            told = [part for part in parts if part != ""]
            if len(told) == 1 and isinstance(told[0], dict):
                return _resolve(told[0], look)  # a text that is one placeholder and no more keeps its type
            return "".join(text_of(_resolve(part, look)) for part in parts)
        case dict():
            return {key: _resolve(value, look) for key, value in tree.items()}
        case list():
            return [_resolve(value, look) for value in tree]
    return tree


def _addresses(tree: Tree) -> list[str]:
    match tree:
        case {"$": str(address)}:
            return [address]
        case dict():
            return [address for value in tree.values() for address in _addresses(value)]
        case list():
            return [address for value in tree for address in _addresses(value)]
    return []


def _read(condition: Condition) -> list[str]:
    if condition[0] in ("and", "or", "not"):
        return [address for inner in condition[1:] for address in _read(inner)]
    return [condition[1]]


def _parameter(value: Any) -> Any:
    """A parameter's value: all numbers are doubles, a whole one is written without a fraction, and keys are in order."""
    match value:
        case float():
            return int(value) if value.is_integer() and abs(value) <= 2**53 else value
        case list():
            return [_parameter(one) for one in value]
        case dict():
            return {key: _parameter(value[key]) for key in sorted(value)}
    return value


def _below(value: Any, fields: list[str]) -> Any:
    for name in fields:
        if not isinstance(value, dict) or name not in value:
            raise NoValueError(name)
        value = value[name]
    return value


def _many(step: Step) -> bool:
    return "matrix" in step or "foreach" in step


def _faults(step: Step, own: dict[str, Any]) -> int:
    fault = step.get("fault", {"count": 0})
    if "only" in fault and text_of(next(iter(own.values()))) != fault["only"]:
        return 0
    return fault["count"]


def _outputs(step: Step, done: Expected, printed: list[Any], read: str) -> None:
    """What the generated bodies write: every value in angle brackets, and then all they read; see `render`."""
    written = set(step.get("writes", {}).values())
    body = ""
    for name, value in done.values.items():
        if name not in written and name != "only":
            body += f"<{text_of(value)}>" + ("\n" if step.get("styles", {}).get(name) == "document" else "")
    body += "".join(f"<{text_of(value)}>" for value in printed) + read
    for name in step.get("outputs", {}):
        value = done.values.get(step.get("writes", {}).get(name, ""))
        if name in step.get("writes", {}):
            text = text_of(value)
            done.written[name] = json.loads(text)
            done.contents[name] = text
            done.outputs[name] = None if step["body"] == "call" else _digest(text)
        elif name in step.get("folders", []):
            files = {"a.txt": body, "deep/b c.txt": name}
            lines = [f"{hashlib.sha256(text.encode()).hexdigest()}  {path}\n" for path, text in files.items()]
            done.outputs[name], done.contents[name] = _digest("".join(sorted(lines))), body
        else:
            done.outputs[name], done.contents[name] = _digest(body), body


def _digest(text: str) -> str:
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"
