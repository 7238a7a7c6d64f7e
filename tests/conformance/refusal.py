"""A run that is given a value which its parameter does not take: it fails, and no body runs.

In: a project, how an engine is started there, the parameter. Out: what is wrong, in sentences. Owns the words by which an engine says
that it makes no run of this at all; never which values a parameter takes (see `oracle`). Change it when an engine learns to check
values itself.
"""

from __future__ import annotations

import json
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path

from tests.engines import EngineRun

LOCAL = "here"
_WORDS = {LOCAL: "ParameterError: ", "airflow": "ParamValidationError", "kubeflow": "InconsistentTypeException: "}
"""What an engine raises that checks values before there is a run; of the others some process of the run does."""


def heeded(engine: str, parameter: str, place: Path, start: Callable[[], EngineRun]) -> list[str]:
    """Start a run that must fail; returns what it did otherwise."""
    try:
        done = start()
    except Exception as error:
        words = _WORDS.get(engine.partition("@")[0])
        if words is None or words not in f"{type(error).__name__}: {error}":
            return [traceback.format_exc()]
        return list(_deeds(parameter, place))
    if engine == LOCAL:
        return [f"it ran, and should have refused {parameter}"]
    if done.status != "failed":
        return [f"the run {done.status}, and should have failed for {parameter}"]
    if not _records(place):
        return [f"no record says that the run failed for {parameter}"]
    return list(_deeds(parameter, place))


def _deeds(parameter: str, place: Path) -> Iterator[str]:
    """What has been done all the same."""
    if (place / "tries").exists():
        yield f"a body ran: {sorted(path.name for path in (place / 'tries').iterdir())}"
    for path in _records(place):
        record = json.loads(path.read_text(encoding="utf-8"))
        if record["status"] != "failed" or record["attempts"] or record["outputs"]:
            yield f"{record['step']}: {record['status']} after {record['attempts']} attempts, and should not have started"
        elif not record["error"].startswith(f"parameter {parameter}: "):
            yield f"{record['step']}: says {record['error']!r}, and should speak of parameter {parameter}"


def _records(place: Path) -> list[Path]:
    """All records of the project, wherever in it an engine has its store."""
    return sorted(place.rglob("_record.json"))
