"""What this target finds wrong with a plan, beyond the capability table.

In: a `Plan`. Out: findings MLS510 to MLS519, each with a page in `catalogue/`. Owns these checks; never emits (the size
is estimated from what a step has). Change it when KFP refuses, or silently bends, something that the IR can say.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields
from itertools import chain

from mlspec.diagnostics import Diagnostic, Span
from mlspec.diagnostics.nearest import nearest
from mlspec.expr.values import as_text, number_text
from mlspec.invocation.arguments import wiring_options
from mlspec.invocation.from_plan import fan_out, tracking_of
from mlspec.ir.bodies import Call, Gate, Shell, Uses
from mlspec.ir.model import Plan, Step
from mlspec.targets.kubeflow.options import DEFAULT_IMAGE, KubeflowOptions, KubeflowStep, extension_of, options_of
from mlspec.targets.options import misfits
from mlspec.targets.secret_forms import kubernetes_form
from mlspec.terms import Json

ETCD_LIMIT = 1_500_000
"""Bytes; etcd refuses a larger object (`--max-request-bytes`), and a run is one object."""
NEAR = 0.8


def check(plan: Plan) -> list[Diagnostic]:
    """Find what KFP would refuse or bend; errors mean that `emit` must not be called."""
    texts = _texts(plan)
    ill_formed = [*_options(plan), *_nul(plan, texts)]
    if ill_formed:
        return ill_formed
    return [
        *_images(plan),
        *_store(plan),
        *_secrets(plan),
        *_params(plan),
        *_size(plan, texts),
        *_deadlines(plan),
    ]


def _texts(plan: Plan) -> dict[str, str]:
    """The texts of each step's process that may be long or hold anything, by its id."""
    return {step.id: "\n".join(_texts_of(step)) for step in plan.all_steps()}


def _texts_of(step: Step) -> Iterator[str]:
    match step.body:
        case Shell(text) | Call(text) | Uses(text):
            yield text
        case Gate(lines):
            yield from lines
    yield step.when or ""
    for name, value in step.with_:
        yield name
        yield as_text(value)


def _options(plan: Plan) -> Iterator[Diagnostic]:
    yield from _invalid(KubeflowOptions, plan.target_options.get("kubeflow", {}), _top(plan), "targets.kubeflow")
    for step in plan.all_steps():
        if "kubeflow" in step.extensions:
            where = f"{_path(plan, step)}.x-kubeflow"
            yield from _invalid(KubeflowStep, step.extensions["kubeflow"], _span(plan, step), where)


def _invalid(kind: type, given: Mapping[str, Json], span: Span, path: str) -> Iterator[Diagnostic]:
    """What no check of a spec lets through: a plan can be made by hand, too."""
    names = [field.name for field in fields(kind)]
    for key, known in misfits(kind, given):
        place = f"{path}.{key}"
        if known:
            yield Diagnostic("MLS516", f"Kubeflow does not take `{place}`: its value is of another type", span, path=place)
        else:
            near = nearest(key, names)
            hint = f"did you mean {near}?" if near else f"it takes {', '.join(names)}"
            yield Diagnostic("MLS516", f"there is no option `{place}`", span, hint=hint, path=place)


def _nul(plan: Plan, texts: Mapping[str, str]) -> Iterator[Diagnostic]:
    """Arguments with NUL cannot be passed to a process, and `arguments` sets its own placeholders off with it."""
    for step in plan.all_steps():
        if "\0" in texts[step.id]:
            yield Diagnostic(
                "MLS517",
                f"step {step.name} holds a NUL character, which no process can be given",
                _span(plan, step),
                hint="write `\\\\0` where a program is to read the two characters",
                path=_path(plan, step),
            )


def _images(plan: Plan) -> Iterator[Diagnostic]:
    if options_of(plan).image is not None:
        return
    seen: set[str | None] = set()
    for step in plan.all_steps():
        if step.image is None and step.environment not in seen:
            seen.add(step.environment)
            where = f"environment {step.environment}" if step.environment else f"step {step.name}"
            yield Diagnostic(
                "MLS510",
                f"{where} names no image, so its containers run {DEFAULT_IMAGE}, which lacks mlspec and your code",
                _span(plan, step),
                severity="warning",
                hint="set `image:` in the environment, or `targets.kubeflow.image`",
                path=_path(plan, step),
            )


def _store(plan: Plan) -> Iterator[Diagnostic]:
    # A spec whose profile has a store for the cluster is compiled with it to run there, and without to be read.
    if _is_path(plan.store) and all(map(_is_path, plan.profile_stores)):
        yield Diagnostic(
            "MLS511",
            f"the store {plan.store} is a path, so every pod writes its records into itself and they are lost",
            plan.store_span or _top(plan),
            severity="warning",
            hint="use a store that all pods reach, such as `store: s3://bucket/folder`",
            path="store",
        )


