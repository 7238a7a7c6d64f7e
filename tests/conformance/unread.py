"""A drawn lifecycle without brackets of placeholders where nothing reads them: there mlspec refuses them (MLS318).

In: a drawn lifecycle. Out: one that says `$ {{` in such places. Owns which places these are, read anew from the rules of the language;
never what is drawn. Change it when another text may hold placeholders.
"""

from __future__ import annotations

import re
from typing import Any

from tests.conformance.drawn import Life, Param, Step
from tests.conformance.limits import LIMITS
from tests.conformance.reading import breaks

_BRACKETS = re.compile(r"(?<!\$)\$(?=\{\{)")


def unread(life: Life) -> Life:
    """Mend what is drawn; scripts, descriptions of steps and the values of `with` and `env` stay: what stands there is escaped."""
    life = {**life, "params": {name: _param(param) for name, param in life.get("params", {}).items()}}
    for key in ("description", "labels"):
        if key in life:
            life[key] = _mended(life[key])  # type: ignore[literal-required]
    for section in ("steps", "finals"):
        if section in life:
            life[section] = {name: _step(step) for name, step in life[section].items()}  # type: ignore[literal-required]
    return life


def _param(param: Param) -> Param:
    found: Param = _mended(param)
    if found != param and breaks({**found, "given": found["default"]}):
        found["long"] = {key: value for key, value in (found["long"] or {}).items() if key not in LIMITS}
    return found


def _step(step: Step) -> Step:
    step = {**step, "values": _keys(step["values"])} if "values" in step else {**step}
    for key in ("matrix", "include", "exclude", "foreach", "inputs"):
        if key in step:
            step[key] = _mended(step[key])  # type: ignore[literal-required]
    return step


def _mended(value: Any) -> Any:
    match value:
        case str():
            return _BRACKETS.sub("$ ", value)
        case list():
            return [_mended(one) for one in value]
        case dict():
            return {_BRACKETS.sub("$ ", key): _mended(one) for key, one in value.items()}
    return value


def _keys(tree: Any) -> Any:
    match tree:
        case list():
            return [_keys(one) for one in tree]
        case dict():
            return {_BRACKETS.sub("$ ", key): _keys(one) for key, one in tree.items()}
    return tree
