"""Find what Airflow cannot do with a plan although it has each feature by itself.

In: a `Plan`. Out: findings MLS534 to MLS549, each with a page in `catalogue/`, and those of `unenforced`. Owns these checks; never emits.
Change it when a generated file fails to load, or when a wish of the spec would be dropped in silence.
"""

from __future__ import annotations

from collections.abc import Iterator

from mlspec.diagnostics import Diagnostic, Span
from mlspec.ir.bodies import Approval
from mlspec.ir.describe import path_of
from mlspec.ir.groups import hangs_on_any, is_whole, skips_apart
from mlspec.ir.model import Plan, Step
from mlspec.targets.airflow import cron, runner_findings
from mlspec.targets.airflow.dag import FIRST_DAY
from mlspec.targets.airflow.literals import depth
from mlspec.targets.airflow.native import DagArguments, OperatorArguments, given_names
from mlspec.targets.airflow.options import AirflowOptions, extension_of, options_of, pod_of
from mlspec.targets.pod_findings import places, short_deadlines
from mlspec.targets.pods import Pod
from mlspec.targets.schedules import other_starts, other_zones, placed_schedules

MAX_TAG = 100
MAX_NESTING = 50
"""Python's parser gives up at 200 open brackets, formatters earlier."""
MAX_VARIABLE = 32 * 4096
"""Bytes of a variable of a process, its name and a NUL among them: Linux starts none with a longer one (`MAX_ARG_STRLEN`, execve(2))."""


def check(plan: Plan) -> list[Diagnostic]:
    """Return all findings; errors mean that `emit` must not be called."""
    top = Span(plan.spec_file, 1, 1, 1, 1)
    options = options_of(plan)
    return [
        *_schedule(plan, options, top),
        *_overlap(plan, top),
        *_catchup(plan, top),
        *runner_findings.check(plan, options, top),
        *_approvals(plan, options, top),
        *_finals(plan, top),
        *_one_instance(plan, top),
        *_labels(plan, top),
        *_nesting(plan, options, top),
        *_awaited(plan, top),
        *short_deadlines(plan, "airflow", lambda step: pod_of(options, step)),
    ]


def _schedule(plan: Plan, options: AirflowOptions, top: Span) -> Iterator[Diagnostic]:
    if plan.schedule is None:
        return
    for schedule, path in placed_schedules(plan):
        try:
            cron.line_of(schedule)
        except ValueError as reason:
            message = f"Airflow cannot follow the schedule `{schedule.cron}`: {reason}"
            hint = "write days of the month or weekdays, as in `30 3 1,15 * *`"
            yield Diagnostic("MLS543", message, schedule.span or top, hint=hint, path=path)
        else:
            yield from other_starts("Airflow", schedule, cron.starts, top, path)
    if plan.more_schedules and options.version != 3:
        message, hint = (
            "Airflow 2.11 has one schedule for a DAG",
            "say `targets: {airflow: {version: 3}}`, or join them in one line",
        )
        yield Diagnostic("MLS543", message, plan.more_schedules[0].span or top, hint=hint, path="triggers.schedule.1")
    yield from other_zones("airflow", plan, top)


def _overlap(plan: Plan, top: Span) -> Iterator[Diagnostic]:
    """A DAG's run that is one too many waits: Airflow knows nothing else."""
    if plan.overlap is not None and plan.overlap.kind != "queue":
        message = f"airflow cannot do `overlap: {plan.overlap.kind}`"
        hint = "write `overlap: queue`: with `catchup: false` only the newest of the missed runs starts then"
        yield Diagnostic("MLS501", message, plan.overlap.span or top, hint=hint, path="triggers.overlap")


def _catchup(plan: Plan, top: Span) -> Iterator[Diagnostic]:
    """A DAG must say where its time begins, and one that is switched on makes up for all of it."""
    if plan.catchup is None or plan.catchup.start is not None:
        return
    message = f"the DAG makes up for every time since {FIRST_DAY} when it is switched on"
    hint = "say from which day on: `triggers: {schedule: …, catchup: true, start: 2026-11-01}`"
    yield Diagnostic("MLS549", message, plan.catchup.span or top, severity="warning", hint=hint, path="triggers.catchup")


def _approvals(plan: Plan, options: AirflowOptions, top: Span) -> Iterator[Diagnostic]:
    for step in plan.all_steps():
        if isinstance(step.body, Approval) and options.version != 3:
            older = "Airflow 2" if options.version == 2 else "Airflow 2.11, which must load this file, too,"
            yield Diagnostic(
                "MLS539",
                f"{older} cannot ask for the approval `{step.name}`",
                step.span or top,
                hint="set `targets.airflow.version: 3`: approvals need Airflow 3.1 or later",
                path=f"steps.{step.name}.approval",
            )


def _finals(plan: Plan, top: Span) -> Iterator[Diagnostic]:
    """A teardown is one task, and an approval three. Airflow maps none, so that each of a fan-out's stands in the file."""
    for step in plan.finals:
        if step.foreach is not None and step.foreach.param is not None:
            yield Diagnostic(
                "MLS547",
                f"Airflow has no teardowns that it learns of when it runs: `{step.name}` goes over `params.{step.foreach.param}`",
                step.span or top,
                hint="write the list itself, or let one step go over it: `with` passes it as a whole",
                path=f"finally.{step.name}.foreach",
            )
        if isinstance(step.body, Approval):
            yield Diagnostic(
                "MLS540",
                f"Airflow cannot ask for the approval `{step.name}` in `finally`",
                step.span or top,
                hint="move the question above the steps it is about",
                path=f"finally.{step.name}.approval",
            )


