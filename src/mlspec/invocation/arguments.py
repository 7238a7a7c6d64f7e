"""The arguments of `mlspec exec` for an invocation.

In: an `Invocation`, or a part of one. Out: options, each a tuple of arguments: one line of a generated file. Owns the names, the form
and the order of options, which `parse` reads back; never quotes for a shell. Standard library only.
Change it together with `parse` and docs/step-process.md.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeAlias

from mlspec.durations import duration_text
from mlspec.expr.limits import Limits, limits_text
from mlspec.expr.values import compact, encode, number_text
from mlspec.invocation.model import (
    Answered,
    Body,
    Cache,
    Command,
    Invocation,
    Items,
    Joined,
    Judged,
    Policy,
    Reference,
    Run,
    Start,
    StepEnvironment,
    Tracking,
    Wiring,
)
from mlspec.ir.bodies import Call, Gate, Instance, Shell, Uses
from mlspec.terms import LOST

Option: TypeAlias = tuple[str, ...]
"""`("--timeout", "10m")`, or a flag alone."""


def to_arguments(invocation: Invocation) -> list[str]:
    """Return all arguments after `mlspec exec`; `parse` makes the same invocation of them."""
    return [argument for option in options(invocation) for argument in option]


def options(invocation: Invocation) -> list[Option]:
    """Return all options in order: the run, what is the step's own, its body last."""
    return [*run_options(invocation.run), *start_options(invocation.start), *step_options(invocation)]


def step_options(invocation: Invocation) -> list[Option]:
    """Return the options that do not change from step to step for the run alone: all but those of `run` and `start`."""
    return _of_step(invocation, (*environment_options(invocation.environment), *tracking_options(invocation.tracking)))


def own_options(invocation: Invocation) -> list[Option]:
    """Return the options that are the step's own: those of `step_options` but for its environment and tracking, which steps share."""
    return _of_step(invocation, ())


def _of_step(invocation: Invocation, shared: tuple[Option, ...]) -> list[Option]:
    return [
        *identity_options(invocation.step, invocation.instance),
        *cache_options(invocation.cache),
        *wiring_options(invocation.wiring),
        *policy_options(invocation.policy),
        *shared,
        *body_options(invocation.body),
    ]


def run_options(run: Run) -> Iterator[Option]:
    """Which run it is; what is not known is left out."""
    if run.spec_digest is not None:
        yield "--spec-digest", run.spec_digest
    yield "--lifecycle", run.lifecycle
    if run.run_id:
        yield "--run-id", run.run_id
    if run.date is not None:
        yield "--run-date", run.date
    if run.store:
        yield "--store", run.store
    if run.project is not None:
        yield "--project", run.project
    if run.pipeline is not None:
        yield "--pipeline", run.pipeline
    if run.executor_input is not None:
        yield "--executor-input", run.executor_input
    for variable in run.secrets:
        yield "--hide", variable
    yield from limits_options(run.limits)


def limits_options(limits: Sequence[tuple[str, Limits]]) -> Iterator[Option]:
    """What the parameters of its run may be."""
    if limits:
        yield "--params", limits_text(limits)


def start_options(start: Start) -> Iterator[Option]:
    """Whether the step may start."""
    if start.fail_fast:
        yield ("--fail-fast",)
    if start.final:
        yield ("--final",)
    if start.run_status is not None:
        yield "--run-status", start.run_status
    for step in start.when_failed:
        yield "--when-failed", step
    if start.restart is not None:
        yield "--restart", str(start.restart)
    for step in start.needs:
        yield "--needs", step
    for step in start.pairs:
        yield "--pair", step
    for approval in start.approved:
        yield "--approved", approval
    if start.fail_with_run:
        yield ("--fail-with-run",)


def identity_options(step: str, instance: Instance | None = None) -> Iterator[Option]:
    """Which step it is, and which instance of it."""
    yield "--step", step
    yield from instance_options(instance)


def instance_options(instance: Instance | None) -> Iterator[Option]:
    """Which instance of its step it is; nothing where the step has but one."""
    if instance is not None:
        values = f"={instance_text(instance)}" if instance.values else ""
        yield "--instance", f"{instance.index}{values}"


def instance_text(instance: Instance) -> str:
    """The values of an instance of a matrix; behind them, where some are mappings, the numbers of their places."""
    places = f"@{','.join(map(str, instance.places))}" if instance.places else ""
    return f"{compact(dict(instance.values))}{places}"


