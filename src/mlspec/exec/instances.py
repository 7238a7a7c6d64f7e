"""Instances of a step: the list that a foreach fans out over, and references to all instances at once.

In: an `Invocation`, the records of the run. Out: a list, or references to single outputs. Owns what `run:STEP/*/OUTPUT` and
`--items` mean; never fetches an output. Standard library only. Change it when instances are found in another way.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mlspec.errors import StepError
from mlspec.expr.values import alternatives, compact, decode, run_uri
from mlspec.invocation.model import Invocation, Reference
from mlspec.store.records import Records

_ALL = "*"


def with_each_instance(invocation: Invocation, records: Records) -> Invocation:
    """Put a reference to each instance that succeeded, in order, in the place of `run:STEP/*/OUTPUT` in lists.

    On Kubeflow, where a store may be a folder in every pod, it raises `StepError` unless all instances left records: a list
    with holes would be taken for a whole one.
    """
    complete = invocation.run.executor_input is not None

    def each(reference: Reference) -> Reference:
        if isinstance(reference.uri, str):
            uri = (
                reference.uri.replace("/@/", f"/{invocation.instance_index or 0}/")
                if reference.uri.startswith("run:")
                else reference.uri
            )
            return (
                reference._replace(uri=_first(reference.name, uri, records))
                if uri != reference.uri or "|" in uri
                else reference
            )
        return reference._replace(uri=tuple(one for uri in reference.uri for one in _each(uri, records, complete)))

    wiring = invocation.wiring
    wiring = wiring._replace(inputs=tuple(map(each, wiring.inputs)), values=tuple(map(each, wiring.values)))
    return invocation._replace(wiring=wiring)


def items_of(step: str, source: str, lookup: Callable[[str], Any]) -> list[Any]:
    """Return the list of a foreach, of which `--items` has the address or the JSON; raises `StepError` when it is no list."""
    found = decode(source) if source.startswith("[") else lookup(source)
    if not isinstance(found, list):
        raise StepError(f"foreach of {step}: {source} is no list but {compact(found)[:80]}")
    return found


def item_of(invocation: Invocation, source: str, lookup: Callable[[str], Any]) -> Any:
    """Return the element of the list that this instance is for; raises `StepError` when the list is too short."""
    items, index = items_of(invocation.step, source, lookup), invocation.instance_index or 0
    if index >= len(items):
        raise StepError(f"foreach of {invocation.step}: there is no element {index} in {source}, which has {len(items)}")
    return items[index]


def _first(name: str, uri: str, records: Records) -> str:
    """The first of several outputs whose step succeeded; raises `StepError` where none has."""
    uris = alternatives(uri)
    if len(uris) == 1:
        return uri
    for one in uris:
        step, *index, _ = one.removeprefix("run:").split("/")
        record = records.read(step, int(index[0]) if index else None)
        if record is not None and record["status"] == "succeeded":
            return one
    raise StepError(f"input {name}: no step of {', '.join(one.removeprefix('run:') for one in uris)} has succeeded")


def _each(uri: str, records: Records, complete: bool) -> list[str]:
    step, _, rest = uri.removeprefix("run:").partition("/")
    instance, _, output = rest.partition("/")
    if not uri.startswith("run:") or instance != _ALL:
        return [uri]
    if complete:
        _check_complete(step, records)
    return [run_uri(step, index, output) for index in records.instances(step) if records.succeeded(step, index)]


def _check_complete(step: str, records: Records) -> None:
    items = records.items(step)
    if items is None:
        raise StepError(f"there is no {records.items_uri(step)}: do all steps share the store?")
    for index in range(len(items)):
        if records.read(step, index) is None:
            raise StepError(f"{step}[{index}] has left no record")
