"""The values of `mlspec exec`'s options, read.

In: the text after an option's name. Out: a value of `model`, or `UsageError` that says which form it should have. Owns the form of
every value; never knows which options there are (see `parse`). Standard library only.
Change it together with `arguments` and docs/step-process.md.
"""

from __future__ import annotations

import re
from typing import Any

from mlspec.durations import seconds_of
from mlspec.errors import UsageError
from mlspec.expr.limits import Limits, limits_from_text
from mlspec.expr.values import decode
from mlspec.invocation.model import Param
from mlspec.ir.bodies import Instance, Output, Retry
from mlspec.terms import FILE_NAME, OUTPUT_TYPES, PARAM_TYPES

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
_INPUT = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_ADDRESS = re.compile(r"[\w-]+(\.[\w-]+)?")
_PLACES = re.compile(r"(?<=\})@([0-9]{1,9}(?:,[0-9]{1,9})*)$")
_NUMBER = re.compile(r"[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?")
_ROOTS = frozenset({"params", "run", "matrix", "item"})


def instance(text: str) -> Instance:
    """`INDEX`, or `INDEX=JSON` with an object; behind it `@` and the places of the mappings that it has."""
    index, equals, matrix = text.partition("=")
    found = _PLACES.search(matrix)
    places = tuple(int(place) for place in found[1].split(",")) if found else ()
    values = decode(matrix[: found.start()] if found else matrix) if equals else {}
    if not isinstance(values, dict):
        raise UsageError(f"--instance {text!r} is not of the form INDEX=JSON with an object")
    return Instance(_whole(index, "--instance"), tuple(values.items()), places)


def add_input(known: dict[str, str | list[str]], text: str) -> None:
    """`NAME=URI`, `NAME[]=URI` for one more element of a list, or `NAME?=URI` for one of several, of which the first is taken."""
    name, mark, uri = text.partition("?=")
    if mark and _INPUT.fullmatch(name):
        if name in known:
            return
        text = f"{name}={uri}"
    _add_uri(known, "--input", text, _INPUT)


def add_value(known: dict[str, str | list[str]], text: str) -> None:
    """`ADDRESS=URI`, or `ADDRESS[]=URI` for one more element of a list."""
    _add_uri(known, "--value", text, _ADDRESS)
    name = text.partition("=")[0]
    if "." not in name and (name in _ROOTS or name.endswith("[]")):
        raise UsageError(f"--value {text!r}: write it as STEP.OUTPUT=URI")


def _add_uri(known: dict[str, str | list[str]], option: str, text: str, form: re.Pattern[str]) -> None:
    name, equals, uri = text.partition("=")
    many = name.endswith("[]")
    name = name.removesuffix("[]")
    if not equals or not (uri or many) or not form.fullmatch(name):
        raise UsageError(f"{option} {text!r} is not of the form NAME=URI")
    found = known.get(name)
    if not uri:  # an empty list has no element to stand for it
        known.setdefault(name, [])
    elif found is None:
        known[name] = [uri] if many else uri
    elif many and isinstance(found, list):
        found.append(uri)
    else:
        raise UsageError(f"{option} {name} is given twice")


def output(text: str) -> Output:
    """`NAME=TYPE[/FILE][:PATH]`."""
    name, _, rest = text.partition("=")
    type_name, colon, path = rest.partition(":")
    type_name, slash, file = type_name.partition("/")
    _check_name("--output", name)
    kind = next((known for known in OUTPUT_TYPES if known == type_name), None)
    if kind is None:
        raise UsageError(f"--output {text!r}: the type is one of {', '.join(OUTPUT_TYPES)}")
    if colon and not path:
        raise UsageError(f"--output {text!r}: the path is empty")
    if slash and not FILE_NAME.fullmatch(file):
        raise UsageError(f"--output {text!r}: {file!r} is no name of a file")
    return Output(name, kind, path or None, file)


def named_value(text: str) -> tuple[str, Any]:
    """`NAME=TEXT`: JSON where the text is JSON, else the text itself."""
    name, equals, value = text.partition("=")
    if not equals:
        raise UsageError(f"--with {text!r} is not of the form NAME=TEXT")
    _check_name("--with", name)
    return name, decode(value)