def cache_options(cache: Cache | None) -> Iterator[Option]:
    """Whether outputs may be taken from an earlier run."""
    if cache is not None:
        yield ("--cache" if cache.digest is None else f"--cache={cache.digest}",)
        if cache.max_age is not None:
            yield "--cache-for", duration_text(cache.max_age)
        if cache.key:
            yield "--cache-key", cache.key


def wiring_options(wiring: Wiring) -> Iterator[Option]:
    """What goes in and out."""
    for item in wiring.inputs:
        yield from _reference("--input", item)
    for name, digest in wiring.locked:
        yield "--locked", f"{name}={digest}"
    for output in wiring.outputs:
        file = f"/{output.file}" if output.file else ""
        yield "--output", f"{output.name}={output.type}{file}" + (f":{output.path}" if output.path else "")
    for name, value in wiring.with_:
        yield "--with", f"{name}={encode(value)}"
    for value in wiring.values:
        yield from _reference("--value", value)
    for param in wiring.params:
        yield "--param", f"{param.name}:{param.type}" + ("" if param.text is None else f"={param.text}")
    for name, text in wiring.given:
        yield "--given", f"{name}={text}"
    if wiring.item is not None:
        yield "--item", compact(wiring.item.value)
    if wiring.items is not None:
        yield "--items", wiring.items
    for variable in wiring.secrets:
        yield "--secret", variable
    for variable, path in wiring.secret_files:
        yield "--secret-file", variable if path is None else f"{variable}={path}"
    for variable in wiring.secret_contents:
        yield "--secret-content", variable
    for name, text in wiring.env:
        yield "--env", f"{name}={text}"
    if wiring.timezone is not None:
        yield "--timezone", wiring.timezone


def policy_options(policy: Policy) -> Iterator[Option]:
    """How it runs."""
    if policy.when is not None:
        yield "--when", policy.when
    retry = policy.retry
    if retry.limit or retry.lost != LOST:
        parts = [str(retry.limit)]
        parts += [f"delay={duration_text(retry.delay)}"] if retry.delay else []
        parts += [f"factor={number_text(retry.factor)}"] if retry.factor != 1 else []
        parts += [f"max_delay={duration_text(retry.max_delay)}"] if retry.max_delay is not None else []
        parts += [f"lost={retry.lost}"] if retry.lost != LOST else []
        yield "--retry", ",".join(parts)
    if policy.timeout is not None:
        yield "--timeout", duration_text(policy.timeout)
    if policy.trace:
        yield ("--trace",)


def environment_options(environment: StepEnvironment) -> Iterator[Option]:
    """What its body runs in."""
    if environment.name is not None:
        digest = f"@{environment.digest}" if environment.digest is not None else ""
        yield "--environment", f"{environment.name}{digest}"
    for folder in environment.pythonpath:
        yield "--pythonpath", folder
    for name, text in environment.env:
        yield "--default-env", f"{name}={text}"
    if environment.python is not None:
        yield "--python", environment.python


def tracking_options(tracking: Tracking) -> Iterator[Option]:
    """Where it is logged to MLflow, and where its lineage goes."""
    if tracking.uri is not None:
        yield "--tracking", tracking.uri
    if tracking.experiment is not None:
        yield "--experiment", tracking.experiment
    if tracking.lineage is not None:
        yield "--lineage", tracking.lineage
    if tracking.namespace is not None:
        yield "--namespace", tracking.namespace
    if tracking.about is not None:
        yield "--about", tracking.about
    for owner in tracking.owners:
        yield "--owner", owner


def body_options(body: Body | None) -> Iterator[Option]:
    """What it runs; nothing where the caller adds that."""
    match body:
        case Shell(script):
            yield "--shell", script
        case Call(function):
            yield "--call", function
        case Uses(name):
            yield "--uses", name
        case Gate(lines, otherwise):
            for line in lines:
                yield "--gate", line
            yield "--otherwise", otherwise
        case Answered(answer, by, message):
            yield "--approval", answer
            if by:
                yield "--by", by
            if message:
                yield "--message", message
        case Items(source):
            yield "--items", source
        case Joined():
            yield ("--joined",)
        case Judged():
            yield ("--judge",)
        case Command(arguments):
            yield ("--", *arguments)


def _reference(option: str, reference: Reference) -> Iterator[Option]:
    if isinstance(reference.uri, str):
        yield option, f"{reference.name}={reference.uri}"
    else:
        for uri in reference.uri or ("",):  # an empty list has no element to stand for it
            yield option, f"{reference.name}[]={uri}"
