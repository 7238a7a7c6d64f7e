"""The `mlspec exec` options of a step, the same for every target and for the local runner.

In: a `Step`. Out: option groups, each a tuple of words, in a fixed order: one line of a generated file each.
Owns the mapping from the plan to docs/step-process.md; never quotes for a shell and never knows a run id.
Change it when the step process learns an option.
"""

from __future__ import annotations

from collections.abc import Callable

from mlspec.environments.identity import identity
from mlspec.expr.values import all_instances_uri, compact, encode, run_uri
from mlspec.ir.model import (
    Approval,
    Call,
    ExternalUri,
    Gate,
    Input,
    Output,
    Plan,
    ProjectPath,
    Shell,
    Step,
    StepOutput,
    Uses,
    Value,
)

Words = tuple[str, ...]
UriOf = Callable[[Plan, StepOutput], list[str]]


def in_store(plan: Plan, source: StepOutput) -> list[str]:
    """Where the output's files are in this run's store: one URI, which for `many` stands for all instances that succeed."""
    step = plan.by_id[source.steps[0]]
    if source.many:
        return [all_instances_uri(step.name, source.output)]
    return [run_uri(step.name, step.instance.index if step.instance else None, source.output)]


def step_options(
    plan: Plan,
    step: Step,
    *,
    uri_of: UriOf = in_store,
    output_path: Callable[[Output], str | None] = lambda _: None,
    param_text: Callable[[str], str | None] = lambda _: None,
) -> list[Words]:
    """Return all options that depend on the step alone, its body last; of an approval the answer is the caller's to add.

    The caller adds what depends on the run: `--lifecycle`, `--run-id`, `--store`, and parameters (in `MLSPEC_PARAM_*`
    unless `param_text` gives their text). `uri_of` and `output_path` let an orchestrator use its own artifacts.
    """
    options: list[Words] = [("--step", step.name)]
    if step.instance is not None:
        options.append(("--instance", f"{step.instance.index}={compact(dict(step.instance.values))}"))
    for item in step.inputs:
        options += _input(plan, item, uri_of)
    for output in step.outputs:
        path = output_path(output)
        options.append(("--output", f"{output.name}={output.type}" + (f":{path}" if path else "")))
    options += [("--with", f"{name}={encode(value)}") for name, value in step.with_]
    for value in step.values:
        options += _value(plan, value, uri_of)
    for name in step.params:
        text = param_text(name)
        kind = plan.param(name).type
        options.append(("--param", f"{name}:{kind}" + ("" if text is None else f"={text}")))
    options += [("--secret", plan.secrets[name].env) for name in step.secrets]
    options += _policy(plan, step)
    options += _body(step)
    return options


def items_options(plan: Plan, step: Step, *, uri_of: UriOf = in_store) -> list[Words]:
    """Return the options that say which list a `foreach` step fans out over, for the process that prints it (with `--step`
    alone) and for instances that are not told their `--item`.
    """
    foreach = step.foreach
    if foreach is None:
        return []
    if foreach.source is None:
        return [("--items", compact(list(foreach.literal)))]
    options = [] if foreach.source in step.values else _value(plan, foreach.source, uri_of)
    return [*options, ("--items", ".".join((foreach.source.address, *foreach.field)))]


def cacheable(plan: Plan, step: Step) -> bool:
    """Tell whether the spec lets the step's outputs be taken from an earlier run, and there are such."""
    return step.cache and bool(step.outputs) and step not in plan.finals


def takes_from_earlier_runs(plan: Plan, target: str) -> bool:
    """Tell whether the spec asks for the cache on a target: by `targets.<name>.cache`, which has the same name on each."""
    return bool(plan.target_options.get(target, {}).get("cache"))


def cache_options(plan: Plan, step: Step, image: str | None) -> list[Words]:
    """Return the option with which an orchestrator's processes of a step take outputs of earlier runs, if it may have any.

    `image` is what they run in, if anything. Nobody asks the machine there what the environment's requirements came to, so
    a digest of both goes with the option.
    """
    if not cacheable(plan, step):
        return []
    made_of = identity(plan.environments.get(step.environment or ""), image)
    return [(f"--cache={made_of}" if made_of else "--cache",)]


def _input(plan: Plan, item: Input, uri_of: UriOf) -> list[Words]:
    match item.source:
        case StepOutput(many=True):
            return [("--input", f"{item.name}[]={uri}") for uri in uri_of(plan, item.source)]
        case StepOutput():
            return [("--input", f"{item.name}={uri_of(plan, item.source)[0]}")]
        case ProjectPath(path):
            return [("--input", f"{item.name}={path}")]
        case ExternalUri(uri):
            return [("--input", f"{item.name}={uri}")]


def _value(plan: Plan, value: Value, uri_of: UriOf) -> list[Words]:
    brackets = "[]" if value.source.many else ""
    return [("--value", f"{value.address}{brackets}={uri}") for uri in uri_of(plan, value.source)]


def _policy(plan: Plan, step: Step) -> list[Words]:
    options: list[Words] = []
    if step.when is not None:
        options.append(("--when", step.when))
    if step.retry.limit:
        retry = step.retry
        words = [str(retry.limit)]
        words += [f"delay={number(retry.delay)}"] if retry.delay else []
        words += [f"factor={number(retry.factor)}"] if retry.factor != 1 else []
        words += [f"max_delay={number(retry.max_delay)}"] if retry.max_delay is not None else []
        options.append(("--retry", ",".join(words)))
    if step.timeout is not None:
        options.append(("--timeout", number(step.timeout)))
    environment = plan.environments.get(step.environment) if step.environment else None
    if environment is not None:
        options.append(("--environment", environment.name))
        options += [("--pythonpath", folder) for folder in environment.pythonpath]
    if plan.tracking_uri and not isinstance(step.body, Gate):
        options.append(("--tracking", plan.tracking_uri))
        if plan.tracking_experiment:
            options.append(("--experiment", plan.tracking_experiment))
    return options


def _body(step: Step) -> list[Words]:
    match step.body:
        case Shell(script):
            return [("--shell", script)]
        case Call(function):
            return [("--call", function)]
        case Uses(name):
            return [("--uses", name)]
        case Gate(lines, otherwise):
            return [*(("--gate", line) for line in lines), ("--otherwise", otherwise)]
        case Approval():
            return []


def number(value: float) -> str:
    """A number of seconds without a needless fraction: `30`, `0.5`."""
    return str(int(value)) if value == int(value) else repr(value)
