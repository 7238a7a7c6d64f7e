"""What `mlspec exec` gets of a step, as far as the plan says it: the same for every target and for runs here.

In: a `Plan` and a `Step`. Out: `Invocation`s. Owns the way from the plan to docs/step-process.md; never knows a run id, nor where an
orchestrator keeps its artifacts (`uris` and `output_path` say). Change it when the plan says something new to the step process.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from mlspec.environments.identity import identity
from mlspec.expr.addresses import join
from mlspec.expr.limits import Limits, is_bounded, limits_of
from mlspec.expr.values import all_instances_uri, compact, first_of, own_instance_uri, run_uri
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
from mlspec.ir.bodies import Approval, Output, Retry
from mlspec.ir.declarations import Secret
from mlspec.ir.model import NO_RETRY, Plan, Step
from mlspec.ir.sources import AnyOutput, ExternalUri, Input, ProjectPath, StepOutput
from mlspec.terms import UTC

UrisOf = Callable[[StepOutput], list[str]]
"""Where the files of an output are; for one that is `many`, of each of its instances."""


class Held(NamedTuple):
    """How a process finds a secret that is a file: by the path in its variable, by one that is known, or as the variable's content."""

    path: str | None = None
    content: bool = False


FileOf = Callable[[Secret], Held]

_NO_ENVIRONMENT = StepEnvironment()
_NO_TRACKING = Tracking()


def run_of(plan: Plan) -> Run:
    """What every step of the plan gets of its run; the run's id is the caller's to add, and the digest of the spec where it is in no
    file: there it would change with everything.
    """
    limits, secrets = limits_of_params(plan), secret_variables(plan)
    return Run(plan.lifecycle, store=plan.store, limits=limits, secrets=secrets)


def secret_variables(plan: Plan) -> tuple[str, ...]:
    """The variables of all secrets that the spec declares, in its order."""
    return tuple(dict.fromkeys([variable for secret in plan.secrets.values() for variable in secret.variables]))


def limits_of_params(plan: Plan) -> tuple[tuple[str, Limits], ...]:
    """What step processes hold the run's parameters to; a string without limits is nothing that a text could fail to be."""
    held = [parameter for parameter in plan.params if parameter.type != "string" or is_bounded(parameter)]
    return tuple([(parameter.name, limits_of(parameter)) for parameter in held])


def in_store(plan: Plan) -> UrisOf:
    """Where outputs are in this run's store: one URI, which for `many` stands for all instances that succeed."""

    def uris(source: StepOutput) -> list[str]:
        step = plan.by_id[source.steps[0]]
        if source.many:
            return [all_instances_uri(step.name, source.file_name)]
        if source.dynamic:
            return [own_instance_uri(step.name, source.file_name)]
        return [run_uri(step.name, step.instance.index if step.instance else None, source.file_name)]

    return uris


def invocation(
    plan: Plan,
    step: Step,
    *,
    uris: UrisOf | None = None,
    output_path: Callable[[Output], str | None] | None = None,
    param_text: Callable[[str], str | None] = lambda _: None,
    files: FileOf = lambda secret: Held(),
) -> Invocation:
    """Return all that depends on the step alone; of an approval the body is the caller's to add, and of a foreach the list.

    Parameters come from `MLSPEC_PARAM_*` unless `param_text` gives their text.
    """
    uris = uris or in_store(plan)
    outputs = step.outputs
    if output_path is not None:
        outputs = tuple([Output(output.name, output.type, output_path(output), output.file) for output in outputs])
    wiring = Wiring(
        inputs=tuple([reference for item in step.inputs for reference in _input(item, uris)]) if step.inputs else (),
        outputs=outputs,
        with_=step.with_,
        values=tuple([_reference(value.address, value.source, uris) for value in step.values]) if step.values else (),
        params=tuple([Param(name, plan.param(name).type, param_text(name)) for name in step.params]) if step.params else (),
        env=step.env,
        locked=_locked(plan, step) if plan.lock is not None else (),
        timezone=plan.timezone if "day" in step.run_fields and plan.timezone != UTC else None,
    )
    return Invocation(
        step=step.name,
        instance=step.instance,
        wiring=wiring._replace(**_secrets(plan, step, files)) if step.secrets else wiring,
        policy=Policy(step.when, _retry(step.retry), step.timeout),
        environment=environment_of(plan, step),
        tracking=tracking(plan),
        body=_body(step),
    )


def _locked(plan: Plan, step: Step) -> tuple[tuple[str, str], ...]:
    """What the step's external inputs were locked as."""
    known = plan.lock.inputs if plan.lock is not None else {}
    found = [(item.name, item.source.place) for item in step.inputs if isinstance(item.source, ProjectPath | ExternalUri)]
    return tuple([(name, known[place]) for name, place in found if place in known])


def _secrets(plan: Plan, step: Step, files: FileOf) -> dict[str, Any]:
    """The secrets of a step in the wiring, by kind."""
    wanted = [plan.secrets[name] for name in step.secrets]
    held = [(secret.env, files(secret)) for secret in wanted if secret.kind == "file"]
    return {
        "secrets": tuple([variable for secret in wanted if secret.kind != "file" for variable in secret.variables]),
        "secret_files": tuple([(variable, one.path) for variable, one in held if not one.content]),
        "secret_contents": tuple([variable for variable, one in held if one.content]),
    }


