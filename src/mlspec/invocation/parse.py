"""The command line of `mlspec exec`.

In: its arguments. Out: an `Options`, or `UsageError`. Owns the form of every option; never reads a file or the environment.
Written by hand because argparse takes a value such as `--shell '-x'` for an option. Standard library only.
Change it together with docs/step-process.md.
"""

from __future__ import annotations

import json
import re
from typing import Any

from mlspec.errors import UsageError
from mlspec.expr.values import decode
from mlspec.invocation.kubeflow import plain
from mlspec.invocation.model import Approval, Body, Call, Command, Gate, Items, Joined, Output, Param, Retry, Shell, Uses
from mlspec.terms import ANSWERS, OUTPUT_TYPES, PARAM_TYPES

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
_NUMBER = re.compile(r"[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?")
_DURATION = re.compile(r"(?=[0-9])(?:([0-9]+)d)?(?:([0-9]+)h)?(?:([0-9]+)m)?(?:([0-9]+(?:\.[0-9]+)?)s)?")
_ROOTS = frozenset({"params", "run", "matrix", "item"})
_LIFECYCLE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_-]*")


class Options:
    """One call of `mlspec exec`, parsed. Attributes are as in docs/step-process.md."""

    def __init__(self) -> None:
        self.lifecycle = "lifecycle"
        self.run_id = ""
        self.step = ""
        self.index: int | None = None
        self.matrix: dict[str, Any] | None = None
        self.store = ""
        self.project: str | None = None
        self.inputs: dict[str, str | list[str]] = {}
        self.outputs: dict[str, Output] = {}
        self.with_: dict[str, Any] = {}
        self.values: dict[str, str | list[str]] = {}
        self.params: dict[str, Param] = {}
        self.item: Any = None
        self.has_item = False
        self.items: str | None = None
        self.secrets: list[str] = []
        self.when: str | None = None
        self.retry = Retry()
        self.timeout: float | None = None
        self.pythonpath: list[str] = []
        self.python: str | None = None
        self.environment: str | None = None
        self.fail_fast = False
        self.final = False
        self.when_failed: list[str] = []
        self.run_status: str | None = None
        self.cache = False
        self.around: str | None = None
        self.tracking: str | None = None
        self.experiment: str | None = None
        self.spec_digest: str | None = None
        self.executor_input: str | None = None
        self.shell: str | None = None
        self.call: str | None = None
        self.uses: str | None = None
        self.gate: list[str] = []
        self.otherwise = "stop"
        self.approval: str | None = None
        self.by = ""
        self.joined = False
        self.command: tuple[str, ...] | None = None
        self.body: Body

    @property
    def instance(self) -> Any:
        """What the record says: None, a matrix mapping, or the index."""
        return self.matrix if self.matrix is not None else self.index

    @property
    def label(self) -> str:
        """The step's id, for people: `train`, `train[depth=2]`, `work[0]`."""
        if self.matrix:
            pairs = ",".join(
                f"{key}={value if isinstance(value, str) else json.dumps(value)}" for key, value in self.matrix.items()
            )
            return f"{self.step}[{pairs}]"
        return self.step if self.index is None else f"{self.step}[{self.index}]"


def parse(arguments: list[str]) -> Options:
    """Read the arguments after `mlspec exec`; raises `UsageError`."""
    arguments = plain(arguments)
    options = Options()
    position = 0
    while position < len(arguments):
        word = arguments[position]
        position += 1
        if word == "--":
            options.command = tuple(arguments[position:])
            break
        name, equals, text = word.partition("=")
        if name in _FLAGS and not equals:
            setattr(options, _FLAGS[name], True)
            continue
        if name not in _TEXTS and name not in _LISTS and name not in _PARSED:
            raise UsageError(f"there is no option {word!r}")
        if not equals:
            if position == len(arguments):
                raise UsageError(f"{name} needs a value")
            text = arguments[position]
            position += 1
        try:
            _set(options, name, text)
        except RecursionError:
            raise UsageError(f"{name}: its JSON is nested too deeply") from None
    _complete(options)
    return options


def _set(options: Options, name: str, text: str) -> None:
    if name in _TEXTS:
        setattr(options, _TEXTS[name], text)
    elif name in _LISTS:
        getattr(options, _LISTS[name]).append(text)
    else:
        _PARSED[name](options, text)


