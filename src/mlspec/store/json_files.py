"""JSON files of a store.

In: an open store and paths in it. Out: objects and lists, or a `DamagedError` that names the file which holds none.
Owns how JSON is written to a file; never knows what it means. Standard library only.
Change it when files of a store must be written, or checked, in another way.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import TypeVar

from mlspec.errors import DamagedError
from mlspec.store.filesystem import Store
from mlspec.terms import Json

_Kind = TypeVar("_Kind", dict[str, Json], list[Json])


def read_object(
    store: Store, relative: str, fault: Callable[[Mapping[str, Json]], str | None] = lambda _: None
) -> Mapping[str, Json] | None:
    """Read a JSON object; None when there is no such file. Raises `DamagedError` when it is none, or has a `fault`."""
    value = _read(store, relative, dict, "object")
    if value is not None and (found := fault(value)) is not None:
        raise DamagedError(f"{store.uri(relative)} is damaged: {found}")
    return value


def read_list(store: Store, relative: str) -> list[Json] | None:
    """Read a JSON list; None when there is no such file. Raises `DamagedError` when it is none."""
    return _read(store, relative, list, "list")


def write(store: Store, relative: str, value: Json, *, durable: bool = True) -> None:
    """Write JSON, all at once. Bytes that are no UTF-8, as arguments may hold, become `\\udcNN` escapes, which JSON reads back.

    What need not be `durable` is for processes alone: on one line, which is written several times as fast.
    """
    text = json.dumps(value, ensure_ascii=False, indent=2 if durable else None) + "\n"
    store.write(relative, text.encode("utf-8", "backslashreplace"), durable=durable)


def _read(store: Store, relative: str, kind: type[_Kind], name: str) -> _Kind | None:
    content = store.read(relative)
    if content is None:
        return None
    try:
        value = json.loads(content)
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, kind):
        raise DamagedError(f"{store.uri(relative)} is damaged: it is not a JSON {name}")
    return value
