"""A past run, done again from its record in a clean folder.

In: the runs of a lifecycle, one of them. Out: what it came to then and now. Owns what a record must hold for it, and which files a clean
clone gets beside its own; leaves nothing behind. Change it when a run depends on something else that its record can tell.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from mlspec import __version__
from mlspec.checking.check import check
from mlspec.engine import repeat
from mlspec.engine.events import Event
from mlspec.engine.outcome import local_outcome
from mlspec.engine.repeat import Compared
from mlspec.engine.results import RunOutcome
from mlspec.engine.schedule import run as start
from mlspec.errors import StoreError
from mlspec.ir.model import Plan
from mlspec.ir.sources import ProjectPath
from mlspec.source.git_work import clone
from mlspec.source.project import ProjectError
from mlspec.store.files import copy
from mlspec.store.present import present_digest
from mlspec.store.runs import Runs
from mlspec.terms import Json


class NotReproducibleError(Exception):
    """A run that cannot be done again; the text says why."""


@dataclass(frozen=True, slots=True)
class Reproduction:
    """What a run came to, then and now."""

    run_id: str
    commit: str
    status: str
    compared: tuple[Compared, ...]
    left_out: Mapping[str, str]
    notes: tuple[str, ...] = field(default=())

    @property
    def same(self) -> bool:
        """Whether all that was made is what it was; of nothing nobody can tell."""
        return bool(self.compared) and all(one.same for one in self.compared)


def reproduce(
    runs: Runs, run_id: str, folder: Path, *, jobs: int | None = None, on_event: Callable[[Event], None] | None = None
) -> Reproduction:
    """Do a run again in `folder`, which is empty, and compare. Raises `NotReproducibleError`, and all that `run` raises."""
    before = local_outcome(runs, run_id)
    manifest = before.manifest or {}
    commit = _commit(manifest, before.run_id)
    try:
        clone(runs.project, commit, folder)
    except ProjectError as error:
        raise NotReproducibleError(f"run {before.run_id} is of the commit {commit}, which cannot be had: {error}") from None
    plan = _plan(manifest, folder)
    again, left_out = repeat.repeatable(plan, before)
    project = (folder / str(manifest["path"])).parent
    notes = [*_differences(manifest, again), *_bring_inputs(again, before, runs.project, project)]
    after = start(
        again, project, params=manifest["params"], date=manifest["date"] or None, cache=False, jobs=jobs, on_event=on_event
    )
    found = tuple(repeat.compared(before, after, again))
    return Reproduction(before.run_id, commit, after.status, found, left_out, tuple(notes))


def _commit(manifest: Mapping[str, Json], run_id: str) -> str:
    """The commit of a run; raises `NotReproducibleError` for one that no commit has whole."""
    if manifest.get("only") is not None:
        raise NotReproducibleError(f"run {run_id} is of one step alone, on what other runs had made")
    commit, changed = manifest.get("commit"), manifest.get("changed") or []
    if not isinstance(commit, str):
        raise NotReproducibleError(f"run {run_id} was not made from a commit: nothing says what its files were")
    if manifest.get("mixed"):
        raise NotReproducibleError(f"run {run_id} was begun at one commit and ended at another: no one commit makes it")
    if changed:
        named = ", ".join(map(str, changed[:5])) + (f" and {len(changed) - 5} more" if len(changed) > 5 else "")
        raise NotReproducibleError(
            f"run {run_id} was made with changes that no commit has: {named}. Commit them, and run it again"
        )
    return commit


def _plan(manifest: Mapping[str, Json], folder: Path) -> Plan:
    profile, sets = _layers(manifest["layers"])
    checked = check(folder / str(manifest["path"]), profile=profile, sets=sets)
    plan = checked.plan
    if plan is None:
        first = next((finding for finding in checked.findings if finding.severity == "error"), None)
        raise NotReproducibleError(
            f"the spec of that commit cannot be planned any more: {first.message if first else 'no plan'}"
        )
    if manifest["pipeline"] == "monitor":
        plan = plan.monitor.plan if plan.monitor is not None else plan
    if plan.digest != manifest["spec_digest"]:
        raise NotReproducibleError("the spec of that commit is not what the run had: it includes a file of another place")
    if (plan.lock.digest if plan.lock else None) != manifest["lock"]:
        raise NotReproducibleError("the lock of that commit is not what the run had")
    return plan


def _layers(words: list[str]) -> tuple[str | None, list[str]]:
    pairs = list(zip(words[::2], words[1::2], strict=True))
    return next((value for option, value in pairs if option == "--profile"), None), [v for o, v in pairs if o == "--set"]


def _differences(manifest: Mapping[str, Json], plan: Plan) -> list[str]:
    """What may make a difference and is not in any commit."""
    notes = (
        [] if manifest["mlspec"] == __version__ else [f"the run was made by mlspec {manifest['mlspec']}, this is {__version__}"]
    )
    if manifest["lock"] is None and any(environment.requirements for environment in plan.environments.values()):
        notes.append("nothing was locked: packages are as the index has them today")
    return notes


def _bring_inputs(plan: Plan, before: RunOutcome, source: Path, project: Path) -> list[str]:
    """Put the inputs that git does not hold where steps look for them, when they still are what the run read."""
    notes = []
    for step_id, step in ((step.id, step) for step in plan.steps):
        outcome = before.steps.get(step_id)
        for item in step.inputs:
            if not isinstance(item.source, ProjectPath) or Path(item.source.path).is_absolute():
                continue
            target, path = project / item.source.path, source / item.source.path
            if target.exists() or not path.exists():
                continue
            recorded = outcome.record["inputs"].get(item.name) if outcome is not None and outcome.record is not None else None
            if recorded is not None and _digest(item.source.path, source) != recorded["digest"]:
                notes.append(f"the input {item.source.path} is in no commit, and is not what it was")
            copy(path, target)
    return notes


def _digest(path: str, project: Path) -> str | None:
    try:
        return present_digest(path, project)
    except (OSError, StoreError):
        return None