def param(text: str) -> Param:
    """`NAME:TYPE`, or `NAME:TYPE=TEXT`."""
    declared, equals, value = text.partition("=")
    name, _, type_name = declared.partition(":")
    _check_name("--param", name)
    kind = next((known for known in PARAM_TYPES if known == type_name), None)
    if kind is None:
        raise UsageError(f"--param {text!r}: the type is one of {', '.join(PARAM_TYPES)}")
    return Param(name, kind, value if equals else None)


def given(text: str) -> tuple[str, str]:
    """`NAME=TEXT`."""
    name, equals, value = text.partition("=")
    if not equals:
        raise UsageError(f"--given {text!r} is not of the form NAME=TEXT")
    _check_name("--given", name)
    return name, value


def variable(option: str, text: str) -> tuple[str, str]:
    """`NAME=TEXT` of an environment variable."""
    name, equals, value = text.partition("=")
    if not equals or not _INPUT.fullmatch(name):
        raise UsageError(f"{option} {_short(text)} is not of the form NAME=TEXT")
    return name, value


def secret_file(text: str) -> tuple[str, str | None]:
    """`VARIABLE` or `VARIABLE=PATH`."""
    name, equals, path = text.partition("=")
    if not _INPUT.fullmatch(name) or (equals and not path):
        raise UsageError(f"--secret-file {_short(text)} is not of the form VARIABLE[=PATH]")
    return name, path if equals else None


def locked(text: str) -> tuple[str, str]:
    """`NAME=DIGEST`."""
    name, _, digest = text.partition("=")
    if not _INPUT.fullmatch(name) or not _DIGEST.fullmatch(digest):
        raise UsageError(f"--locked {_short(text)} is not of the form NAME=sha256:DIGEST")
    return name, digest


def limits(text: str) -> dict[str, Limits]:
    """A JSON object with the limits of each parameter."""
    try:
        return limits_from_text(text)
    except ValueError as error:
        raise UsageError(f"--params {_short(text)}: {error}") from None


def retry(text: str) -> Retry:
    """`LIMIT[,delay=S][,factor=F][,max_delay=S][,lost=N]`."""
    limit, *rest = text.split(",")
    fields: dict[str, Any] = {"limit": _whole(limit, "--retry")}
    for part in rest:
        key, _, number = part.partition("=")
        if key not in _RETRY or key in fields:
            raise UsageError(f"--retry {text!r} is not of the form LIMIT[,delay=S][,factor=F][,max_delay=S][,lost=N]")
        fields[key] = _RETRY[key](number, "--retry")
    return Retry(**fields)


def restart(text: str) -> int:
    """How often the step was started before."""
    return _whole(text, "--restart")


def timeout(text: str, option: str = "--timeout") -> float:
    """A time that is not nothing."""
    seconds = _seconds(text, option)
    if seconds == 0:
        raise UsageError(f"{option} is more than 0 seconds")
    return seconds


def _check_name(option: str, name: str) -> None:
    if not _NAME.fullmatch(name):
        raise UsageError(f"{option}: {name!r} is no name")


def _whole(text: str, option: str) -> int:
    if not re.fullmatch("[0-9]+", text):
        raise UsageError(f"{option}: {_short(text)} is no whole number")
    if len(text) > _DIGITS:
        raise UsageError(f"{option}: {_short(text)} is too large")
    return int(text)


def _number(text: str, option: str) -> float:
    if not _NUMBER.fullmatch(text):
        raise UsageError(f"{option}: {_short(text)} is no number")
    return _within(float(text), text, option)


def _seconds(text: str, option: str) -> float:
    """Seconds as a number, or a duration as specs write it (`1h30m`)."""
    seconds = seconds_of(text)
    if seconds is not None:
        return _within(seconds, text, option)
    if not _NUMBER.fullmatch(text):
        raise UsageError(f"{option}: {_short(text)} is no number of seconds")
    return _within(float(text), text, option)


def _within(number: float, text: str, option: str) -> float:
    if number > _LARGEST:
        raise UsageError(f"{option}: {_short(text)} is more than {_LARGEST:g}")
    return number


def _short(text: str) -> str:
    return repr(text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…")


_RETRY = {"delay": _seconds, "factor": _number, "max_delay": _seconds, "lost": _whole}
_DIGITS = 18
_LARGEST = 1e9
"""Seconds that no clock and no timer minds; as a factor, more than anybody means."""
_SHOWN = 60