def approvals_above(plan: Plan, step: Step) -> tuple[str, ...]:
    """The approvals above a step, each with the steps that make what was approved: those may run again, and nobody be asked again."""
    making: dict[str, set[str]] = {}
    for approval in plan.approvals_above.get(step.id, ()):
        names, left = making.setdefault(plan.by_id[approval].name, set()), [approval]
        met = set(left)
        while left:
            new = set(plan.by_id[left.pop()].upstream) - met
            met |= new
            left += new
            names |= {plan.by_id[one].name for one in new if plan.by_id[one].outputs}
    return tuple(" ".join([name, *sorted(making[name])]) for name in sorted(making))


def withheld(plan: Plan, step: Step) -> tuple[str, ...]:
    """The variables of the secrets that the spec declares and the step does not list."""
    listed = {variable for name in step.secrets for variable in plan.secrets[name].variables}
    return tuple(variable for variable in secret_variables(plan) if variable not in listed)


def environment_of(plan: Plan, step: Step) -> StepEnvironment:
    """What the step's environment is called here, and where its modules are."""
    environment = plan.environments.get(step.environment) if step.environment else None
    return (
        StepEnvironment(environment.name, None, environment.pythonpath, env=environment.env) if environment else _NO_ENVIRONMENT
    )


def tracking(plan: Plan) -> Tracking:
    """Where steps log to MLflow, and where their lineage goes."""
    if not plan.is_tracked:
        return _NO_TRACKING
    where = Tracking(plan.tracking_uri, plan.tracking_experiment)
    if plan.lineage is None:
        return where
    about = " ".join(plan.description.split()) or None
    return where._replace(lineage=plan.lineage, namespace=plan.lineage_namespace, about=about, owners=plan.owners)


def fan_out(
    plan: Plan,
    step: Step,
    *,
    uris: UrisOf | None = None,
    param_text: Callable[[str], str | None] = lambda _: None,
    known: bool = False,
) -> Wiring:
    """Return what says which list a `foreach` step fans out over: to instances that do not get their item, and, as the
    `list_invocation`, to the process that prints it. `known`: what the list is in is among the step's own values or parameters.
    """
    foreach = step.foreach
    if foreach is None:
        return Wiring()
    if foreach.param is not None:
        address, name = join(("params", foreach.param, *foreach.field)), foreach.param
        own = known and name in step.params
        return Wiring(params=() if own else (Param(name, plan.param(name).type, param_text(name)),), items=address)
    if foreach.source is None:
        return Wiring(items=compact(list(foreach.literal)))
    address = join((*foreach.source.address.split("."), *foreach.field))
    if known and foreach.source in step.values:
        return Wiring(items=address)
    return Wiring(values=(_reference(foreach.source.address, foreach.source.source, uris or in_store(plan)),), items=address)


def list_invocation(
    plan: Plan, step: Step, *, uris: UrisOf | None = None, param_text: Callable[[str], str | None] = lambda _: None
) -> Invocation:
    """The process that prints the list of a `foreach` step."""
    wiring = fan_out(plan, step, uris=uris, param_text=param_text)
    return Invocation(step=step.name, wiring=wiring._replace(items=None), body=Items(wiring.items or "[]"))


def cacheable(plan: Plan, step: Step) -> bool:
    """Tell whether the spec lets the step's outputs be taken from an earlier run, and there are such."""
    return step.cache and bool(step.outputs) and step not in plan.finals


def cache_of(step: Step, digest: str | None = None) -> Cache:
    """Return what a step that is `cacheable` says of its cache."""
    return Cache(digest, step.cache_for, step.cache_key)


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
    return cache_of(step, identity(plan.environments.get(step.environment or ""), image()))


def _input(item: Input, uris: UrisOf) -> Iterable[Reference]:
    """One reference; several where one of several outputs is taken and not this run's store holds them."""
    match item.source:
        case StepOutput() as source:
            return (_reference(item.name, source, uris),)
        case ProjectPath(place) | ExternalUri(place):
            return (Reference(item.name, place),)
        case AnyOutput(sources):
            return _any(item.name, sources, uris)


def _any(name: str, sources: tuple[StepOutput, ...], uris: UrisOf) -> list[Reference]:
    found: list[str] = []
    for source in sources:
        try:
            found += uris(source)[:1]
        except LookupError:  # not in an earlier run, of which another has one
            if source is sources[-1] and not found:
                raise
    joined = first_of(found)
    return [Reference(name, joined)] if joined is not None else [Reference(f"{name}?", uri) for uri in found]


def _reference(name: str, source: StepOutput, uris: UrisOf) -> Reference:
    found = uris(source)
    return Reference(name, tuple(found) if source.many else found[0])


def _retry(retry: Retry) -> Retry:
    """Without the delays of retries that there are none of."""
    if retry.limit or retry is NO_RETRY:
        return retry
    return NO_RETRY if retry.lost == NO_RETRY.lost else NO_RETRY._replace(lost=retry.lost)


def _body(step: Step) -> Body | None:
    return None if isinstance(step.body, Approval) else step.body