def _is_path(store: str) -> bool:
    return "://" not in store or store.startswith("file:")


def _secrets(plan: Plan) -> Iterator[Diagnostic]:
    used = dict.fromkeys(chain.from_iterable(step.secrets for step in plan.all_steps()))
    for secret in (plan.secrets[name] for name in used):
        if kubernetes_form(secret) is None:
            yield Diagnostic(
                "MLS512",
                f"secret {secret.name} does not say which Kubernetes secret holds it",
                secret.span or _top(plan),
                hint="add `kubernetes: {secret: NAME, key: KEY}`",
                path=f"secrets.{secret.name}",
            )


def _params(plan: Plan) -> Iterator[Diagnostic]:
    for parameter in plan.params:
        if "{{$" in str(parameter.default):
            yield Diagnostic(
                "MLS514",
                f"the default of params.{parameter.name} holds `{{{{$`, which Kubeflow takes for its own placeholder",
                parameter.span or _top(plan),
                hint="put the text into the step's `with`, where it passes unchanged",
                path=f"params.{parameter.name}",
            )
        if _holds_null(parameter.default):
            yield Diagnostic(
                "MLS519",
                f"the default of params.{parameter.name} holds a null, which kfp's SDK cannot pass on",
                parameter.span or _top(plan),
                hint="leave the element out, or put the value into the step's `with`",
                path=f"params.{parameter.name}",
            )


def _holds_null(value: Json) -> bool:
    todo = [value]
    while todo:
        match todo.pop():
            case None:
                return True
            case list() as inner:
                todo += inner
            case dict() as inner:
                todo += inner.values()
    return False


def _deadlines(plan: Plan) -> Iterator[Diagnostic]:
    for step in plan.all_steps():
        deadline, retry = extension_of(step).deadline, step.retry
        if deadline is None or step.timeout is None:
            continue
        delays = [retry.delay * retry.factor**number for number in range(retry.limit)]
        longest = step.timeout * (retry.limit + 1) + sum(min(delay, retry.max_delay or delay) for delay in delays)
        if deadline <= longest:
            yield Diagnostic(
                "MLS518",
                f"the pod of step {step.name} is ended after {deadline} s, and its attempts may take {number_text(longest)} s",
                _span(plan, step),
                severity="warning",
                hint=f"set `deadline` to more than {number_text(longest)}, with room for the pull of the image",
                path=f"{_path(plan, step)}.x-kubeflow.deadline",
            )


def _size(plan: Plan, texts: Mapping[str, str]) -> Iterator[Diagnostic]:
    size = estimated_size(plan, texts)
    if size > NEAR * ETCD_LIMIT:
        yield Diagnostic(
            "MLS515",
            f"the pipeline takes about {size / 1e6:.1f} MB, and Kubernetes refuses objects over {ETCD_LIMIT / 1e6} MB",
            _top(plan),
            severity="warning",
            hint="split the lifecycle, or make one step of many small ones",
        )


def estimated_size(plan: Plan, texts: Mapping[str, str] | None = None) -> int:
    """About how many bytes of JSON the IR is, without making it; `texts` are those of `_texts`, where they are at hand."""
    texts = texts or _texts(plan)
    return 300 + sum(_bytes(plan, step, texts[step.id]) for step in plan.all_steps())


def _bytes(plan: Plan, step: Step, texts: str) -> int:
    """A step's texts, what declares, wires and passes its inputs and outputs, and what every step has."""
    shared = 110 + len((plan.lifecycle + plan.store).encode())
    inputs, outputs, params = len(step.inputs) + len(step.values), len(step.outputs), len(step.params)
    wiring = 215 * inputs + 125 * outputs + 35 * params + 20 * len(step.upstream)
    tracked = tracking_of(plan, step)
    passed = 35 * inputs + 25 * (outputs + params) + (60 if step.environment else 0) + len(texts.encode())
    passed += 30 + len(f"{tracked.uri}{tracked.experiment or ''}".encode()) if tracked.uri else 0
    one = 590 + shared + passed + wiring
    if step.foreach is None:
        return one
    asking = sum(len(argument.encode()) for option in wiring_options(fan_out(plan, step)) for argument in option)
    return 2080 + one + 2 * shared + 3 * (wiring + asking)


def _path(plan: Plan, step: Step) -> str:
    return f"{'finally' if step in plan.finals else 'steps'}.{step.name}"


def _span(plan: Plan, step: Step) -> Span:
    return step.span or _top(plan)


def _top(plan: Plan) -> Span:
    return Span(plan.spec_file, 1, 1, 1, 1)
