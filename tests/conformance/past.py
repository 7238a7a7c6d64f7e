"""What the steps of a run have come to so far, and what can be read of that.

In: expected ends of steps, one after another. Out: values of addresses, what a body is given, the instances of a fan-out. Owns where
a value comes from; never what a step ends in (see `oracle`). Change it when steps can read something new.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from tests.conformance.drawn import DATES, KINDS, Life, Step, text_of, user_of, variables_of
from tests.conformance.effects import Given, Output, digest_of
from tests.conformance.graph import fan_of, root_of
from tests.conformance.matrices import ids
from tests.conformance.reading import NoValueError, below, parameter, resolve

_FIELDS = re.compile(r"""\.([^.\[]+)|\["((?:[^"\\]|\\.)*)"\]""")
PAIR = "@"
"""Where an instance has the step and the number of those that it is paired with."""
Own = dict[str, Any]
"""What only an instance can read, by address: its place in a matrix, or its item."""


@dataclass
class Expected:
    """One step or instance: what it has done if it gets to start, and every state it may end in."""

    natural: str = "blocked"
    """What it comes to when nothing holds it back."""
    attempts: int = 0
    values: dict[str, Any] = field(default_factory=dict)
    inputs: dict[str, Any] = field(default_factory=dict)
    """Name → digest, or a list of them."""
    made: dict[str, Output] = field(default_factory=dict)
    states: set[str] = field(default_factory=set)
    vanishes: bool = False
    """Its process goes without a word: nothing tells what it did."""

    @property
    def outputs(self) -> dict[str, str | None]:
        """Name → digest; None where the language leaves the bytes open."""
        return {name: output.digest for name, output in self.made.items()}


class Past:
    """The steps, or the `finally` steps, of a lifecycle, as far as they have ended."""

    def __init__(self, life: Life, steps: dict[str, Step], status: str) -> None:
        self.life, self.steps, self.status = life, steps, status
        self.found: dict[str, Expected] = {}
        self.ids: dict[str, list[str]] = {}
        """Of each step, its own id or those of its instances: none, where it ran over an empty list."""
        self.fan_outs: dict[str, list[str]] = {}
        """The same of each `foreach` step that had a list."""

    def of(self, name: str) -> list[Expected]:
        """A step, or its instances."""
        return [self.found[one] for one in self._ids(name) or [name]]

    def _ids(self, root: str) -> list[str]:
        """The ids of a step; of an instance its own alone."""
        return self.ids[root] if root in self.ids or "[" not in root else [root]

    def instances(self, name: str, step: Step) -> Iterator[tuple[str, Own]]:
        """The ids that a step comes to. Raises NoValueError where the list of a `foreach` is none."""
        if "each" in step:
            root = str(fan_of(self.steps, name))
            every = [own for _, own in self.instances(root, self.steps[root])]
            labels = [one.removeprefix(root) for one, _ in self.instances(root, self.steps[root])]
            yield from (
                (name + label, own | {PAIR: (root, index)})
                for index, (label, own) in enumerate(zip(labels, every, strict=True))
            )
        elif "matrix" in step:
            for one, row in ids(name, step):
                yield one, {f"matrix.{key}": row[key] for key in step["matrix"]}
        elif "foreach" in step:
            items = self.look({}, step["foreach"]) if isinstance(step["foreach"], str) else step["foreach"]
            if not isinstance(items, list):
                raise NoValueError(step["foreach"])
            yield from ((f"{name}[{index}]", {"item": item}) for index, item in enumerate(items))
        else:
            yield name, {}

    def look(self, own: Own, address: str) -> Any:
        """The value of an address, as an instance reads it."""
        root = root_of(address)
        fields = [json.loads(f'"{quoted}"') if quoted else name for name, quoted in _FIELDS.findall(address[len(root) :])]
        if address == "run.status":
            return self.status
        if address == "run.id":
            return "any"
        if address in DATES:
            return DATES[address]
        if root == "params":
            param = self.life["params"][fields[0]]
            return below(parameter(param.get("given", param["default"])), fields[1:])
        if root == "matrix":
            return below(own[f"matrix.{fields[0]}"], fields[1:])
        if root == "item":
            return below(own["item"], fields)
        found = [below(made.value, fields[1:]) for made in self._made(self._paired(own, root), fields[0])]
        return found if self._many(self._paired(own, root)) else found[0]

    def given(self, step: Step, own: Own) -> Given:
        """What the body of an instance is handed. Raises NoValueError where a part of it is not there."""
        look = partial(self.look, own)
        secrets = [text for name in step.get("secrets", []) for text in self._secret(name)]
        if "" in secrets:
            raise NoValueError("a secret")
        values = {key: resolve(tree, look) for key, tree in step.get("values", {}).items()}
        printed = [look(address) for address in step.get("prints", [])]
        inputs = {name: self._input(own, source) for name, source in step.get("inputs", {}).items()}
        env = [text_of(resolve(tree, look)) for tree in variables_of(step, self.life.get("env", {})).values()]
        return Given(values, [*printed, *secrets, *env], inputs)

    def _secret(self, name: str) -> list[str]:
        """What a body prints of a secret."""
        held = self.life["secrets"][name]
        return [user_of(name), held] if KINDS.get(name) == "login" else [held]

    def _paired(self, own: Own, root: str) -> str:
        """What a step's name means to an instance that is paired with one of its instances: that one."""
        fan, index = own.get(PAIR, (None, 0))
        return self.ids[root][index] if fan is not None and fan == fan_of(self.steps, root) else root

    def _input(self, own: Own, source: Any) -> Output | list[Output]:
        if isinstance(source, dict) and "any" in source:
            made = [one for address in source["any"] for one in self._made(*address.rsplit(".", 1))]
            if not made:
                raise NoValueError(str(source))
            return made[0]
        if isinstance(source, dict):
            if source["path"] not in self.life.get("files", {}):
                raise NoValueError(source["path"])
            text = self.life["files"][source["path"]]
            return Output(text, digest_of(text))
        name, output = source.rsplit(".", 1)
        name = self._paired(own, name)
        made = self._made(name, output)
        return made if self._many(name) else made[0]

    def _made(self, name: str, output: str) -> list[Output]:
        return [self.found[one].made[output] for one in self._ids(name) if self.found[one].natural == "succeeded"]

    def _many(self, name: str) -> bool:
        if "[" in name:
            return False
        return fan_of(self.steps, name) is not None
