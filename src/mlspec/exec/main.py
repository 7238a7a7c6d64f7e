"""`mlspec exec`: runs one step of one run.

In: the command line. Out: an exit status, a record in the store, messages on standard error. Owns how a step process starts
and ends, whatever happens in between; never knows how a step runs (see `step`), nor what follows its end (see `observers`).
Standard library only. Change it when the process must start or end in a new way.
"""

from __future__ import annotations

import os
import signal
import sys
from contextlib import suppress
from itertools import pairwise
from pathlib import Path

from mlspec.errors import Interrupted, SettledError, StepError, StoreError, SupersededError, UsageError, sentence
from mlspec.exec.artifacts import Scratch
from mlspec.exec.groups import Supervisor
from mlspec.exec.masking import Masker, secret_values
from mlspec.exec.parent import SERVE, end_with_parent
from mlspec.exec.restarts import Former, former_starts, restarts_left
from mlspec.exec.step import Step
from mlspec.exec.verdict import STEPS, Verdict
from mlspec.expr.values import compact, decode
from mlspec.invocation import option_values
from mlspec.invocation.kubeflow import restart_number, write_output
from mlspec.invocation.model import Invocation, Joined, Judged
from mlspec.invocation.parse import parse, usage
from mlspec.observers import notify
from mlspec.observers.base import EndedStep
from mlspec.store.filesystem import open_store
from mlspec.store.layout import entry_name
from mlspec.store.records import Records
from mlspec.terms import BLOCKED, DONE, FINDINGS, NOT_RUN, RUN_FAILED, USAGE

RESTART = "MLSPEC_RESTART"
"""`--restart` of orchestrators that know it when the task runs. Nothing that the step starts inherits it."""


def main(arguments: list[str]) -> int:
    """Run the step that `arguments` describe; returns the exit status of docs/step-process.md."""
    if arguments in (["--help"], ["-h"]):
        print(usage())
        return DONE
    if arguments[:1] == [SERVE]:
        from mlspec.exec.fork_server import serve

        served = serve()
        if served is None:
            return DONE
        arguments = served
    try:
        invocation = _with_restart(parse(arguments))
        _enter_project(invocation.run.project or os.environ.get("MLSPEC_PROJECT"))
    except UsageError as error:
        return _print_usage_error(error, arguments)
    supervisor, scratch = Supervisor(), Scratch()
    supervisor.watch_signals()
    try:
        end_with_parent()
        return _StepProcess(invocation, supervisor, scratch).run()
    except UsageError as error:
        return _print_usage_error(error, arguments)
    except (StepError, StoreError, OSError, Interrupted) as error:
        _print_message(_named_secrets(arguments).mask(f"step {invocation.label} failed: {sentence(error)}"))
        return FINDINGS
    finally:
        with suppress(OSError):  # it is below the system's folder for such things; the step has ended
            scratch.clear()


