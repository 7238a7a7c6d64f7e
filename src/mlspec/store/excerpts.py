"""The beginning and the end of a file, wherever it is.

In: a path or a URI. Out: as many bytes as are asked for, and the size of the whole. Owns that no more is read than that; never knows
what is in the file. Standard library only, with fsspec once a URI is remote. Change it when large files are looked into otherwise.
"""

from __future__ import annotations

import os
from typing import NamedTuple

from mlspec.errors import StoreError
from mlspec.store.filesystem import is_remote, reached, store_errors


class Excerpt(NamedTuple):
    """Both ends of a file of `size` bytes. They do not overlap."""

    head: bytes
    tail: bytes
    size: int


def excerpt(uri: str, head: int, tail: int = 0) -> Excerpt:
    """Read both ends; raises `StoreError` when there is no such file, or it is a folder."""
    if is_remote(uri):
        with reached(uri) as (filesystem, path):
            size = int(filesystem.info(path).get("size") or 0)
            first = bytes(filesystem.cat_file(path, start=0, end=min(head, size))) if size else b""
            start = max(size - tail, len(first))
            last = bytes(filesystem.cat_file(path, start=start, end=size)) if start < size and tail else b""
            return Excerpt(first, last, size)
    with store_errors():
        if os.path.isdir(uri):  # noqa: PTH112
            raise StoreError(f"{uri} is a folder")
        with open(uri, "rb") as file:  # noqa: PTH123
            size = os.fstat(file.fileno()).st_size
            first = file.read(head)
            if tail and len(first) < size:
                file.seek(max(size - tail, len(first)))
                return Excerpt(first, file.read(tail), size)
            return Excerpt(first, b"", size)