def _complete(options: Options) -> None:
    for name in ("run_id", "step", "store"):
        if not getattr(options, name):
            raise UsageError(f"--{name.replace('_', '-')} is missing")
    for name, text, form in (("--step", options.step, _NAME), ("--lifecycle", options.lifecycle, _LIFECYCLE)):
        if not form.fullmatch(text):
            raise UsageError(f"{name} {text!r} is no name")
    if options.otherwise not in ("stop", "skip"):
        raise UsageError(f"--otherwise is stop or skip, not {options.otherwise!r}")
    if options.run_status not in (None, "succeeded", "failed"):
        raise UsageError(f"--run-status is succeeded or failed, not {options.run_status!r}")
    paths = [output.path for output in options.outputs.values() if output.path is not None]
    if len(paths) != len(set(paths)):
        raise UsageError("two outputs have the same path")
    options.body = _only_body(options)


def _only_body(options: Options) -> Body:
    bodies: list[Body] = []
    if options.shell is not None:
        bodies.append(Shell(options.shell))
    if options.call is not None:
        if not re.fullmatch(r"[\w.]+:[\w.]+", options.call):
            raise UsageError(f"--call {options.call!r} is not of the form MODULE:FUNCTION")
        bodies.append(Call(options.call))
    if options.uses is not None:
        bodies.append(Uses(options.uses))
    if options.gate:
        bodies.append(Gate(tuple(options.gate), options.otherwise))
    if options.command is not None:
        if not options.command:
            raise UsageError("there is no command after --")
        bodies.append(Command(options.command))
    if options.approval is not None:
        if options.approval not in ANSWERS:
            raise UsageError(f"--approval is one of {', '.join(ANSWERS)}, not {options.approval!r}")
        bodies.append(Approval(options.approval, options.by))
    if options.joined:
        bodies.append(Joined())
    if options.items is not None and not bodies:
        bodies.append(Items(options.items))
    if len(bodies) != 1:
        raise UsageError("one body is needed: --shell, --call, --uses, --gate, --approval, --items, --joined or -- COMMAND")
    if options.items is not None and not isinstance(bodies[0], Items) and (options.index is None or options.has_item):
        raise UsageError("--items with a body needs --instance, and leaves --item out")
    return bodies[0]


def _instance(options: Options, text: str) -> None:
    index, equals, matrix = text.partition("=")
    options.index = _whole(index, "--instance")
    if equals:
        value = decode(matrix)
        if not isinstance(value, dict):
            raise UsageError(f"--instance {text!r} is not of the form INDEX=JSON with an object")
        options.matrix = value


def _input(options: Options, text: str) -> None:
    _add_uri(options.inputs, "--input", text, re.compile(r"[A-Za-z_][A-Za-z0-9_]*"))


def _value(options: Options, text: str) -> None:
    _add_uri(options.values, "--value", text, re.compile(r"[\w-]+(\.[\w-]+)?"))
    name = text.partition("=")[0]
    if "." not in name and (name in _ROOTS or name.endswith("[]")):
        raise UsageError(f"--value {text!r}: write it as STEP.OUTPUT=URI")


def _add_uri(into: dict[str, str | list[str]], option: str, text: str, form: re.Pattern[str]) -> None:
    name, equals, uri = text.partition("=")
    many = name.endswith("[]")
    name = name.removesuffix("[]")
    if not equals or not (uri or many) or not form.fullmatch(name):
        raise UsageError(f"{option} {text!r} is not of the form NAME=URI")
    known = into.get(name)
    if not uri:  # an empty list has no element to stand for it
        into.setdefault(name, [])
        return
    if known is None:
        into[name] = [uri] if many else uri
    elif many and isinstance(known, list):
        known.append(uri)
    else:
        raise UsageError(f"{option} {name} is given twice")


def _output(options: Options, text: str) -> None:
    name, _, rest = text.partition("=")
    kind, colon, path = rest.partition(":")
    _named("--output", name, options.outputs)
    if kind not in OUTPUT_TYPES:
        raise UsageError(f"--output {text!r}: the type is one of {', '.join(OUTPUT_TYPES)}")
    if colon and not path:
        raise UsageError(f"--output {text!r}: the path is empty")
    options.outputs[name] = Output(kind, path or None)


