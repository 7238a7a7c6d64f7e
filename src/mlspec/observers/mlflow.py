"""MLflow's run for a step that has ended, below the one for its run.

In: an ended step of which `step_facts` has kept what there is to tell. Out: MLflow's runs, or a sentence that says why there are none. Owns
that a server which does not take it is asked once a run, and how the run stands as far as this step sees; never fails a step
and never raises. Standard library only, until there is something to log.
Change it when MLflow must be told at another time; what it is told is `tracking.logged`'s.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from mlspec.errors import Interrupted, TimeLimitError
from mlspec.observers import step_facts
from mlspec.observers.base import EndedStep
from mlspec.store.deliveries import Deliveries
from mlspec.store.filesystem import fetch, is_remote, local_path
from mlspec.store.reached import Reached
from mlspec.tracking.server import is_away, opened, quiet, reason


def applies(ended: EndedStep) -> bool:
    """Whatever `step_facts` has kept something of."""
    return ended.invocation.tracking.uri is not None and step_facts.applies(ended) and not ended.later


def observe(ended: EndedStep) -> str | None:
    """Log the step."""
    reached = Reached(ended.records, ended.invocation.wiring.secrets)
    if (known := reached.failure()) is not None:
        return f"MLflow: not logged: {known}"
    try:
        with quiet(patient=False):
            known = _try_to_log(ended, reached)
    except ModuleNotFoundError as error:  # other steps have other environments
        known = f"the module {error.name} is not installed in the environment of the step"
    except Interrupted as interrupted:
        known = str(interrupted)
    return None if known is None else f"MLflow: not logged: {known}"


def _try_to_log(ended: EndedStep, reached: Reached) -> str | None:
    """Log the step; returns why it could not be. The first step of a run finds out for all whether the server is there."""
    invocation = ended.invocation
    uri = invocation.tracking.uri or ""
    experiment = invocation.tracking.experiment or invocation.run.lifecycle
    try:
        with reached.alone():
            if (known := reached.failure()) is not None:
                return known
            try:
                client, experiment_id = opened(uri, experiment)
            except (Exception, TimeLimitError) as error:  # noted before the next step may ask
                reached.note_failure(reason(uri, error), of_secrets=not is_away(error))
                return reason(uri, error)
            reached.note_success()
        _log(ended, client, experiment_id, uri, experiment)
    except (Exception, TimeLimitError) as error:
        if is_away(error):  # what it makes of one step's numbers tells nothing of the next one's
            reached.note_failure(reason(uri, error), of_secrets=False)
        return reason(uri, error)
    return None


def _log(ended: EndedStep, client: Any, experiment_id: str, uri: str, experiment: str) -> None:
    from mlspec.tracking.logged import log_step
    from mlspec.tracking.tree import Tree, tracker_of

    facts = step_facts.kept(ended)
    tree = Tree(client, experiment_id, Deliveries(ended.records), tracker_of(uri, experiment))
    with tempfile.TemporaryDirectory(prefix="mlspec-") as scratch:
        parent = log_step(client, tree, facts, lambda uri: _path(ended, uri, Path(scratch)))
    tree.end(facts.run, parent, step_facts.status_of_run(ended), str(facts.record["ended"]))


def _path(ended: EndedStep, uri: str, scratch: Path) -> Path | None:
    if uri in ended.paths:
        return ended.paths[uri]
    return fetch(uri, Path(tempfile.mkdtemp(dir=scratch))) if is_remote(uri) else local_path(uri)
