"""Which models may be unpickled: a pickle runs code of whoever wrote it.

In: the paths of a step's models, and which of them no step made. Out: nothing, or a `StepError`. Owns what a pickle looks like and what
is known of one: its record in the store beside it. Never loads one. Standard library only.
Change it when models come from another place, or in another form that runs code.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from mlspec.errors import StepError

IN_FOLDER = ("model.joblib", "model.pkl", "model.onnx")
"""What a model that is a folder has in it, the first that is there."""
_BEGINNINGS = (b"\x80", b"x\x9c", b"x\x5e", b"x\xda", b"x\x01", b"\x1f\x8b", b"BZ", b"\xfd7zXZ", b"\x04\x22\x4d\x18")
"""A pickle of protocol 2 and above, and what joblib compresses one with."""


def is_pickle(content: bytes) -> bool:
    """Whether what begins so is a pickle, compressed or not; its name tells nothing."""
    return content.startswith(_BEGINNINGS)


def check(name: str, path: Path, *, outside: bool) -> None:
    """Refuse a pickle that no step of a run made, or that is no longer what the record of its step says.

    `outside` says that the input `name` is given by `path` or `uri`. A step's record is beside its outputs where the store is a folder;
    from other stores they were fetched by the process that reads it.
    """
    if not any(_holds_pickle(file) for file in _files(path)):
        return
    if outside:
        raise StepError(
            f"the model of the input {name!r} is a pickle that no step of this lifecycle made, and loading it runs code from it; "
            "make it in a step, give it as ONNX, or say `trust_pickle: true` in the step's `with`"
        )
    recorded = _recorded_digest(path)
    if recorded is not None:
        from mlspec.store.digests import digest

        if digest(path) != recorded:
            raise StepError(f"the model {path.name!r} is not what its step made: its digest is no longer that of the record")


def _files(path: Path) -> Iterator[Path]:
    if path.is_dir():
        yield from (path / name for name in IN_FOLDER if (path / name).is_file())
    else:
        yield path


def _holds_pickle(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return is_pickle(file.read(8))
    except OSError:  # whoever reads it says so
        return False


def _recorded_digest(path: Path) -> str | None:
    """The digest in the record beside an output; None where there is no such record."""
    try:
        record = json.loads((path.parent / "_record.json").read_bytes())
        outputs = record["outputs"].values()
        return next((str(output["digest"]) for output in outputs if output["uri"].endswith(f"/{path.name}")), None)
    except (OSError, ValueError, LookupError, TypeError):
        return None
