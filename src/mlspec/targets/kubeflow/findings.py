"""What this target finds wrong with a plan, beyond the capability table.

In: a `Plan`. Out: findings MLS510 to MLS522, each with a page in `catalogue/`. Owns these checks; never emits (the size
is estimated, see `size`). Change it when KFP refuses, or silently bends, something that the IR can say.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import fields
from itertools import chain

from mlspec.diagnostics import Diagnostic, Span
from mlspec.diagnostics.nearest import nearest
from mlspec.expr.values import as_text
from mlspec.invocation.from_plan import takes_from_earlier_runs
from mlspec.ir.describe import path_of
from mlspec.ir.groups import is_whole, upstream_groups
from mlspec.ir.model import Plan, Step
from mlspec.store.filesystem import is_remote, is_shared_folder
from mlspec.targets.kubeflow.blocks import reads_status
from mlspec.targets.kubeflow.graph import skippable_steps
from mlspec.targets.kubeflow.options import DEFAULT_IMAGE, KubeflowOptions, KubeflowStep, extension_of, options_of
from mlspec.targets.kubeflow.size import ETCD_LIMIT, NEAR, estimated_size, texts_of
from mlspec.targets.options import misfits
from mlspec.targets.pod_findings import places, short_deadlines
from mlspec.targets.pods import merged
from mlspec.targets.secret_forms import kubernetes_form, pull_secret
from mlspec.terms import Json

_REFERENCE = re.compile(r"\$\([A-Z_][A-Z0-9_]*\)")
"""What may name a variable of KFP's own containers: `KFP_POD_NAME`, `ML_PIPELINE_SERVICE_HOST`."""


def check(plan: Plan) -> list[Diagnostic]:
    """Find what KFP would refuse or bend; errors mean that `emit` must not be called."""
    texts = texts_of(plan)
    ill_formed = [*_options(plan), *_nul(plan, texts)]
    if ill_formed:
        return ill_formed
    return [
        *_images(plan),
        *_store(plan),
        *_omitted(plan),
        *_finals(plan),
        *_secrets(plan),
        *_params(plan),
        *_size(plan, texts),
        *_pods(plan),
    ]


def _options(plan: Plan) -> Iterator[Diagnostic]:
    yield from _invalid(KubeflowOptions, plan.target_options.get("kubeflow", {}), _top(plan), "targets.kubeflow")
    for step in plan.all_steps():
        if "kubeflow" in step.extensions:
            where = f"{path_of(plan, step)}.x-kubeflow"
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
                path=path_of(plan, step),
            )


def _omitted(plan: Plan) -> Iterator[Diagnostic]:
    """The backend leaves out what stands below a task that it left out, whatever else that could have taken."""
    skippable = skippable_steps(plan)
    paired = any(step.each for step in plan.steps)
    for step in plan.steps:
        for group in upstream_groups(step, plan.by_id) if paired or step.groups else ():
            apart = not is_whole(group, plan.by_id) or plan.by_id[group[0]].each is not None
            late = next((one for one in group if not skippable.isdisjoint(plan.by_id[one].upstream)), None)
            if len(group) > 1 and apart and late is not None:
                yield Diagnostic(
                    "MLS523",
                    f"`{step.name}` takes what there is of several steps, and `{late}` may be left out because of a step above it",
                    _span(plan, step),
                    hint=f"let `{plan.by_id[late].name}` decide by a `when` of its own, and need no step that may be skipped",
                    path=path_of(plan, step),
                )
                break


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
                path=path_of(plan, step),
            )


def _store(plan: Plan) -> Iterator[Diagnostic]:
    # A spec whose profile has a store for the cluster is compiled with it to run there, and without to be read.
    if any(map(is_remote, (plan.store, *plan.profile_stores))):
        return
    reader = None if is_shared_folder(plan.store) else _reader_of_records(plan)
    yield Diagnostic(
        "MLS511",
        f"the store {plan.store} is a path, so every pod writes its records into itself and they are lost"
        + (f": {reader} cannot work" if reader else ""),
        plan.store_span or _top(plan),
        severity="error" if reader else "warning",
        hint="use a store that all pods reach, such as `store: s3://bucket/folder`",
        path="store",
    )


