"""`mlspec exec`: runs one step of one run.

In: the command line. Out: an exit status, a record in the store, messages on standard error. Owns how a step process starts
and ends, whatever happens in between; never knows how a step runs (see `step`), nor what follows its end (see `observers`).
Standard library only. Change it when the process must start or end in a new way.
"""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from pathlib import Path

from mlspec.errors import Interrupted, StepError, StoreError, SupersededError, UsageError, sentence
from mlspec.exec.artifacts import Scratch
from mlspec.exec.groups import Supervisor
from mlspec.exec.parent import end_with_parent
from mlspec.exec.step import Step
from mlspec.invocation.kubeflow import write_output
from mlspec.invocation.model import Invocation, Joined
from mlspec.invocation.parse import parse, usage
from mlspec.observers import notify
from mlspec.observers.base import EndedStep
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
        _enter_project(invocation.run.project or os.environ.get("MLSPEC_PROJECT"))
    except UsageError as error:
        print(f"mlspec exec: {error}; see docs/step-process.md", file=sys.stderr)
        return USAGE
    supervisor, scratch = Supervisor(), Scratch()
    supervisor.watch_signals()
    try:
        end_with_parent()
        return _StepProcess(invocation, supervisor, scratch).run()
    except (StepError, StoreError, OSError, Interrupted) as error:
        _print_message(f"step {invocation.label} failed: {sentence(error)}")
        return FINDINGS
    finally:
        with suppress(OSError):  # it is below the system's folder for such things; the step has ended
            scratch.clear()


class _StepProcess:
    def __init__(self, invocation: Invocation, supervisor: Supervisor, scratch: Scratch) -> None:
        self._invocation = invocation
        self._supervisor = supervisor
        self._records = Records(open_store(invocation.run.store), invocation.run.lifecycle, invocation.run.run_id)
        self._step = Step(invocation, self._records, scratch, supervisor, self._report)

    def run(self) -> int:
        if self._may_be_blocked() and (failed := self._failed_elsewhere()):
            _print_message(f"step {self._invocation.label} blocked: step {failed} of this run has failed")
            return NOT_RUN
        ending = self._step.ending
        try:
            self._step.run()
            self._write_kubeflow_output()
        except (StepError, StoreError, OSError, Interrupted) as error:
            ending.error = sentence(error)
        except RecursionError:
            ending.error = "a value is nested too deeply"
        except Exception as error:
            import traceback

            traceback.print_exc()
            ending.error = f"a bug in mlspec: {type(error).__name__}: {error}"
        self._supervisor.ignore_signals()
        if self._step.unfinished and ending.error is None:
            self._records.leave(self._invocation.step, self._invocation.instance_index)
            return self._exit_status()
        try:
            self._step.check_current()
        except SupersededError as error:
            ending.status, ending.error = "failed", sentence(error)
            with suppress(OSError):
                self._step.outputs.discard()
            return self._exit_status()
        except StoreError as error:
            ending.error = sentence(error)
        if ending.status == "failed" or ending.error is not None:
            self._fail()
        try:
            self._notify()
        except (StoreError, OSError) as error:
            if ending.status == "failed":
                raise
            ending.error = sentence(error)  # what has no record is no result, and without it there may be room for one
            self._fail()
            self._notify()
        return self._exit_status()

    def _may_be_blocked(self) -> bool:
        """Whether it is one of those that a failure elsewhere keeps from starting: what looks back on others is not."""
        start = self._invocation.start
        return start.fail_fast and not start.final and not isinstance(self._invocation.body, Joined)

    def _notify(self) -> None:
        ended = EndedStep(self._invocation, self._step.ending, self._records, self._metrics(), self._step.cache_key)
        notify(ended, self._report, self._supervisor.interruptible)

    def _write_kubeflow_output(self) -> None:
        """The last of what makes a step succeed on Kubeflow, and no observer: it decides the URIs that are recorded."""
        if self._invocation.run.executor_input is None:
            return
        ending = self._step.ending
        try:
            uris = write_output(self._invocation.run.executor_input, ending.status, self._metrics(), self._step.items)
        except (KeyError, IndexError, ValueError, TypeError, AttributeError) as error:
            raise StepError(f"--executor-input is not what Kubeflow passes: {error!r}") from None
        for name, output in ending.outputs.items():  # the PATH it was made at is gone with the pod
            output["uri"] = uris.get(name, output["uri"])

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

    def _exit_status(self) -> int:
        ending = self._step.ending
        if ending.status == "succeeded":
            return DONE
        if ending.status == "skipped":
            _print_message(f"step {self._invocation.label} skipped: {self._step.reason}")
            return NOT_RUN if self._invocation.run.executor_input is None else DONE
        _print_message(f"step {self._invocation.label} failed: {ending.error}")
        return FINDINGS

    def _failed_elsewhere(self) -> str | None:
        own = entry_name(self._invocation.step, self._invocation.instance_index)
        return next((name for name in self._records.failed() if name != own), None)

    def _report(self, message: str) -> None:
        _print_message(f"step {self._invocation.label}: {message}")


def _enter_project(project: str | None) -> None:
    """Make the project root the current folder: all relative paths mean it, of the body and of this process."""
    if project:
        try:
            os.chdir(Path(project))
        except OSError as error:
            raise UsageError(f"--project {project}: {error.strerror}") from None


def _print_message(message: str) -> None:
    with suppress(OSError):  # whoever reads our messages may be gone; the record is what counts
        print(f"mlspec: {message}", file=sys.stderr, flush=True)
