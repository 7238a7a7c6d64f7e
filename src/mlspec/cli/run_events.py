"""`mlspec run --json`: the events of a run, a line of JSON each, for programs.

In: the engine's events. Out: lines on standard output, and the JSON Schema of them. Owns the names of events; their fields are those of
`engine.events`. Never decides anything. Change it together with docs/run-events.md: programs rely on it.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any, get_args

from mlspec.cli import output
from mlspec.diagnostics import Diagnostic
from mlspec.engine import RunOutcome
from mlspec.engine.events import Event, StepOutput
from mlspec.store.timestamps import timestamp

VERSION = 1
"""A change of it is a break: fields may be added, and events, without one."""
SCHEMA = "mlspec.run-events.v1.schema.json"
INTERRUPTED = "run_interrupted"
"""Last of a run that a signal ended; no event of the engine, which passes the signal on."""


def name_of(kind: type) -> str:
    """`StepStarted` is `step_started`."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", kind.__name__).lower()


class EventLines:
    """A callback for the engine's events. With `quiet` it leaves out what steps print."""

    def __init__(self, *, quiet: bool) -> None:
        self._quiet = quiet
        self._run_id: str | None = None
        self._has_reader = True

    def __call__(self, event: Event) -> None:
        """Print one. When whoever reads has gone, the run goes on unread: its exit status still tells."""
        self._run_id = getattr(event, "run_id", self._run_id)
        if not (self._quiet and isinstance(event, StepOutput)):
            self._print({"event": name_of(type(event)), **asdict(event)})

    def interrupted(self) -> None:
        """Say that a signal has ended the run, unless whoever reads has paused: its end does not wait for them."""
        self._has_reader = self._has_reader and output.takes_more()
        self._print({"event": INTERRUPTED, "run_id": self._run_id})

    def summary(self, _result: RunOutcome, _undeclared: Sequence[Diagnostic] = ()) -> None:
        """Nothing: programs read `mlspec runs show --format json`, and findings where `validate` prints them."""

    def _print(self, fields: Mapping[str, Any]) -> None:
        if not self._has_reader:
            return
        try:
            sys.stdout.write(json.dumps({"version": VERSION, "at": timestamp(), **fields}) + "\n")
            sys.stdout.flush()
        except BrokenPipeError:
            self._has_reader = False
            output.silence()


def schema() -> dict[str, Any]:
    """The JSON Schema of a line, made from the events themselves."""
    from pydantic import TypeAdapter

    shared = {"version": {"const": VERSION}, "at": {"type": "string", "format": "date-time", "description": "When, in UTC."}}
    run_id = {"type": ["string", "null"], "description": "Null where it had none yet."}
    found: dict[str, Any] = {
        INTERRUPTED: {"description": "Last of a run that a signal ended.", "properties": {"run_id": run_id}}
    }
    found |= {name_of(kind): TypeAdapter(kind).json_schema(mode="serialization") for kind in get_args(Event)}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A line of mlspec run --json",
        "oneOf": [
            {
                "title": name,
                "description": " ".join(str(made.get("description", "")).split()),
                "type": "object",
                "properties": {**shared, "event": {"const": name}, **_bare(made["properties"])},
                "required": ["version", "at", "event", *made["properties"]],
            }
            for name, made in sorted(found.items())
        ],
    }


def _bare(properties: Mapping[str, Any]) -> dict[str, Any]:
    """Without titles and defaults: a line has every field."""
    return {
        name: {key: value for key, value in shape.items() if key not in ("title", "default")}
        for name, shape in properties.items()
    }
