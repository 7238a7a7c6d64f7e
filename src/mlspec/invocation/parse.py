"""The command line of `mlspec exec`, read.

In: its arguments. Out: an `Invocation`, or `UsageError`. Owns the check of every option's form; never reads a file or the environment.
Written by hand because argparse takes a value such as `--shell '-x'` for an option. Standard library only.
Change it together with `arguments` and docs/step-process.md.
"""

from __future__ import annotations

import re
from typing import Any

from mlspec.errors import UsageError
from mlspec.expr.limits import Limits
from mlspec.expr.values import decode
from mlspec.invocation import option_values
from mlspec.invocation.kubeflow import is_executor_input, plain_arguments
from mlspec.invocation.model import (
    Answered,
    Body,
    Cache,
    Command,
    Invocation,
    Item,
    Items,
    Joined,
    Judged,
    Param,
    Policy,
    Reference,
    Run,
    Start,
    StepEnvironment,
    Tracking,
    Wiring,
)
from mlspec.ir.bodies import Call, Gate, Instance, Output, Retry, Shell, Uses
from mlspec.terms import ANSWERS

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
_LIFECYCLE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_-]*")
_FUNCTION = re.compile(r"[\w.]+:[\w.]+")


def parse(arguments: list[str]) -> Invocation:
    """Read the arguments after `mlspec exec`; raises `UsageError`."""
    arguments = plain_arguments(arguments)
    parser = _Parser()
    position = 0
    while position < len(arguments):
        argument = arguments[position]
        position += 1
        if argument == "--":
            parser.command = tuple(arguments[position:])
            break
        name, equals, text = argument.partition("=")
        if name in _FLAGS and not equals:
            parser.flags.add(name)
            continue
        if name not in _TEXTS and name not in _LISTS and name not in _VALUES:
            raise UsageError(f"there is no option {argument!r}")
        if not equals:
            if position == len(arguments):
                raise UsageError(f"{name} needs a value")
            text = arguments[position]
            position += 1
        try:
            parser.take(name, text)
        except RecursionError:
            raise UsageError(f"{name}: its JSON is nested too deeply") from None
    return parser.invocation()


