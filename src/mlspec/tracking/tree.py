"""A run of a lifecycle in MLflow: one run for it, and one below it for each step that has ended.

In: facts of runs and steps. Out: the ids of MLflow's runs, made where they are missing. Owns that there is one of each, whoever makes
it, and however often, at the same time, or killed in between: runs are found by tags that follow from what they stand for, and
the store says which one stands for the whole. Never logs values (see `logged`). MLflow is imported inside.
Change it when the tree should have another form.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from hashlib import sha256
from typing import Any

from mlspec.store.deliveries import Deliveries
from mlspec.tracking.facts import RunFacts, StepFacts
from mlspec.tracking.names import tags_for

KEY = "mlspec.key"
"""The tag by which what stands for a run or a step is found."""
OWNER = "mlspec.of"
"""The tag of runs that a step's own code opened: the key of the step."""
STARTED = "mlspec.started"
_PARENT = "mlflow.parentRunId"
_LONGEST_NAME = 250
"""Characters of the longest name of a run that MLflow's databases take."""


def key_of(lifecycle: str, run_id: str, label: str = "") -> str:
    """What a run, or one of its steps, is found by: text without quotes, whatever their names hold."""
    return sha256("\0".join((lifecycle, run_id, label)).encode("utf-8", "surrogatepass")).hexdigest()[:32]


def tracker_of(uri: str, experiment: str) -> str:
    """What notes call a server or database with an experiment; it tells nothing of a password."""
    return f"mlflow-{sha256(f'{uri} {experiment}'.encode()).hexdigest()[:12]}"


def milliseconds(text: str) -> int:
    """A time of a record as MLflow takes it."""
    return round(datetime.fromisoformat(text).timestamp() * 1000)


class Tree:
    """The tree of one run. `told` is what the store knows of it, `tracker` what that calls this server."""

    def __init__(self, client: Any, experiment: str, deliveries: Deliveries, tracker: str) -> None:
        self._client = client
        self._experiment = experiment
        self._deliveries = deliveries
        self._tracker = tracker

    def run(self, facts: RunFacts) -> str:
        """The id of what stands for the run: the same for all who ask. One that the server does not know any more is made anew."""
        known = self._deliveries.parent(self._tracker)
        if known is not None and self._is_there(known):
            return known
        if known is not None:
            self._deliveries.forget_parent(self._tracker)
        key = key_of(facts.lifecycle, facts.run_id)
        found = self._find(KEY, key)
        mine = found[0] if found else self._make(facts.run_id, facts.started, {**run_tags(facts), KEY: key})
        winner = self._deliveries.claim_parent(self._tracker, mine)
        if winner != mine and not found:
            self._client.delete_run(mine)
        return winner

    def step(self, facts: StepFacts, parent: str) -> str:
        """The id of what stands for the end of a step below `parent`; what stood for a former end of it is MLflow's trash's."""
        key, started = key_of(facts.run.lifecycle, facts.run.run_id, facts.label), str(facts.record["started"])
        found = self._find(KEY, key)
        same = [run for run in found if self._client.get_run(run).data.tags.get(STARTED) == started]
        if same:
            mine = same[0]
        else:
            tags = {**step_tags(facts), KEY: key, STARTED: started, _PARENT: parent}
            mine = self._make(facts.label, started, tags)
            same = [run for run in self._find(KEY, key) if run == mine or run not in found]
            mine = min(same, default=mine)  # two that tell of one end: both take the same one
        former = {*found, *same} - {mine}
        for own in self._find(OWNER, key):
            if self._client.get_run(own).data.tags.get(_PARENT) in former:  # of a former end, whose run goes
                self._delete(own)
            else:
                self._client.set_tag(own, _PARENT, mine)
        for run in former:
            self._delete(run)
        return mine

    def is_unknown(self) -> bool:
        """Whether the server has forgotten what it was told of the run: its database is another one."""
        known = self._deliveries.parent(self._tracker)
        return known is not None and not self._is_there(known)

    def has(self, facts: StepFacts) -> bool:
        """Whether the server was told of the end of a step, as far as the store knows."""
        return self._deliveries.knows(facts.place, facts.record["started"], self._tracker)

    def note(self, facts: StepFacts, run: str) -> None:
        """Say that all of the end of a step is there."""
        self._deliveries.note_sent(facts.place, facts.record["started"], self._tracker, run)

    def end(self, facts: RunFacts, parent: str, status: str, ended: str | None) -> None:
        """Say how the run stands, in MLflow's words, and leave no other one that stands for it."""
        if status == "RUNNING":
            self._client.update_run(parent, status)
        else:
            self._client.set_terminated(parent, status, None if ended is None else milliseconds(ended))
        for other in self._find(KEY, key_of(facts.lifecycle, facts.run_id)):
            if other != parent:
                self._delete(other)

    def _is_there(self, run: str) -> bool:
        """Whether the server has a run; False where its database is another one than it was."""
        from mlflow import MlflowException

        try:
            found = self._client.get_run(run)
        except MlflowException as error:
            if error.error_code == "RESOURCE_DOES_NOT_EXIST":
                return False
            raise
        if found.info.lifecycle_stage == "deleted":
            raise MlflowException(f"the run {run}, which stands for this one, was deleted; `mlflow runs restore` has it back")
        return True

    def _find(self, tag: str, value: str) -> list[str]:
        """The runs with a tag, in an order on which all agree."""
        found = self._client.search_runs([self._experiment], f"tags.`{tag}` = '{value}'")
        return [run.info.run_id for run in sorted(found, key=lambda run: (run.info.start_time, run.info.run_id))]

    def _make(self, name: str, started: str, tags: dict[str, str]) -> str:
        made = self._client.create_run(self._experiment, milliseconds(started), tags_for(tags), name[:_LONGEST_NAME])
        return str(made.info.run_id)

    def _delete(self, run: str) -> None:
        _unless_gone(lambda: self._client.delete_run(run))


