"""How library steps read their data, where the spec says so elsewhere: on the output, or in a contract that the same data are checked by.

In: a step and its scope. Out: options that its `with` does not have. Owns what is declared once and followed by all; never reads a
contract. Change it when something else may say how data are read.
"""

from __future__ import annotations

from typing import NamedTuple

from mlspec.expr.addresses import split
from mlspec.expr.instances import chosen
from mlspec.planning.scope import Named, Path, Scope
from mlspec.spec.inputs import Source
from mlspec.spec.outputs import OutputFile
from mlspec.terms import Json

_INPUT = "data"
_CHECK = "data/validate"
_KEYS = ("contract", "format")


class Said(NamedTuple):
    """What one place says of how data are read."""

    options: dict[str, Json]
    path: Path


def reading(scope: Scope, named: Named) -> dict[str, Json]:
    """Return the options `contract` and `format` of a library step that reads data: its own come first, and then are not returned.

    Nothing where several places say different things (see `sayings`), or where one says what a run alone knows.
    """
    said = sayings(scope, named)
    return said[0].options if len(said) == 1 and "${{" not in str(said[0].options) else {}


def sayings(scope: Scope, named: Named) -> list[Said]:
    """What the data of a library step are read by, as far as it says nothing itself: the output's word, else that of checks of the
    same data. Several, where these differ.
    """
    source = named.step.inputs.get(_INPUT)
    taken = named.library.options if named.library is not None else {}
    wanted = [key for key in _KEYS if key in taken and key not in named.step.with_]
    if source is None or not wanted:
        return []
    found: list[Said] = []
    for said in _of_output(scope, source) or _of_checks(scope, named, source):
        options = {key: value for key, value in said.options.items() if key in wanted}
        if options not in [other.options for other in found]:
            found.append(Said(options, said.path))
    return found


def beside(scope: Scope, named: Named, option: str, value: Json) -> Json:
    """The value of an option; of one that names a file, relative to the spec."""
    declared = named.library.options.get(option) if named.library is not None else None
    if declared is None or not declared.file or not isinstance(value, str) or "${{" in value:
        return value
    return scope.spec.beside(value, *named.path, "with", option)


def _of_output(scope: Scope, source: Source) -> list[Said]:
    """The word of the output; of each of several, of which the first that there is is read, where any says something."""
    addresses = source.any or ([source.address] if source.address is not None else [])
    found = [said for address in addresses if (said := _said(scope, address)) is not None]
    return found if any(said.options for said in found) else []


def _said(scope: Scope, address: str) -> Said | None:
    first, *rest = split(address)
    step, _ = chosen(first)
    named = scope.steps.get(step)
    if named is None or len(rest) != 1 or rest[0] not in named.step.outputs:  # steps of the library write what they read again
        return None
    made, options = named.step.outputs.get(rest[0]), dict[str, Json]()
    if isinstance(made, OutputFile):
        options |= {"contract": made.contract} if made.contract is not None else {}
        options |= {"format": made.format.declared} if made.format is not None else {}
    return Said(options, (*named.path, "outputs", rest[0]))


def _of_checks(scope: Scope, named: Named, source: Source) -> list[Said]:
    """The word of each other step that checks the same data."""
    return [
        Said({key: beside(scope, other, key, other.step.with_[key]) for key in _KEYS if key in other.step.with_}, other.path)
        for other in scope.steps.values()
        if other is not named and other.step.uses == _CHECK and other.step.inputs.get(_INPUT) == source
    ]