class _Parser:
    """What the arguments so far say, by option."""

    def __init__(self) -> None:
        self.flags: set[str] = set()
        self.texts: dict[str, str] = {}
        self.lists: dict[str, list[str]] = {}
        self.instance: Instance | None = None
        self.inputs: dict[str, str | list[str]] = {}
        self.values: dict[str, str | list[str]] = {}
        self.outputs: dict[str, Output] = {}
        self.with_: dict[str, Any] = {}
        self.env: dict[str, str] = {}
        self.default_env: dict[str, str] = {}
        self.params: dict[str, Param] = {}
        self.given: dict[str, str] = {}
        self.limits: dict[str, Limits] = {}
        self.item: Item | None = None
        self.cache: Cache | None = None
        self.retry = Retry()
        self.restart: int | None = None
        self.timeout: float | None = None
        self.max_age: float | None = None
        self.command: tuple[str, ...] | None = None

    def take(self, name: str, text: str) -> None:
        """Take one option in; raises `UsageError`."""
        if name in _TEXTS:
            self.texts[name] = text
        elif name in _LISTS:
            self.lists.setdefault(name, []).append(text)
        else:
            self._take_value(name, text)

    def _tracking(self) -> Tracking:
        uri, experiment, lineage, namespace, about = map(
            self.texts.get, ("--tracking", "--experiment", "--lineage", "--namespace", "--about")
        )
        return Tracking(uri, experiment, lineage, namespace, about, tuple(self.lists.get("--owner", ())))

    def _take_value(self, name: str, text: str) -> None:
        match name:
            case "--instance":
                self.instance = option_values.instance(text)
            case "--input":
                option_values.add_input(self.inputs, text)
            case "--value":
                option_values.add_value(self.values, text)
            case "--output":
                output = option_values.output(text)
                _add(self.outputs, name, output.name, output)
            case "--with":
                _add(self.with_, name, *option_values.named_value(text))
            case "--param":
                param = option_values.param(text)
                _add(self.params, name, param.name, param)
            case "--given":
                _add(self.given, name, *option_values.given(text))
            case "--env":
                _add(self.env, name, *option_values.variable(name, text))
            case "--default-env":
                _add(self.default_env, name, *option_values.variable(name, text))
            case "--params":
                self.limits = option_values.limits(text)
            case "--item":
                self.item = Item(decode(text))
            case "--cache":
                self.cache = _cache(text)
            case "--cache-for":
                self.max_age = option_values.timeout(text, name)
            case "--retry":
                self.retry = option_values.retry(text)
            case "--restart":
                self.restart = option_values.restart(text)
            case "--timeout":
                self.timeout = option_values.timeout(text)

    def invocation(self) -> Invocation:
        """All of it; raises `UsageError` for what is missing, or does not go together."""
        self._check()
        body = self._body()
        items = self.texts.get("--items")
        return Invocation(
            step=self.texts["--step"],
            run=Run(
                lifecycle=self.texts.get("--lifecycle", "lifecycle"),
                run_id=self.texts["--run-id"],
                store=self.texts["--store"],
                project=self.texts.get("--project"),
                spec_digest=self.texts.get("--spec-digest"),
                pipeline=self.texts.get("--pipeline"),
                executor_input=self.texts.get("--executor-input"),
                limits=tuple(self.limits.items()),
                secrets=self._all("--hide"),
                date=self.texts.get("--run-date"),
            ),
            instance=self.instance,
            start=Start(
                fail_fast="--fail-fast" in self.flags,
                final="--final" in self.flags,
                run_status=self.texts.get("--run-status"),
                when_failed=self._all("--when-failed"),
                restart=self.restart,
                needs=self._all("--needs"),
                pairs=self._all("--pair"),
                approved=self._all("--approved"),
                fail_with_run="--fail-with-run" in self.flags,
            ),
            cache=self._cache(),
            wiring=Wiring(
                inputs=_references(self.inputs),
                outputs=tuple(self.outputs.values()),
                with_=tuple(self.with_.items()),
                values=_references(self.values),
                params=tuple(self.params.values()),
                given=tuple(self.given.items()),
                item=self.item,
                items=None if isinstance(body, Items) else items,
                secrets=self._all("--secret"),
                secret_files=tuple(map(option_values.secret_file, self._all("--secret-file"))),
                secret_contents=self._all("--secret-content"),
                env=tuple(self.env.items()),
                locked=tuple(map(option_values.locked, self._all("--locked"))),
                timezone=self.texts.get("--timezone"),
            ),
            policy=Policy(self.texts.get("--when"), self.retry, self.timeout, "--trace" in self.flags),
            environment=self._environment(),
            tracking=self._tracking(),
            body=body,
        )

    def _all(self, name: str) -> tuple[str, ...]:
        return tuple(self.lists.get(name, ()))

    def _cache(self) -> Cache | None:
        cache = Cache() if "--cache" in self.flags and self.cache is None else self.cache
        key = self.texts.get("--cache-key", "")
        if cache is None and (key or self.max_age is not None):
            raise UsageError("--cache-for and --cache-key need --cache")
        return cache._replace(max_age=self.max_age, key=key) if cache is not None else None

    def _environment(self) -> StepEnvironment:
        name, at, digest = self.texts.get("--environment", "").partition("@")
        return StepEnvironment(
            name=name if "--environment" in self.texts else None,
            digest=digest if at else None,
            pythonpath=self._all("--pythonpath"),
            python=self.texts.get("--python"),
            env=tuple(self.default_env.items()),
        )

    def _check(self) -> None:
        for name in ("--run-id", "--step", "--store"):
            if not self.texts.get(name):
                raise UsageError(f"{name} is missing")
        for name, form in (("--step", _NAME), ("--lifecycle", _LIFECYCLE)):
            text = self.texts.get(name)
            if text is not None and not form.fullmatch(text):
                raise UsageError(f"{name} {text!r} is no name")
        for name, choices in (("--otherwise", ("stop", "skip")), ("--run-status", ("succeeded", "failed"))):
            text = self.texts.get(name)
            if text is not None and text not in choices:
                raise UsageError(f"{name} is {' or '.join(choices)}, not {text!r}")
        executor_input = self.texts.get("--executor-input")
        if executor_input is not None and not is_executor_input(executor_input):
            raise UsageError("--executor-input is not the JSON object that Kubeflow passes")
        paths = [output.path for output in self.outputs.values() if output.path is not None]
        if len(paths) != len(set(paths)):
            raise UsageError("two outputs have the same path")

    def _body(self) -> Body:
        """The one body."""
        bodies = list(self._bodies())
        items = self.texts.get("--items")
        if items is not None and not bodies:
            bodies.append(Items(items))
        if len(bodies) != 1:
            raise UsageError(
                "one body is needed: --shell, --call, --uses, --gate, --approval, --items, --joined, --judge or -- COMMAND"
            )
        taken = items is not None and not isinstance(bodies[0], Items)
        if taken and (self.instance is None or self.item is not None):
            raise UsageError("--items with a body needs --instance, and leaves --item out")
        return bodies[0]

    def _bodies(self) -> list[Body]:
        texts, bodies = self.texts, list[Body]()
        if "--shell" in texts:
            bodies.append(Shell(texts["--shell"]))
        if "--call" in texts:
            if not _FUNCTION.fullmatch(texts["--call"]):
                raise UsageError(f"--call {texts['--call']!r} is not of the form MODULE:FUNCTION")
            bodies.append(Call(texts["--call"]))
        if "--uses" in texts:
            bodies.append(Uses(texts["--uses"]))
        if "--gate" in self.lists:
            bodies.append(Gate(self._all("--gate"), "skip" if texts.get("--otherwise") == "skip" else "stop"))
        if self.command is not None:
            if not self.command:
                raise UsageError("there is no command after --")
            bodies.append(Command(self.command))
        if "--approval" in texts:
            answer = next((known for known in ANSWERS if known == texts["--approval"]), None)
            if answer is None:
                raise UsageError(f"--approval is one of {', '.join(ANSWERS)}, not {texts['--approval']!r}")
            bodies.append(Answered(answer, texts.get("--by", ""), texts.get("--message", "")))
        if "--joined" in self.flags:
            bodies.append(Joined())
        if "--judge" in self.flags:
            bodies.append(Judged())
        return bodies


