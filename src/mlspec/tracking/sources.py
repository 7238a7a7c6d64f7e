"""What the inputs of a step are: which outputs of its run, and which columns they have.

In: a record and those of its run. Out: types, names and columns. Owns how an input is known again that an orchestrator moved: by its
digest. Never changes anything. Standard library only, but for what reads Parquet.
Change it when a record says in another way what its step read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from mlspec.errors import StoreError
from mlspec.store import layout
from mlspec.store.filesystem import is_remote
from mlspec.store.records import Record, Records
from mlspec.tracking.columns import columns_of
from mlspec.tracking.facts import Columns, value_text

PathOf = Callable[[str], Path | None]
"""Where what a record's URI names is on this machine, if it is."""


class _Source(NamedTuple):
    type: str
    name: str


def sources_of(records: Records, record: Record) -> tuple[dict[str, str], dict[str, list[str]]]:
    """What each input was made as, and which outputs of this run it is; of a list, each."""
    found = dict(_sources(records, record))
    types = {name: made[0].type for name, made in found.items() if made and made[0] is not None}
    return types, {name: [one.name if one is not None else "" for one in made] for name, made in found.items()}


def _sources(records: Records, record: Record) -> Iterator[tuple[str, list[_Source | None]]]:
    """Which outputs of this run each input is, by the record of who made it, or by its digest where an orchestrator moved it."""
    for name, read in record["inputs"].items():
        yield name, [_source(records, one) for one in (read if isinstance(read, list) else [read])]


def _source(records: Records, read: Mapping[str, str]) -> _Source | None:
    with suppress(StoreError):
        place = layout.place_of_output(records.run, read["uri"], records.store.base)
        if place is not None:
            makers = [record] if (record := records.read(*place)) is not None else []
        elif is_remote(read["uri"]) or Path(read["uri"]).is_absolute():
            makers = list(records.all(on_damage=lambda *_: None).values())
        else:  # a file of the project
            makers = []
        for maker in makers:
            for name, output in maker["outputs"].items():
                if output["digest"] == read["digest"] and output.get("type"):
                    return _Source(str(output["type"]), f"{label_of(maker)}.{name}")
    return None


def label_of(record: Record) -> str:
    """The id of the step of a record."""
    match record["instance"]:
        case dict(values):
            return f"{record['step']}[{','.join(f'{key}={value_text(value)}' for key, value in values.items())}]"
        case None:
            return str(record["step"])
        case index:
            return f"{record['step']}[{index}]"


def columns_in(record: Record, types: Mapping[str, str], path_of: PathOf) -> dict[str, Columns]:
    """The columns of the datasets that a step read and made, as far as they are within reach."""
    found = {}
    for name, read in record["inputs"].items():
        one = (read or [None])[0] if isinstance(read, list) else read
        if one is not None and types.get(name, "dataset") == "dataset":
            found[f"inputs.{name}"] = _columns(path_of(one["uri"]))
    for name, made in record["outputs"].items():
        if made.get("type") == "dataset":
            found[f"outputs.{name}"] = _columns(path_of(made["uri"]))
    return {name: columns for name, columns in found.items() if columns}


def _columns(path: Path | None) -> Columns:
    return columns_of(path) if path is not None and path.exists() else []