def _reader_of_records(plan: Plan) -> str | None:
    """What of the plan reads the records of other pods, or their files in the store, and so cannot do without."""
    for step in plan.all_steps():
        if step.foreach is not None:
            return f"`foreach` of the step `{step.name}`"
    for step in plan.finals:
        if reads_status(step):
            return f"`run.status` in the step `{step.name}`"
    return "`targets.kubeflow.cache`" if takes_from_earlier_runs(plan, "kubeflow") else None


def _finals(plan: Plan) -> Iterator[Diagnostic]:
    """An exit task's failure is none of its run on the backend (kubeflow/pipelines #11470); in `kfp.local` it is."""
    for step in {step.name: step for step in plan.finals}.values():
        yield Diagnostic(
            "MLS520",
            f"when `{step.name}` fails, Kubeflow shows the run as succeeded all the same; its records say that it failed",
            _span(plan, step),
            severity="warning",
            hint="let a last step that needs the others do what must not fail unseen",
            path=f"finally.{step.name}",
        )


def _secrets(plan: Plan) -> Iterator[Diagnostic]:
    used = dict.fromkeys(chain.from_iterable(step.secrets for step in plan.all_steps()))
    pulled = [secret.name for step in plan.all_steps() if (secret := pull_secret(plan, step)) is not None]
    used |= dict.fromkeys(pulled)
    for secret in (plan.secrets[name] for name in used):
        if kubernetes_form(secret) is None:
            yield Diagnostic(
                "MLS512",
                f"secret {secret.name} does not say which Kubernetes secret holds it",
                secret.span or _top(plan),
                hint=f"add `kubernetes: {{secret: NAME{_KEYS.get(secret.kind, ', key: KEY')}}}`",
                path=f"secrets.{secret.name}",
            )


_KEYS = {"login": ", user: KEY, password: KEY", "registry": ""}


def _params(plan: Plan) -> Iterator[Diagnostic]:
    for parameter in plan.params:
        if held := _expanded(as_text(parameter.default)):
            yield Diagnostic(
                "MLS514",
                f"the default of params.{parameter.name} holds {held}",
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


def _expanded(text: str) -> str:
    """What of a default does not pass unchanged: KFP hands it on from driver to driver in words of their pods."""
    if "{{$" in text:
        return "`{{$`, which Kubeflow takes for its own placeholder"
    if "$$" in text:
        return "`$$`, of which Kubernetes makes one `$`"
    if reference := _REFERENCE.search(text):
        return f"`{reference[0]}`, in whose place Kubernetes puts the value of a variable"
    return "`)` and a `$` behind it, which Kubernetes may have put there" if "$" in text.partition(")")[2] else ""


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


_UNABLE = {
    "startup_timeout": (
        "KFP waits for a pod as long as it takes to start",
        "leave it out, or limit the whole pod by `deadline`",
    ),
    "pod_affinity": ("KFP's backend reads no affinity between pods", "use `node_affinity`, `node_selector` or `tolerations`"),
    "pod_template": (
        "KFP makes the pods of tasks itself",
        "say what it has by `labels`, `annotations`, `tolerations` and so on",
    ),
}
"""What the vocabulary of pods has and KFP has not: the platform document has a `podAffinity`, of which the driver (2.17) reads
nothing (driver/k8s.go, `extendPodSpecPatch`), and nothing at all for the other two (kubernetes_executor_config.proto).
"""


def _pods(plan: Plan) -> Iterator[Diagnostic]:
    pods = options_of(plan).pods
    for name, value, path, span in places(plan, "kubeflow", pods, extension_of):
        if name in _UNABLE:
            why, instead = _UNABLE[name]
            yield Diagnostic("MLS522", f"Kubeflow cannot do `{name}`: {why}", span, hint=instead, path=path)
        for key in value if name == "annotations" else ():
            if "{{" in value[key]:
                why = f"annotation `{key}` holds `{{{{`, which Argo takes for its own"
                yield Diagnostic("MLS522", why, span, hint="leave the braces out", path=path)
    yield from short_deadlines(plan, "kubeflow", lambda step: merged(pods, extension_of(step)))


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


def _span(plan: Plan, step: Step) -> Span:
    return step.span or _top(plan)


def _top(plan: Plan) -> Span:
    return Span(plan.spec_file, 1, 1, 1, 1)