def _with(options: Options, text: str) -> None:
    name, equals, value = text.partition("=")
    if not equals:
        raise UsageError(f"--with {text!r} is not of the form NAME=TEXT")
    _named("--with", name, options.with_)
    options.with_[name] = decode(value)


def _param(options: Options, text: str) -> None:
    declared, equals, value = text.partition("=")
    name, _, kind = declared.partition(":")
    _named("--param", name, options.params)
    if kind not in PARAM_TYPES:
        raise UsageError(f"--param {text!r}: the type is one of {', '.join(PARAM_TYPES)}")
    options.params[name] = Param(kind, value if equals else None)


def _item(options: Options, text: str) -> None:
    options.item = decode(text)
    options.has_item = True


def _retry(options: Options, text: str) -> None:
    limit, *rest = text.split(",")
    fields: dict[str, Any] = {"limit": _whole(limit, "--retry")}
    for word in rest:
        key, _, number = word.partition("=")
        if key not in ("delay", "factor", "max_delay") or key in fields:
            raise UsageError(f"--retry {text!r} is not of the form LIMIT[,delay=S][,factor=F][,max_delay=S]")
        fields[key] = (_number if key == "factor" else _seconds)(number, "--retry")
    options.retry = Retry(**fields)


def _cache(options: Options, text: str) -> None:
    if not text:
        raise UsageError("--cache=DIGEST: there is no digest")
    options.cache, options.around = True, text


def _timeout(options: Options, text: str) -> None:
    options.timeout = _seconds(text, "--timeout")
    if options.timeout == 0:
        raise UsageError("--timeout is more than 0 seconds")


def _named(option: str, name: str, known: dict[str, Any]) -> None:
    if not _NAME.fullmatch(name):
        raise UsageError(f"{option}: {name!r} is no name")
    if name in known:
        raise UsageError(f"{option} {name} is given twice")


def _whole(text: str, option: str) -> int:
    if not re.fullmatch("[0-9]+", text):
        raise UsageError(f"{option}: {text!r} is no whole number")
    return int(text)


def _number(text: str, option: str) -> float:
    if not _NUMBER.fullmatch(text):
        raise UsageError(f"{option}: {text!r} is no number")
    return float(text)


def _seconds(text: str, option: str) -> float:
    """Seconds as a number, or a duration as specs write it (`1h30m`)."""
    units = _DURATION.fullmatch(text)
    if units is None and not _NUMBER.fullmatch(text):
        raise UsageError(f"{option}: {text!r} is no number of seconds")
    if units is None:
        return float(text)
    days, hours, minutes, seconds = (float(part or 0) for part in units.groups())
    return days * 86400 + hours * 3600 + minutes * 60 + seconds


_FLAGS = {"--fail-fast": "fail_fast", "--final": "final", "--cache": "cache", "--joined": "joined"}
_TEXTS = {
    f"--{name.replace('_', '-')}": name
    for name in (
        *("lifecycle", "run_id", "step", "store", "project", "when", "python", "environment"),
        *("run_status", "tracking", "experiment", "spec_digest", "executor_input", "shell", "call", "uses", "otherwise"),
        *("approval", "by", "items"),
    )
}
_LISTS = {"--secret": "secrets", "--pythonpath": "pythonpath", "--gate": "gate", "--when-failed": "when_failed"}
_PARSED = {
    "--instance": _instance,
    "--input": _input,
    "--value": _value,
    "--output": _output,
    "--with": _with,
    "--param": _param,
    "--item": _item,
    "--cache": _cache,
    "--retry": _retry,
    "--timeout": _timeout,
}


def usage() -> str:
    """Every option on one page; docs/step-process.md says what they mean."""
    names = {*_TEXTS, *_FLAGS, *_LISTS, *_PARSED}
    required = "usage: mlspec exec --run-id ID --step NAME --store URI [OPTION]... BODY"
    bodies = "BODY: --shell SCRIPT | --call MODULE:FUNCTION | --uses NAME | --gate CEL... | -- COMMAND..."
    questions = "   or: --approval ANSWER | --items LIST | --joined"
    return "\n".join([required, bodies, questions, f"OPTION: {' '.join(sorted(names))}", "See docs/step-process.md."])
