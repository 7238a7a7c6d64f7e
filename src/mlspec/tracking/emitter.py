"""OpenLineage's client, opened for a place, and what is sent to it once.

In: facts of steps. Out: events sent; of what the client raises, a reason for the user. Owns where events go, what the client's own
variables and `openlineage.yml` add, and that a file is written by one process at a time. The client is imported inside.
Change it when events go to another kind of place.
"""

from __future__ import annotations

import fcntl
import logging
import os
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlspec.store.deliveries import Deliveries
from mlspec.tracking.facts import RunFacts, StepFacts

if TYPE_CHECKING:
    from openlineage.client import OpenLineageClient
    from openlineage.client.event_v2 import RunEvent

_FILE = "file:"
_SECONDS = 5
_RETRY = {"total": 1, "read": 1, "connect": 1, "backoff_factor": 0.3, "status_forcelist": [500, 502, 503, 504]}


def asked_for(place: str | None, environ: Mapping[str, str]) -> bool:
    """Whether events go anywhere: to a place that the spec names, or by the client's own variables or file."""
    if environ.get("OPENLINEAGE_DISABLED", "").lower().strip() == "true":
        return False
    variables = ("OPENLINEAGE_URL", "OPENLINEAGE_CONFIG", "OPENLINEAGE__TRANSPORT", "OPENLINEAGE__TRANSPORT__TYPE")
    return place is not None or any(environ.get(name) for name in variables) or Path("openlineage.yml").is_file()


def tracker_of(place: str | None) -> str:
    """What notes call the place."""
    return f"openlineage-{sha256((place or os.environ.get('OPENLINEAGE_URL') or '').encode()).hexdigest()[:12]}"


class Emitter:
    """Sends the events of one run, each end of a step once. Import errors are the caller's to say."""

    def __init__(self, place: str | None, namespace: str | None, deliveries: Deliveries) -> None:
        from mlspec.tracking.lineage import DEFAULT_NAMESPACE

        self._place = place
        self._deliveries = deliveries
        self._tracker = tracker_of(place)
        self._namespace = namespace or os.environ.get("OPENLINEAGE_NAMESPACE") or DEFAULT_NAMESPACE
        self._client = _client(place)

    def has(self, facts: StepFacts) -> bool:
        """Whether the end of a step was sent."""
        return self._deliveries.knows(facts.place, facts.record["started"], self._tracker)

    def step(self, facts: StepFacts) -> None:
        """Send the events of a step, before those of the first one that its run has begun."""
        from mlspec.tracking import lineage

        if self._deliveries.parent(self._tracker) is None:
            self._send([lineage.started(facts.run, self._namespace)])
            self._deliveries.claim_parent(self._tracker, lineage.run_uuid(facts.run))
        if not self.has(facts):
            self._send(lineage.events_of(facts, self._namespace))
            self._deliveries.note_sent(facts.place, facts.record["started"], self._tracker, lineage.step_uuid(facts))

    def end(self, facts: RunFacts, status: str, moment: str) -> None:
        """Send that a run has ended, as far as can be seen; nothing while it runs."""
        from mlspec.tracking import lineage

        if status != "RUNNING":
            self._send([lineage.ended(facts, self._namespace, status, moment)])

    def _send(self, events: list[RunEvent]) -> None:
        with _alone(self._place):
            for event in events:
                self._client.emit(event)


def _client(place: str | None) -> OpenLineageClient:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from openlineage.client import OpenLineageClient

        logging.getLogger("openlineage").setLevel(logging.CRITICAL)
        return OpenLineageClient(config=_config(place))


def _config(place: str | None) -> dict[str, Any]:
    """What the spec says, as the client wants it; the rest is from its own variables and file."""
    own: dict[str, Any] = {"facets": {"source_code_location": {"disabled": True}}}  # it would start git, and we have said it
    if place is None:
        return own
    if place.startswith(_FILE):
        return {**own, "transport": {"type": "file", "log_file_path": place.removeprefix(_FILE), "append": True}}
    transport: dict[str, Any] = {"type": "http", "url": place, "timeout": _SECONDS, "retry": _RETRY}
    if key := os.environ.get("OPENLINEAGE_API_KEY"):
        transport["auth"] = {"type": "api_key", "apiKey": key}
    return {**own, "transport": transport}


@contextmanager
def _alone(place: str | None) -> Iterator[None]:
    """Let one process at a time append to a file here: long lines are written in pieces."""
    path = place.removeprefix(_FILE) if place is not None and place.startswith(_FILE) else ""
    if not path or "://" in path:
        yield
        return
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    with Path(path).open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def reason(place: str | None, error: BaseException) -> str:
    """Say in one line why events could not be sent."""
    from mlspec.tracking.server import reason as of_server

    return of_server(place or os.environ.get("OPENLINEAGE_URL") or "the place of openlineage.yml", error)
