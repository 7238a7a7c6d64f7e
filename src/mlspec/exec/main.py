"""`mlspec exec`: runs one step of one run.

In: the command line. Out: an exit status, a record in the store, messages on standard error. Owns how a step process starts
and ends, whatever happens in between; never knows how a step runs (see `step`). Standard library only.
Change it when the process must report its end in a new way.
"""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from pathlib import Path

from mlspec.errors import Interrupted, StepError, StoreError, UsageError, sentence
from mlspec.exec.artifacts import Scratch
from mlspec.exec.groups import Supervisor
from mlspec.exec.step import Step
from mlspec.invocation.kubeflow import write_output
from mlspec.invocation.model import Invocation
from mlspec.invocation.parse import parse, usage
from mlspec.store.filesystem import open_store
from mlspec.store.layout import entry_name
from mlspec.store.records import Records
from mlspec.terms import DONE, FINDINGS, NOT_RUN, USAGE


def main(arguments: list[str]) -> int:
    """Run the step that `arguments` describe; returns the exit status of docs/step-process.md."""
    if arguments in (["--help"], ["-h"]):
        print(usage())
        return DONE
    try:
        invocation = parse(arguments)
        _enter(invocation.run.project or os.environ.get("MLSPEC_PROJECT"))
    except UsageError as error:
        print(f"mlspec exec: {error}; see docs/step-process.md", file=sys.stderr)
        return USAGE
    supervisor, scratch = Supervisor(), Scratch()
    supervisor.watch()
    try:
        return _StepProcess(invocation, supervisor, scratch).run()
    except (StepError, StoreError, OSError, Interrupted) as error:
        _say(f"step {invocation.label} failed: {sentence(error)}")
        return FINDINGS
    finally:
        scratch.clear()


class _StepProcess:
    def __init__(self, invocation: Invocation, supervisor: Supervisor, scratch: Scratch) -> None:
        self._invocation = invocation
        self._supervisor = supervisor
        self._records = Records(open_store(invocation.run.store), invocation.run.lifecycle, invocation.run.run_id)
        self._step = Step(invocation, self._records, scratch, supervisor, self._report)

    def run(self) -> int:
        if self._invocation.start.fail_fast and (failed := self._failed_elsewhere()):
            _say(f"step {self._invocation.label} blocked: step {failed} of this run has failed")
            return NOT_RUN
        ending = self._step.ending
        try:
            self._step.carry_out()
            self._tell_kubeflow()
        except (StepError, StoreError, OSError, Interrupted) as error:
            ending.error = sentence(error)
        except RecursionError:
            ending.error = "a value is nested too deeply"
        except Exception as error:
            import traceback

            traceback.print_exc()
            ending.error = f"a bug in mlspec: {type(error).__name__}: {error}"
        self._supervisor.rest()
        if self._step.undecided and ending.error is None:
            return self._conclude()
        if ending.status == "failed" or ending.error is not None:
            self._fail()
        self._end()
        self._follow_up()
        return self._conclude()

    def _end(self) -> None:
        given = self._invocation
        instance, final = given.recorded_instance, given.start.final
        self._records.end(given.step, given.instance_index, instance, self._step.ending, final=final)

    def _tell_kubeflow(self) -> None:
        if self._invocation.run.executor_input is None:
            return
        ending = self._step.ending
        try:
            uris = write_output(self._invocation.run.executor_input, ending.status, self._metrics(), self._step.items)
        except (KeyError, ValueError) as error:
            raise StepError(f"--executor-input is not what Kubeflow passes: {error!r}") from None
        for name, output in ending.outputs.items():  # the PATH it was made at is gone with the pod
            output["uri"] = uris.get(name, output["uri"])

    def _follow_up(self) -> None:
        """Do what the step does not depend on; its failure is a warning."""
        ending = self._step.ending
        if ending.status == "succeeded":
            try:
                self._step.remember()
            except (StepError, StoreError, OSError) as error:
                self._report(f"not cached: {sentence(error)}")
        if self._invocation.tracking.uri is not None:
            self._track()

    def _track(self) -> None:
        from mlspec.observers import mlflow as tracking

        if not tracking.wanted(self._invocation, self._step.ending):
            return
        self._supervisor.watch()
        try:
            warning = tracking.log(self._invocation, self._step.ending, self._metrics())
        except Interrupted as interrupted:
            warning = f"not logged: {interrupted}"
        self._supervisor.rest()
        if warning is not None:
            self._report(f"MLflow: {warning}")

    def _metrics(self) -> dict[str, dict[str, float]]:
        kinds = {output.name: output.type for output in self._invocation.wiring.outputs}
        contents = self._step.outputs.contents
        return {name: numbers for name, numbers in contents.items() if kinds[name] == "metrics"}

    def _fail(self) -> None:
        ending = self._step.ending
        ending.status, ending.outputs = "failed", {}
        try:
            self._step.outputs.retract()
        except (StepError, StoreError, OSError) as error:
            self._report(f"what it made could not be removed: {sentence(error)}")

    def _conclude(self) -> int:
        ending = self._step.ending
        if ending.status == "succeeded":
            return DONE
        if ending.status == "skipped":
            _say(f"step {self._invocation.label} skipped: {self._step.reason}")
            return NOT_RUN if self._invocation.run.executor_input is None else DONE
        _say(f"step {self._invocation.label} failed: {ending.error}")
        return FINDINGS

    def _failed_elsewhere(self) -> str | None:
        own = entry_name(self._invocation.step, self._invocation.instance_index)
        return next((name for name in self._records.failures() if name != own), None)

    def _report(self, message: str) -> None:
        _say(f"step {self._invocation.label}: {message}")


def _enter(project: str | None) -> None:
    """Make the project root the current folder: all relative paths mean it, of the body and of this process."""
    if project:
        try:
            os.chdir(Path(project))
        except OSError as error:
            raise UsageError(f"--project {project}: {error.strerror}") from None


def _say(message: str) -> None:
    with suppress(OSError):  # whoever reads our messages may be gone; the record is what counts
        print(f"mlspec: {message}", file=sys.stderr, flush=True)