def _unless_gone(act: Callable[[], Any]) -> None:
    """Do what another process may be doing at the same time."""
    from mlflow import MlflowException

    try:
        act()
    except MlflowException as error:
        if error.error_code not in ("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE", "INVALID_STATE"):
            raise


def run_tags(facts: RunFacts) -> dict[str, str]:
    """What the runs for the whole and for its steps have in common."""
    tags = {
        "mlspec.lifecycle": facts.lifecycle,
        "mlspec.run_id": facts.run_id,
        "mlspec.run_date": facts.date,
        "mlspec.spec_digest": facts.spec_digest,
        "mlspec.lock_digest": facts.lock,
        "mlflow.source.git.commit": facts.commit,
        "mlflow.source.git.repoURL": facts.repository,
        "mlflow.note.content": facts.description,
        "mlflow.source.name": facts.lifecycle,
        "mlflow.source.type": "PROJECT",
    }
    return {name: text for name, text in tags.items() if text}


def step_tags(facts: StepFacts) -> dict[str, str]:
    """What says of a step where it is from and how it ended."""
    record = facts.record
    tags = {name: text for name, text in run_tags(facts.run).items() if name != "mlflow.note.content"}
    tags |= {"mlspec.step": facts.label, "mlspec.body": facts.body, "mlspec.attempts": str(record["attempts"])}
    tags |= {f"mlspec.output.{name}": str(output["digest"]) for name, output in record["outputs"].items()}
    if record["cached_from"] is not None:
        tags |= {"mlspec.cached": "true", "mlspec.cached_from": str(record["cached_from"])}
    if record["status"] == "skipped":
        tags["mlspec.skipped"] = "true"
    if record["error"]:
        tags["mlflow.note.content"] = str(record["error"])
    return {name: text for name, text in tags.items() if text}
