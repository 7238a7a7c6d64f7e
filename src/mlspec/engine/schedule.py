"""`run`: a whole plan, one step of it, or the rest of an earlier run, on this machine.

In: a `Plan` and a project folder. Out: a `RunOutcome`, events, and a run in the store with its manifest.
Owns the life of a run from its id to its last state; never decides what a step comes to (see `frontier`) and never prints.
Change it when a run gains something before its first step or after its last.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections import ChainMap
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from mlspec import __version__
from mlspec.engine import approvals
from mlspec.engine.commands import Commands, Uris
from mlspec.engine.dates import kept_date, new_date
from mlspec.engine.errors import RunError
from mlspec.engine.events import EnvironmentBuilding, EnvironmentOutput, Event, RunEnded, RunStarted, RunWaits, StepNotKept
from mlspec.engine.fan_out import place_of, uris_of
from mlspec.engine.fork_server import ForkServer
from mlspec.engine.frontier import Frontier
from mlspec.engine.inbox import Inbox, Interrupt, signals_to
from mlspec.engine.locked import check_inputs, check_lock
from mlspec.engine.logs import FOLDER
from mlspec.engine.loop import Loop
from mlspec.engine.outcome import existing, local_outcome
from mlspec.engine.outline import outline
from mlspec.engine.params import param_variables, refuse_secrets
from mlspec.engine.results import RunOutcome
from mlspec.engine.selection import Selection, alone, meaning, rest, whole
from mlspec.engine.sources import check_outputs, from_earlier
from mlspec.engine.states import run_status
from mlspec.engine.takeover import leased
from mlspec.engine.tracker_sync import sync_rest
from mlspec.engine.turns import turn
from mlspec.environments.build import interpreter
from mlspec.errors import StoreError
from mlspec.exec import parent
from mlspec.ir.bodies import Approval
from mlspec.ir.model import Plan, Step
from mlspec.store.filesystem import LocalStore, store_errors
from mlspec.store.leases import Lease
from mlspec.store.runs import Runs, new_run_id
from mlspec.store.timestamps import timestamp
from mlspec.terms import LOCKED_VARIABLE, Json, RunStatus, StepStatus


def run(
    plan: Plan,
    project: Path,
    *,
    params: Mapping[str, Json] | None = None,
    run_id: str | None = None,
    jobs: int | None = None,
    cache: bool = True,
    trace: bool = False,
    locked: bool = False,
    only: str | None = None,
    resume: str | None = None,
    date: str | None = None,
    origin: Mapping[str, Json] | None = None,
    on_event: Callable[[Event], None] | None = None,
) -> RunOutcome:
    """Run a plan in `project` and return how it ended; a failed run is no exception.

    `params` override defaults. At most `jobs` processes run at once (default: one a processor). `cache` lets equal steps
    of earlier runs lend their outputs; `locked` lets nothing run but what was locked;
    `trace` does every step and says which files it opens that nobody declared.
    `resume` does the rest of a run, under its id. `only` runs one step (an id, or the
    name of a matrix) as a run of its own, on outputs of `resume` or of the newest runs that have them. `date` is the time that the
    run is for, a moment or a day, instead of its start; `resume` keeps that of the run. `origin` is what the run's record is to say of
    its files (`mlspec.source.git_work`).

    Raises, before anything starts, `ParameterError`, `NotLockedError`, `EnvironmentBuildError`, `RunError` (an unknown run or step, missing
    inputs; `SkippedRunError`, where the spec lets no more runs be in progress) and `LeaseError` (another process makes the run);
    at any time, after all processes have been ended, `StoreError` (the store is out of reach) and `KeyboardInterrupt`, on
    which no `finally` step starts.
    """
    if jobs is not None and jobs < 1:
        raise ValueError(f"jobs must be at least 1, not {jobs}")
    project = project.resolve()
    if locked:
        check_lock(plan)
    runs = Runs(plan.lifecycle, plan.store, project)
    emit = on_event or (lambda _: None)
    in_turn = turn(plan, project, lambda why: emit(RunWaits(why)))
    refuse_secrets(plan, params or {}, os.environ)
    if resume is not None and only is None:
        if run_id is not None:
            raise ValueError("a resumed run keeps its id")
        run_id = existing(runs, resume)
        with in_turn, leased(runs, run_id) as lease:
            selection = rest(plan, runs, run_id, params or {}, lambda step, why: emit(StepNotKept(step, why)))
            before = selection.resumes.manifest if selection.resumes is not None else None
            selection = replace(selection, date=kept_date(plan, date, run_id, before))
            _LocalRun(plan, runs, selection, emit, lease, trace=trace, locked=locked, origin=origin or {}).run(jobs, cache)
        return local_outcome(runs, run_id)
    run_id = run_id or new_run_id()
    selection = _begun(plan, runs, params or {}, run_id, only)
    uris, earlier = None, existing(runs, resume) if resume is not None else None
    found = new_date(plan, date) if earlier is None else kept_date(plan, date, earlier, runs.manifest(earlier))
    selection = replace(selection, date=found)
    if only is not None:
        uris = from_earlier(plan, runs, [earlier] if earlier is not None else reversed(runs.ids()))
        check_outputs(selection, uris)
    with in_turn, leased(runs, run_id, new=True) as lease:
        _LocalRun(plan, runs, selection, emit, lease, uris, trace=trace, locked=locked, origin=origin or {}).run(jobs, cache)
    return local_outcome(runs, run_id)


def _begun(plan: Plan, runs: Runs, params: Mapping[str, Json], run_id: str, only: str | None) -> Selection:
    if runs.holds(run_id):
        raise RunError(f"there is a run {run_id} already: resume it, or take another id")
    return alone(plan, run_id, only, params) if only is not None else whole(plan, run_id, params)


@dataclass
class _LocalRun:
    plan: Plan
    runs: Runs
    selection: Selection
    emit: Callable[[Event], None]
    lease: Lease
    uris: Uris | None = None
    trace: bool = False
    locked: bool = False
    origin: Mapping[str, Json] = field(default_factory=dict)
    states: ChainMap[str, StepStatus] = field(default_factory=ChainMap)
    instances: ChainMap[str, list[StepStatus]] = field(default_factory=ChainMap)
    started: str = ""

    def __post_init__(self) -> None:
        self.instances = ChainMap(dict(self.selection.instances))

    def run(self, jobs: int | None, cache: bool) -> None:
        """Run to the end, with a manifest at both ends."""
        with store_errors():
            self._run(jobs or os.cpu_count() or 1, cache)

    def _run(self, jobs: int, cache: bool) -> None:
        began, selection = time.monotonic(), self.selection
        uris = self.uris or (lambda source: uris_of(self.plan, source, self.states, self.instances))
        commands = Commands(
            self.plan, self.runs, selection.run_id, selection.date, selection.params, uris, cache, self.trace, self._pythons()
        )
        if self.locked:
            check_inputs(self.plan, selection.to_run, self.runs.project)
        self._forget()
        self._write("running")
        self.runs.write_outline(selection.run_id, outline(selection.steps, selection.finals))
        started = tuple(step.id for step in selection.to_run)
        self.emit(RunStarted(selection.run_id, started, tuple(selection.kept)))
        environ = {**os.environ, **param_variables(selection.params), **({LOCKED_VARIABLE: "1"} if self.locked else {})}
        if isinstance(self.runs.store, LocalStore):
            environ[parent.SYNC_VARIABLE] = "1"  # see `outbox`
        inbox = Inbox()
        self.lease.on_loss = lambda reason: inbox.put(Interrupt(reason))
        try:
            with signals_to(inbox), self._log_folder() as logs, self._server(environ) as server:
                loop = partial(
                    Loop,
                    commands=commands,
                    environ=environ,
                    lease=self.lease.id,
                    server=server,
                    inbox=inbox,
                    jobs=jobs,
                    logs=Path(logs),
                    emit=inbox.showing(self.emit),
                )
                self._phase(loop, selection.steps, stop=self.plan.on_failure == "stop")
                self._phase(loop, selection.finals, stop=False, status=run_status(self.states.values()))
            status = run_status(self.states.values())
        except BaseException:
            with suppress(StoreError):  # what ended the run is what counts; without its end the run is interrupted
                self._end("interrupted")
            raise
        self._end(status)
        self.emit(RunEnded(selection.run_id, status, time.monotonic() - began))

    def _phase(self, loop: Callable[..., Loop], steps: Sequence[Step], *, stop: bool, status: RunStatus | None = None) -> None:
        """Run steps that are over before the next phase begins; later ones may read the states of earlier ones."""
        frontier = Frontier(steps, stop=stop, settled=self.selection.kept, instances=self.selection.instances)
        self.states = ChainMap(frontier.states, *self.states.maps)
        self.instances = ChainMap(frontier.instances, *self.instances.maps)
        loop(frontier, run_status=status).run()

    def _end(self, status: RunStatus) -> None:
        if not self.lease.lost:  # then the run is another's to tell of
            self.runs.records(self.selection.run_id).leave_ended()
            self._write(status, ended=timestamp())
            if self.plan.is_tracked and status != "interrupted":
                sync_rest(self.plan, self.runs, self.selection.run_id)

    def _pythons(self) -> dict[str, Path]:
        """Find or build the interpreter of every environment in use."""
        used = sorted({step.environment for step in self.selection.to_run if step.environment} & set(self.plan.environments))
        found = {
            name: interpreter(
                self.plan.environments[name],
                self.runs.project,
                lambda name: self.emit(EnvironmentBuilding(name)),
                partial(self._say_installing, name),
            )
            for name in used
        }
        return {name: python for name, python in found.items() if python != Path(sys.executable)}

    def _say_installing(self, name: str, line: str) -> None:
        self.emit(EnvironmentOutput(name, line))

    def _forget(self) -> None:
        """Remove what the steps to run left in an earlier try. An answer that no run has taken up yet still counts."""
        if self.selection.resumes is None:
            return
        records = self.runs.records(self.selection.run_id)
        records.forget_tracking()
        for step in self.selection.to_run:
            if isinstance(step.body, Approval) and records.read(*place_of(step)) is not None:
                approvals.forget(records, step)
            records.forget(*place_of(step))

    def _server(self, environ: Mapping[str, str]) -> ForkServer:
        """What forks step processes, which get the secrets that they list from us."""
        secret = {variable for secret in self.plan.secrets.values() for variable in secret.variables}
        return ForkServer({name: text for name, text in environ.items() if name not in secret}, self.lease.id)

    def _log_folder(self) -> tempfile.TemporaryDirectory[str]:
        """A folder for the logs of running steps, on the store's own file system where it has one."""
        store = self.runs.store
        near = store.path(self.runs.records(self.selection.run_id).run) if isinstance(store, LocalStore) else None
        return tempfile.TemporaryDirectory(prefix=FOLDER, dir=near)

    def _write(self, status: RunStatus, ended: str | None = None) -> None:
        selection, before = self.selection, self.selection.resumes
        moment = timestamp()
        if ended is None:
            self.started = moment
        first = before.manifest["started"] if before and before.manifest else self.started
        self.runs.write_manifest(
            selection.run_id,
            {
                "version": 1,
                "lifecycle": self.plan.lifecycle,
                "run_id": selection.run_id,
                "status": status,
                "spec_file": self.plan.spec_file,
                "spec_digest": self.plan.digest,
                "date": selection.date,
                "params": selection.params,
                "only": selection.only,
                "started": first,
                "resumed": self.started if before else None,
                "ended": ended,
                "steps": dict(self._entries()),
                **self._made_of(before.manifest if before else None),
                "meanings": {step.id: meaning(self.plan, step) for step in (*selection.steps, *selection.finals)},
            },
        )

    def _made_of(self, before: Mapping[str, Json] | None) -> dict[str, Json]:
        """What is needed to do the run again: its files, its layers, its lock, who made it."""
        mixed = before is not None and (before.get("commit") != self.origin.get("commit") or bool(before.get("mixed")))
        return {
            "commit": self.origin.get("commit"),
            "path": self.origin.get("path"),
            "changed": [*self.origin.get("changed", [])],
            "mixed": mixed,
            "layers": [*self.plan.layers],
            "pipeline": self.plan.pipeline,
            "lock": self.plan.lock.digest if self.plan.lock is not None else None,
            "mlspec": __version__,
            "python": ".".join(map(str, sys.version_info[:3])),
        }

    def _entries(self) -> Iterator[tuple[str, Json]]:
        """Every step and instance with its place in the store and its state."""
        for step in (*self.selection.steps, *self.selection.finals):
            name, index = place_of(step)
            instances = self.instances.get(step.id)
            if not instances:
                yield step.id, {"step": name, "index": index, "status": self.states.get(step.id, "pending")}
            for number, state in enumerate(instances or ()):
                yield f"{step.id}[{number}]", {"step": name, "index": number, "status": state}
