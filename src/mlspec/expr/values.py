"""How values travel as text: on command lines, in environment variables, in URIs of this run.

In and out: JSON values and strings. Owns the text form and `run:` references; never reads a file. Standard library only:
it runs in users' images. Change it only together with docs/step-process.md.
"""

from __future__ import annotations

import json
from math import isfinite
from typing import Any

_EXACT = 2**53
"""Up to here every integer is a double of its own."""
_SHOWN = 60
_RUN = "run:"
_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))


def compact(value: Any) -> str:
    """JSON on one line without spaces, keys in their order, Unicode as it is."""
    if type(value) is int:  # which most values are: setting up json's encoder takes longer than all it does here
        return str(value)
    return _ENCODER.encode(value)


def as_text(value: Any) -> str:
    """The text form that bodies see: strings as they are, everything else compact JSON."""
    return value if isinstance(value, str) else compact(value)


def parameter_variable(name: str) -> str:
    """The environment variable in which step processes find a parameter."""
    return f"MLSPEC_PARAM_{name.upper()}"


def number_text(value: float) -> str:
    """A number without a needless fraction: `30`, `0.5`."""
    return str(int(value)) if abs(value) <= _EXACT and value == int(value) else repr(value)


def shortened(text: str) -> str:
    """A text for a message, without its end where it is long."""
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 3]}…"


def encode(value: Any) -> str:
    """Text that `decode` turns back into `value`: like `as_text`, but a string that looks like JSON is quoted."""
    if isinstance(value, str) and decode(value) == value and isinstance(decode(value), str):
        return value
    return compact(value)


def decode(text: str) -> Any:
    """JSON where `text` is JSON, else `text` itself."""
    try:
        return json.loads(text)
    except ValueError:
        return text


def typed(text: str, kind: str) -> Any:
    """Read `text` as a parameter of type `kind`; raises `ValueError` when it is none.

    `kind` is string, integer, number, boolean, list or object. Some orchestrators keep all numbers as doubles, and would hand `2`
    on as `2.0` and `1e18` as `1000000000000000000`: whole numbers are integers however they are written, as far as doubles tell
    them apart, and doubles beyond; what no double holds is refused. The keys of objects are sorted, since these do not keep their
    order either.
    """
    if kind == "string":
        return text
    whole = int if kind == "integer" else _whole
    try:
        value = json.loads(text, parse_float=_number, parse_int=whole, parse_constant=_no_number, object_pairs_hook=_in_order)
    except InexactError as error:
        raise ValueError(f"{shortened(str(error))} is kept by no double, as which some targets keep all numbers") from None
    except RepeatedError:
        raise ValueError(f"{shortened(text)!r} has a key twice") from None
    except RecursionError:
        raise ValueError(f"{shortened(text)!r} is nested too deeply") from None
    except ValueError:
        raise ValueError(f"{shortened(text)!r} is not {_article(kind)}") from None
    if kind == "integer" and isinstance(value, float) and value.is_integer():
        value = int(value)
    if not is_a(value, kind):
        raise ValueError(f"{shortened(text)!r} is not {_article(kind)}")
    return value


class RepeatedError(ValueError):
    """A key that stands twice in an object."""


class InexactError(ValueError):
    """A number that no double holds."""


def _in_order(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise RepeatedError
    return dict(sorted(found.items()))


def _no_number(text: str) -> None:
    """`NaN` and `Infinity`, which are no JSON."""
    raise ValueError(text)


def _number(text: str) -> int | float:
    value = float(text)
    if not isfinite(value):
        raise InexactError(text)
    return int(value) if value.is_integer() and abs(value) <= _EXACT else value


def _whole(text: str) -> int | float:
    value = int(text)
    if abs(value) <= _EXACT:
        return value
    try:
        double = float(value)
    except OverflowError:
        raise InexactError(text) from None
    if double != value:
        raise InexactError(text)
    return double


def is_a(value: Any, kind: str) -> bool:
    """Tell whether a JSON value is of a parameter type; every integer is a number, no boolean is."""
    if isinstance(value, bool):
        return kind == "boolean"
    return isinstance(value, _TYPES[kind])


_TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "list": (list,),
    "object": (dict,),
}


def _article(kind: str) -> str:
    return f"an {kind}" if kind[0] in "aeio" else f"a {kind}"


def run_uri(step: str, index: int | None, output: str) -> str:
    """The reference to an output of this run: `run:train/model`, `run:train/0/model`."""
    return f"run:{step}/{output}" if index is None else f"run:{step}/{index}/{output}"


def first_of(uris: list[str]) -> str | None:
    """The reference to the first output of this run whose step succeeded: `run:small/model|large/model`; None of others."""
    if not all(uri.startswith(_RUN) for uri in uris):
        return None
    return _RUN + "|".join(uri.removeprefix(_RUN) for uri in uris)


def alternatives(uri: str) -> list[str]:
    """What `first_of` was made of; the reference itself where it is no such one."""
    if not uri.startswith(_RUN) or "|" not in uri:
        return [uri]
    return [_RUN + one for one in uri.removeprefix(_RUN).split("|")]


def own_instance_uri(step: str, output: str) -> str:
    """The reference to an output of the instance that has the reader's own number: `run:train/@/model`."""
    return f"run:{step}/@/{output}"


def all_instances_uri(step: str, output: str) -> str:
    """The reference to an output of all instances of a step that succeeded, in order, for lists: `run:train/*/model`."""
    return f"run:{step}/*/{output}"
