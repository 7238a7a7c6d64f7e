"""The progress of a local run, line by line.

In: the engine's events. Out: lines on standard output, failures with the end of their logs.
Owns the look of a run; works the same in a terminal, a pipe and a CI log. Never decides anything.
Change it when a run should look different.
"""

from __future__ import annotations

import shlex
import sys
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path

import click

from mlspec.cli import output
from mlspec.cli.live import Live
from mlspec.cli.prompt import Prompt, can_ask
from mlspec.diagnostics import Diagnostic
from mlspec.diagnostics.printable import lines, printed, word
from mlspec.engine import RunOutcome
from mlspec.engine.events import (
    ApprovalWanted,
    EnvironmentBuilding,
    EnvironmentOutput,
    Event,
    RunStarted,
    RunWaits,
    StepEnded,
    StepNotKept,
    StepOutput,
    StepStarted,
)
from mlspec.engine.inbox import LAST_LINES
from mlspec.exec.changes import in_words
from mlspec.ir.model import Plan

_MARKS = {"succeeded": ("✓", "green"), "failed": ("✗", "red"), "skipped": ("–", "yellow"), "blocked": ("·", "bright_black")}
_SHORT = 100


class Progress:
    """A callback for the engine's events."""

    def __init__(
        self, plan: Plan, folder: Path, again: Callable[[str], str], live: Live, *, given: str = "", verbose: bool, quiet: bool
    ) -> None:
        self.plan = plan
        self.folder = folder
        self.again = again
        self.given = given
        self.live = live
        self.prompt = Prompt(live, plan, folder) if can_ask() else None
        self.has_reader = True
        self.verbose = verbose
        self.quiet = quiet
        self.colour = output.coloured(sys.stdout)
        self.width = max((len(word(step.id)) for step in plan.all_steps()), default=0)
        self.run_id: str | None = None
        self.making = ""
        self.tails: dict[str, deque[str]] = {}

    def __call__(self, event: Event) -> None:
        """Show one event. When whoever reads has gone, the run goes on unread: its exit status still tells."""
        try:
            if isinstance(event, EnvironmentOutput):
                self.live.say(self.making, event.line)
            elif isinstance(event, StepOutput) and not self.verbose:
                self._keep(event)
            elif self.has_reader:
                with self.live.aside():
                    self._show(event)
        except BrokenPipeError:
            self.has_reader = False
            output.silence()
        except KeyboardInterrupt:  # perhaps because whoever reads has paused: then the end of the run does not wait for it
            if not output.takes_more():
                self.has_reader = False
                output.silence()
            raise

    def _show(self, event: Event) -> None:
        self.live.end(self.making)
        match event:
            case RunWaits():
                self._print(event.why)
            case RunStarted():
                self.run_id = event.run_id
                self.live.expect(event.steps)
                count = f"{len(event.steps)} step{'s' if len(event.steps) != 1 else ''}"
                kept = f", {len(event.kept)} kept" if event.kept else ""
                self._print(f"{word(self.plan.lifecycle)}: run {word(event.run_id)}, {count}{kept}")
            case StepNotKept():
                self._print(word(f"↻ {event.step} runs again: {event.reason}"))
            case EnvironmentBuilding():
                self._print(f"… building the environment {word(event.name)}, once")
                self.making = f"environment {event.name}"
                self.live.start(self.making)
            case StepStarted():
                self.tails[event.step] = deque(maxlen=LAST_LINES)
                self.live.start(event.step)
                if self.colour and not self.live.is_drawn:
                    self._print(click.style(f"▸ {word(event.step)}", dim=True))
            case StepOutput():
                self._keep(event)
                click.echo(f"  {word(event.step)} | {printed(event.line)}")
            case ApprovalWanted():
                self._approval(event)
            case StepEnded():
                if self.prompt is not None:
                    self.prompt.forget(event.step)
                self.live.end(event.step, "from the cache" if event.cached else event.status)
                self._ended(event)

    def _keep(self, event: StepOutput) -> None:
        """Have the last lines of a step at hand, for its foot and for its failure."""
        self.tails.setdefault(event.step, deque(maxlen=LAST_LINES)).append(event.line)
        self.live.say(event.step, event.line)

    def _print(self, line: str) -> None:
        if not self.quiet:
            click.echo(line, color=self.colour)
            sys.stdout.flush()

    def _approval(self, event: ApprovalWanted) -> None:
        who = f" ({', '.join(event.approvers)})" if event.approvers else ""
        again = self.again("--spec")
        seen = "".join(f"\n    {line}" for line in event.evidence.splitlines())
        yes, no = f"{event.answer}{again}", f"{event.refusal}{again}"
        output.say(f"? {event.step}: {event.message}{who}{seen}\n    yes: {yes}\n    no:  {no}", flush=True)
        if self.prompt is not None:
            self.prompt.ask(self.run_id or "", event.step)

    def _ended(self, event: StepEnded) -> None:
        mark, colour = _MARKS[event.status]
        kept = self.tails.pop(event.step, ())  # a run of thousands of steps has the lines of those alone that run
        notes: list[str] = [event.status] if event.status in ("skipped", "blocked", "failed") else []
        if event.cached:
            notes.append("from the cache")
        elif event.seconds:
            notes.append(f"{event.seconds:.1f} s")
        if event.attempts > 1:
            notes.append(f"{event.attempts} attempts")
        if changed := in_words(event.changes):
            notes.append(printed(changed))
        line = f"{click.style(mark, fg=colour)} {word(event.step).ljust(self.width)}  {', '.join(notes)}"
        if event.status != "failed":
            self._print(line)
            return
        click.echo(line, color=self.colour)
        tail = [] if self.verbose else list(kept)
        for text in tail:
            click.echo(f"    {printed(text)}")
        if event.error and not (tail and tail[-1].endswith(event.error)):
            output.say(f"    {event.error}")
        if event.log is not None:
            output.say(f"    the whole log: {event.log}")
        if event.command:
            output.say(f"    its command:   {shlex.join(event.command)}")
        if self.run_id is not None:
            step = event.step if event.step in self.plan.by_id else event.step.rpartition("[")[0]  # all instances of a foreach
            again = f"mlspec run{self.again('')}{self.given} --only {shlex.quote(step)} --resume {shlex.quote(self.run_id)}"
            output.say(f"    it alone:      {again}")

    def summary(self, result: RunOutcome, undeclared: Sequence[Diagnostic] = ()) -> None:
        """Say where the results are and what to type next; and which files steps name that are no inputs, as validation found."""
        if not self.has_reader:
            return
        rows = []
        for step_id, step in result.steps.items():
            for name, made in step.outputs.items():
                if step.status == "succeeded" and made.get("type") != "dataset":
                    rows.append((f"{step_id}.{name}", made.get("type", ""), self._where(made)))
        if rows and result.status == "succeeded":
            self._print("\nResults\n" + lines(output.table(rows, indent="  ")))
        colour = "green" if result.status == "succeeded" else "red"
        self._print(click.style(f"\nrun {word(result.run_id)} {result.status}", fg=colour))
        for warning in result.warnings:  # with --quiet, too: no step has failed of it, so that nothing else tells
            output.say(f"warning: {warning}")
        for finding in undeclared:
            named = finding.path.split(".")[-2]
            output.say(f"warning: {named}: {finding.message}; {finding.hint} ({finding.span.file}:{finding.span.line})")
        if result.status == "failed":
            self._print(word(f"after mending it: mlspec run{self.again('')} --resume {result.run_id}"))

    def interrupted(self) -> None:
        """Say what a run that was interrupted leaves undone, and what to type for the rest."""
        if not self.has_reader or self.run_id is None:
            return
        finals = ", ".join(step.id for step in self.plan.finals)
        unstarted = f"; these `finally` steps did not run: {finals}" if finals else ""
        self._print(click.style(f"\nrun {word(self.run_id)} interrupted", fg="red") + unstarted)
        self._print(word(f"for the rest: mlspec run{self.again('')} --resume {self.run_id}"))

    def _where(self, made: dict[str, str] | object) -> str:
        uri = made["uri"] if isinstance(made, dict) else ""
        return uri.removeprefix("file://") if "://" in uri else str(self.folder / uri)
