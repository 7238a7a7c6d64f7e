"""What records, manifests and outlines must look like to be read.

In: JSON objects of a store. Out: what is wrong with one, in a few words. Owns the fields that readers rely on and their types; never
judges what they say. Standard library only. Change it together with docs/step-process.md.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, get_args

from mlspec.terms import EndStatus, Json, RunStatus, StepStatus

_Check = Callable[[Any], bool]


def record_fault(record: Mapping[str, Json]) -> str | None:
    """Say what is wrong with a record; None when it can be read."""
    return _fault(record, _RECORD)


def manifest_fault(manifest: Mapping[str, Json]) -> str | None:
    """Say what is wrong with a manifest; None when it can be read."""
    return _fault(manifest, _MANIFEST)


def outline_fault(outline: Mapping[str, Json]) -> str | None:
    """Say what is wrong with the outline of a run; None when it can be read."""
    return _fault(outline, _OUTLINE)


def _fault(found: Mapping[str, Json], fields: Mapping[str, _Check]) -> str | None:
    for name, holds in fields.items():
        if not holds(found.get(name)):
            return f"its `{name}` is not what mlspec writes" if name in found else f"it has no `{name}`"
    return None


def _is_index(value: Any) -> bool:
    return value is None or (isinstance(value, int) and not isinstance(value, bool))


def _is_text_or_null(value: Any) -> bool:
    return value is None or isinstance(value, str)


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_object(value: Any) -> bool:
    return isinstance(value, dict)


def _is_outputs(value: Any) -> bool:
    return _is_object(value) and all(
        _is_object(output) and isinstance(output.get("uri"), str) and _is_text_or_null(output.get("digest"))
        for output in value.values()
    )


def _is_steps(value: Any) -> bool:
    return _is_object(value) and all(
        _is_object(entry)
        and isinstance(entry.get("step"), str)
        and "index" in entry
        and _is_index(entry["index"])
        and entry.get("status") in get_args(StepStatus)
        for entry in value.values()
    )


def _is_outlined(value: Any) -> bool:
    return _is_object(value) and all(
        _is_object(entry)
        and all(isinstance(entry.get(name), str) for name in ("step", "kind", "logic", "stage"))
        and isinstance(above := entry.get("upstream", []), list)
        and all(isinstance(step, str) for step in above)
        and _is_text_or_null(entry.get("environment"))
        for entry in value.values()
    )


_OUTLINE: Final[Mapping[str, _Check]] = {"steps": _is_outlined}

_RECORD: Final[Mapping[str, _Check]] = {
    "status": lambda value: value in get_args(EndStatus),
    "attempts": lambda value: value is not None and _is_index(value),
    "started": _is_text,
    "error": _is_text_or_null,
    "outputs": _is_outputs,
    "cached_from": _is_text_or_null,
}

_MANIFEST: Final[Mapping[str, _Check]] = {
    "status": lambda value: value in get_args(RunStatus),
    "params": _is_object,
    "started": _is_text,
    "resumed": _is_text_or_null,
    "steps": _is_steps,
    "meanings": _is_object,
}