def _one_instance(plan: Plan, top: Span) -> Iterator[Diagnostic]:
    """All instances of a matrix are one mapped task, which counts as one: what waits for one of them waits for all.

    It ends as that one does where none can be skipped by itself, and where a failure ends the run.
    """
    reported: set[str] = set()
    for step in plan.all_steps():
        if len(step.groups) > 1 and hangs_on_any(step, plan):
            yield Diagnostic(
                "MLS546",
                f"`{step.name}` hangs on one of several steps and on others, and a task of Airflow has one rule for all it waits for",
                step.span or top,
                hint="take the one by `any` in a step of its own, and read that step's output here",
                path=f"steps.{step.name}",
            )
        for group in _by_step(plan, step):
            first = plan.by_id[group[0]]
            paired = first.name in step.pairs
            if first.instance is None and not paired:
                continue
            if step.name in reported or (first.instance is not None and is_whole(group, plan.by_id)):
                continue
            numbers = {one.instance.index for one in (step, first) if one.instance is not None}
            strange = step.each is not None and len(numbers) > 1
            skipped = not paired and skips_apart(first, plan)
            if skipped or plan.on_failure == "continue" or step in plan.finals or strange:
                reported.add(step.name)
                reason = "may be skipped one by one" if skipped else "may fail while others go on"
                reason = "are paired with those of another by their numbers" if strange else reason
                yield Diagnostic(
                    "MLS548",
                    f"`{step.name}` hangs on {_listed(group)} alone, and Airflow maps `{first.name}`, whose instances {reason}",
                    step.span or top,
                    hint=f"read all of `{first.name}`, or make a step of its own of that instance"
                    if not paired
                    else f"do both in one step, let `{step.name}` read all of `{first.name}`, or write `on_failure: stop`",
                    path=f"steps.{step.name}",
                )
                break


def _by_step(plan: Plan, step: Step) -> Iterator[tuple[str, ...]]:
    """What a step hangs on, the instances of one step together that are enough for it."""
    for group in step.groups:
        for name in dict.fromkeys(plan.by_id[one].name for one in group):
            yield tuple(one for one in group if plan.by_id[one].name == name)


def _listed(ids: tuple[str, ...]) -> str:
    return " and ".join(f"`{one}`" for one in ids)


def _awaited(plan: Plan, top: Span) -> Iterator[Diagnostic]:
    """The list of tasks and of what they wait for, which the tasks at the end get: at least a line for each step of the plan."""
    waits: dict[str, set[str]] = {}
    for step in plan.steps:
        waits.setdefault(step.name, set()).update([plan.by_id[other].name for other in step.upstream])
    size = len("MLSPEC_STEPS=") + sum(len(name) + 1 + sum(len(other) + 1 for other in others) for name, others in waits.items())
    if size > MAX_VARIABLE:
        yield Diagnostic(
            "MLS542",
            f"the tasks at the end get the steps and what they wait for as one variable of {size:,} bytes; Linux takes {MAX_VARIABLE:,}",
            top,
            hint="let steps need fewer others, or split the lifecycle",
            path="steps",
        )


def _labels(plan: Plan, top: Span) -> Iterator[Diagnostic]:
    for key, value in plan.labels:
        if len(f"{key}:{value}") > MAX_TAG:
            yield Diagnostic(
                "MLS534",
                f"label `{key}` makes a tag of {len(f'{key}:{value}')} characters; Airflow takes {MAX_TAG}",
                top,
                hint="shorten the label's value",
                path=f"metadata.labels.{key}",
            )


def _nesting(plan: Plan, options: AirflowOptions, top: Span) -> Iterator[Diagnostic]:
    for name, _, path, span in places(plan, "airflow", options.pods, extension_of):
        if name == "pod_template" and any(depth(pod.pod_template) > MAX_NESTING for pod in _pods(plan, options)):
            yield Diagnostic(
                "MLS535", f"`{path}` nests more than {MAX_NESTING - 1} levels deep", span, hint="make it flatter", path=path
            )
    native: list[tuple[str, DagArguments | OperatorArguments, Span]] = [("targets.airflow.dag", options.dag, top)]
    native += [
        (f"{path_of(plan, step)}.x-airflow.operator", extension_of(step).operator, step.span or top)
        for step in plan.all_steps()
        if "airflow" in step.extensions
    ]
    for place, arguments, at in native:
        for name in given_names(arguments):
            if depth(getattr(arguments, name)) > MAX_NESTING:
                message = f"`{place}.{name}` nests more than {MAX_NESTING - 1} levels deep"
                yield Diagnostic("MLS535", message, at, hint="make it flatter", path=f"{place}.{name}")
    for parameter in plan.params:
        if depth([parameter.default, *parameter.enum]) > MAX_NESTING:
            yield Diagnostic(
                "MLS535",
                f"the default of parameter `{parameter.name}` nests more than {MAX_NESTING - 1} levels deep",
                parameter.span or top,
                hint="pass a file instead",
                path=f"params.{parameter.name}",
            )


def _pods(plan: Plan, options: AirflowOptions) -> Iterator[Pod]:
    yield options.pods
    yield from map(extension_of, plan.all_steps())