def _add(known: dict[str, Any], option: str, name: str, value: Any) -> None:
    if name in known:
        raise UsageError(f"{option} {name} is given twice")
    known[name] = value


def _cache(text: str) -> Cache:
    if not text:
        raise UsageError("--cache=DIGEST: there is no digest")
    return Cache(text)


def _references(found: dict[str, str | list[str]]) -> tuple[Reference, ...]:
    return tuple(Reference(name, uri if isinstance(uri, str) else tuple(uri)) for name, uri in found.items())


_FLAGS = frozenset({"--fail-fast", "--final", "--cache", "--joined", "--judge", "--fail-with-run", "--trace"})
_TEXTS = frozenset({
    *("--lifecycle", "--run-id", "--step", "--store", "--project", "--when", "--python", "--environment"),
    *("--run-status", "--tracking", "--experiment", "--spec-digest", "--pipeline", "--executor-input", "--shell", "--call", "--uses"),
    *("--otherwise", "--approval", "--by", "--items", "--cache-key", "--message", "--run-date", "--timezone"),
    *("--lineage", "--namespace", "--about"),
})  # fmt: skip
_LISTS = frozenset({
    *("--secret", "--secret-file", "--secret-content", "--hide", "--pythonpath", "--gate"),
    *("--when-failed", "--needs", "--pair", "--approved", "--owner"),
    "--locked",
})  # fmt: skip
_VALUES = frozenset({
    *("--instance", "--input", "--value", "--output", "--with", "--param", "--params", "--given", "--item", "--cache", "--retry"),
    *("--timeout", "--restart", "--cache-for", "--env", "--default-env"),
})  # fmt: skip


def usage() -> str:
    """Every option on one page; docs/step-process.md says what they mean."""
    names = {*_TEXTS, *_FLAGS, *_LISTS, *_VALUES}
    required = "usage: mlspec exec --run-id ID --step NAME --store URI [OPTION]... BODY"
    bodies = "BODY: --shell SCRIPT | --call MODULE:FUNCTION | --uses NAME | --gate CEL... | -- COMMAND..."
    questions = "   or: --approval ANSWER | --items LIST | --joined | --judge"
    return "\n".join([required, bodies, questions, f"OPTION: {' '.join(sorted(names))}", "See docs/step-process.md."])