class _StepProcess:
    def __init__(self, invocation: Invocation, supervisor: Supervisor, scratch: Scratch) -> None:
        self._invocation = invocation
        self._supervisor = supervisor
        wiring = invocation.wiring
        files = [path or os.environ.get(variable) for variable, path in wiring.secret_files]
        values = secret_values((*wiring.secrets, *wiring.secret_contents, *invocation.hidden), os.environ, files)
        supervisor.secrets = values
        self._masker = Masker(values)
        run_try = os.environ.get("MLSPEC_RUN_TRY", "")
        self._records = Records(open_store(invocation.run.store), invocation.run.lifecycle, invocation.run.run_id, run_try)
        if invocation.run.executor_input is not None and "MLSPEC_RUN_TRY" not in os.environ:
            # A person who retries a run there starts again what had failed, all at once, and no process is told of it: failures
            # from before the `finally` steps began may be about to be mended.
            self._records.run_try = self._records.over()
            if invocation.start.final:
                self._records.note_over()
        self._verdict = Verdict.from_environment(self._records)
        if isinstance(invocation.body, Judged) and not self._verdict.knows_what_should_have_run():
            raise UsageError(f"--judge needs {STEPS}, which says what should have run")
        self._step = Step(invocation, self._records, self._verdict, scratch, supervisor, self._report)

    def run(self) -> int:
        if isinstance(self._invocation.body, Judged):
            return self._judge()
        if (kept_back := self._kept_back()) is not None:
            return self._with_run(kept_back)
        return self._with_run(self._run())

    def _judge(self) -> int:
        """Say what the run has come to, which is no step of it and leaves no record of its own."""
        self._verdict.settle()
        problems = self._verdict.problems()
        for problem in problems:
            _print_message(problem)
        _print_message("the run has failed" if problems else "every step of the run has ended well")
        return FINDINGS if problems else DONE

    def _kept_back(self) -> int | None:
        """The exit status of a step that does not start because of others, or None. What an earlier try of it left is no end of it."""
        step, reason = self._invocation, ""
        if self._may_be_blocked() and (failed := self._failed_elsewhere()):
            reason = f"step {failed} of this run has failed"
        elif step.start.needs:
            states = self._verdict.states(step.start.needs)
            if states & {"failed", "missing"}:
                reason = "a step that it needs has failed, or has not run"
            elif "skipped" in states:
                self._records.forget(step.step, step.instance_index)
                _print_message(f"step {step.label} skipped: a step that it needs was")
                return NOT_RUN
        elif (name := self._step.unpaired()) is not None:
            reason = f"{name} has failed, or has not run"
        if not reason:
            return None
        self._records.forget(step.step, step.instance_index)
        _print_message(f"step {step.label} blocked: {reason}")
        return BLOCKED

    def _with_run(self, status: int) -> int:
        """Fail together with the run, where the orchestrator starts again what has failed, and nothing else."""
        start = self._invocation.start
        if not start.fail_with_run or status not in (DONE, NOT_RUN) or not self._verdict.failed(over=True):
            return status
        _print_message("the run has failed: this task fails too, so that it runs again with those that have")
        return RUN_FAILED

    def _run(self) -> int:
        ending = self._step.ending
        try:
            self._step.run()
            self._write_kubeflow_output()
        except SettledError as error:
            ending.error = sentence(error)
            return self._exit_status()
        except Interrupted as error:
            if restarts_left(self._invocation, ending.lost):
                return self._give_way(error)
            ending.error = sentence(error)
        except (StepError, StoreError, OSError) as error:
            ending.error = sentence(error)
        except RecursionError:
            ending.error = "a value is nested too deeply"
        except Exception as error:
            import traceback

            traceback.print_exc()
            ending.error = f"a bug in mlspec: {type(error).__name__}: {error}"
        self._supervisor.ignore_signals()
        self._step.heartbeat.stop()
        if (self._step.unfinished or self._step.settled) and ending.error is None:
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
        if not start.fail_fast or start.final or isinstance(self._invocation.body, Joined):
            return False
        return former_starts(self._invocation, self._records) == Former()  # what was let start before goes on to its end

    def _give_way(self, error: Interrupted) -> int:
        """End without an end of the step: its mark stays, and whoever started it starts it again, as when it had been killed."""
        self._supervisor.ignore_signals()
        self._step.heartbeat.stop(restarts=True)
        with suppress(OSError):
            self._step.outputs.discard()
        self._report(f"{sentence(error)}; it may be started again")
        return 128 + signal.Signals[error.signal_name]

    def _notify(self) -> None:
        step, ending, mask = self._step, self._step.ending, self._masker.mask
        if self._masker:
            ending.error = None if ending.error is None else mask(ending.error)
            ending.with_ = {name: decode(mask(compact(value))) for name, value in ending.with_.items()}
        key, parts = step.cache_key or (None, {})
        ended = EndedStep(
            self._invocation,
            ending,
            self._records,
            step.metrics,
            key,
            parts,
            tuple(step.noticed),
            paths=step.paths(),
            quality=step.quality(),
            mask=mask,
        )
        notify(ended, self._report, self._supervisor.interruptible)

    def _write_kubeflow_output(self) -> None:
        """The last of what makes a step succeed on Kubeflow, and no observer: it decides the URIs that are recorded."""
        if self._invocation.run.executor_input is None:
            return
        ending = self._step.ending
        files = {output.name: output.file for output in self._invocation.wiring.outputs if output.file}
        try:
            uris = write_output(self._invocation.run.executor_input, ending.status, self._step.metrics, self._step.items, files)
        except (KeyError, IndexError, ValueError, TypeError, AttributeError) as error:
            raise StepError(f"--executor-input is not what Kubeflow passes: {error!r}") from None
        for name, output in ending.outputs.items():  # the PATH it was made at is gone with the pod
            output["uri"] = uris.get(name, output["uri"])

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
            self._report(f"skipped: {self._step.reason}", separator=" ")
            return NOT_RUN if self._invocation.run.executor_input is None else DONE
        self._report(f"failed: {ending.error}", separator=" ")
        return FINDINGS

    def _failed_elsewhere(self) -> str | None:
        own = entry_name(self._invocation.step, self._invocation.instance_index)
        return next((name for name in self._records.failed(of_try=True) if name != own), None)

    def _report(self, message: str, separator: str = ": ") -> None:
        _print_message(f"step {self._invocation.label}{separator}{self._masker.mask(message)}")


def _with_restart(invocation: Invocation) -> Invocation:
    """Say which start of its try this is, where the environment does."""
    start, text = invocation.start, os.environ.pop(RESTART, None)
    if start.restart is None and text is not None:
        start = start._replace(restart=option_values.restart(text))
    if start.restart is None and invocation.run.executor_input is not None:
        start = start._replace(restart=restart_number(os.environ))
    return invocation._replace(start=start)


def _enter_project(project: str | None) -> None:
    """Make the project root the current folder: all relative paths mean it, of the body and of this process."""
    if project:
        try:
            os.chdir(Path(project))
        except OSError as error:
            raise UsageError(f"--project {project}: {error.strerror}") from None


def _print_usage_error(error: UsageError, arguments: list[str]) -> int:
    message = f"mlspec exec: {error}; see docs/step-process.md"
    print(_printable(_named_secrets(arguments).mask(message)), file=sys.stderr)
    return USAGE


def _named_secrets(arguments: list[str]) -> Masker:
    """What masks the values of secrets that the arguments name, be they wrong otherwise: an error quotes some of them."""
    words = [part for argument in arguments for part in argument.split("=", 1)]
    names = [name for option, name in pairwise(words) if option in ("--secret", "--secret-content", "--hide")]
    return Masker(secret_values(names, os.environ))


def _print_message(message: str) -> None:
    with suppress(OSError):  # whoever reads our messages may be gone; the record is what counts
        print(f"mlspec: {_printable(message)}", file=sys.stderr, flush=True)


def _printable(message: str) -> str:
    """Our own line ends are left: what a spec, a file or a body says is one line, and nothing in it is obeyed."""
    if message.isprintable():
        return message
    from mlspec.diagnostics.printable import lines

    return lines(message)
