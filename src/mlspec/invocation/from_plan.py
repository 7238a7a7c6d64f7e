"""What `mlspec exec` gets of a step, as far as the plan says it: the same for every target and for runs here.

In: a `Plan` and a `Step`. Out: `Invocation`s. Owns the way from the plan to docs/step-process.md; never knows a run id, nor where an
orchestrator keeps its artifacts (`uris` and `output_path` say). Change it when the plan says something new to the step process.
"""

from __future__ import annotations

from collections.abc import Callable

from mlspec.environments.identity import identity
from mlspec.expr.values import all_instances_uri, compact, run_uri
from mlspec.invocation.model import (
    Body,
    Cache,
    Invocation,
    Items,
    Param,
    Policy,
    Reference,
    Run,
    StepEnvironment,
    Tracking,
    Wiring,
)
from mlspec.ir.bodies import Approval, Gate, Output
from mlspec.ir.model import NO_RETRY, ExternalUri, Input, Plan, ProjectPath, Step, StepOutput

UrisOf = Callable[[StepOutput], list[str]]
"""Where the files of an output are; for one that is `many`, of each of its instances."""


_NO_ENVIRONMENT = StepEnvironment()
_NO_TRACKING = Tracking()


def run_of(plan: Plan) -> Run:
    """What every step of the plan gets of its run; the run's id is the caller's to add."""
    return Run(plan.lifecycle, store=plan.store, spec_digest=plan.digest)


def in_store(plan: Plan) -> UrisOf:
    """Where outputs are in this run's store: one URI, which for `many` stands for all instances that succeed."""

    def uris(source: StepOutput) -> list[str]:
        step = plan.by_id[source.steps[0]]
        if source.many:
            return [all_instances_uri(step.name, source.output)]
        return [run_uri(step.name, step.instance.index if step.instance else None, source.output)]

    return uris


def invocation(
    plan: Plan,
    step: Step,
    *,
    uris: UrisOf | None = None,
    output_path: Callable[[Output], str | None] | None = None,
    param_text: Callable[[str], str | None] = lambda _: None,
) -> Invocation:
    """Return all that depends on the step alone; of an approval the body is the caller's to add, and of a foreach the list.

    Parameters come from `MLSPEC_PARAM_*` unless `param_text` gives their text.
    """
    uris = uris or in_store(plan)
    outputs = step.outputs
    if output_path is not None:
        outputs = tuple([Output(output.name, output.type, output_path(output)) for output in outputs])
    return Invocation(
        step=step.name,
        instance=step.instance,
        wiring=Wiring(
            inputs=tuple([_input(item, uris) for item in step.inputs]),
            outputs=outputs,
            with_=step.with_,
            values=tuple([_reference(value.address, value.source, uris) for value in step.values]),
            params=tuple([Param(name, plan.param(name).type, param_text(name)) for name in step.params]),
            secrets=tuple([plan.secrets[name].env for name in step.secrets]),
        ),
        policy=Policy(step.when, step.retry if step.retry.limit else NO_RETRY, step.timeout),
        environment=environment_of(plan, step),
        tracking=tracking_of(plan, step),
        body=_body(step),
    )


def environment_of(plan: Plan, step: Step) -> StepEnvironment:
    """What the step's environment is called here, and where its modules are."""
    environment = plan.environments.get(step.environment) if step.environment else None
    return StepEnvironment(environment.name, None, environment.pythonpath) if environment else _NO_ENVIRONMENT


def tracking_of(plan: Plan, step: Step) -> Tracking:
    """Where the step logs to MLflow: a gate has nothing to log."""
    return _NO_TRACKING if isinstance(step.body, Gate) else tracking(plan)


def tracking(plan: Plan) -> Tracking:
    """Where steps log to MLflow."""
    return Tracking(plan.tracking_uri, plan.tracking_experiment) if plan.tracking_uri else _NO_TRACKING


def fan_out(plan: Plan, step: Step, *, uris: UrisOf | None = None, known: bool = False) -> Wiring:
    """Return what says which list a `foreach` step fans out over: to instances that do not get their item, and, as the
    `list_invocation`, to the process that prints it. `known`: what the list is in is among the step's own values.
    """
    foreach = step.foreach
    if foreach is None:
        return Wiring()
    if foreach.source is None:
        return Wiring(items=compact(list(foreach.literal)))
    address = ".".join((foreach.source.address, *foreach.field))
    if known and foreach.source in step.values:
        return Wiring(items=address)
    return Wiring(values=(_reference(foreach.source.address, foreach.source.source, uris or in_store(plan)),), items=address)


def list_invocation(plan: Plan, step: Step, *, uris: UrisOf | None = None) -> Invocation:
    """The process that prints the list of a `foreach` step."""
    wiring = fan_out(plan, step, uris=uris)
    return Invocation(step=step.name, wiring=wiring._replace(items=None), body=Items(wiring.items or "[]"))


def cacheable(plan: Plan, step: Step) -> bool:
    """Tell whether the spec lets the step's outputs be taken from an earlier run, and there are such."""
    return step.cache and bool(step.outputs) and step not in plan.finals


def takes_from_earlier_runs(plan: Plan, target: str) -> bool:
    """Tell whether the spec asks for the cache on a target: by `targets.<name>.cache`, which has the same name on each."""
    return bool(plan.target_options.get(target, {}).get("cache"))


def cache_on(plan: Plan, step: Step, target: str, image: Callable[[], str | None]) -> Cache | None:
    """Return what lets an orchestrator's processes of a step take outputs of earlier runs; None where they may not.

    `image` finds what they run in, if anything; it is asked only where that matters. Nobody asks the machine there what the
    environment's requirements came to, so a digest of both goes with it.
    """
    if not takes_from_earlier_runs(plan, target) or not cacheable(plan, step):
        return None
    return Cache(identity(plan.environments.get(step.environment or ""), image()))


def _input(item: Input, uris: UrisOf) -> Reference:
    match item.source:
        case StepOutput() as source:
            return _reference(item.name, source, uris)
        case ProjectPath(path):
            return Reference(item.name, path)
        case ExternalUri(uri):
            return Reference(item.name, uri)


def _reference(name: str, source: StepOutput, uris: UrisOf) -> Reference:
    found = uris(source)
    return Reference(name, tuple(found) if source.many else found[0])


def _body(step: Step) -> Body | None:
    return None if isinstance(step.body, Approval) else step.body
