"""Find what a plan wants of the place where Airflow's tasks run, and the runner does not have.

In: a `Plan` and its options. Out: findings on the store, images, secrets and options of other runners (MLS536 to MLS538, MLS541). Owns
these checks; never emits. Change it when a runner is added, or learns something.
"""

from __future__ import annotations

from collections.abc import Iterator

from mlspec.diagnostics import Diagnostic, Span
from mlspec.ir.describe import path_of
from mlspec.ir.model import Plan
from mlspec.store.filesystem import is_remote, is_shared_folder
from mlspec.targets.airflow.native import OF_RUNNER, given_names
from mlspec.targets.airflow.options import AirflowOptions, airflow_form, extension_of
from mlspec.targets.airflow.runners import RUNNERS
from mlspec.targets.pod_findings import places
from mlspec.targets.secret_forms import kubernetes_form, pull_secret
from mlspec.targets.unenforced import unenforced_resources, unused_images
from mlspec.terms import GPU_RESOURCE

_ON_ONE_MACHINE = frozenset({"LocalExecutor", "SequentialExecutor", "DebugExecutor"})


def check(plan: Plan, options: AirflowOptions, top: Span) -> Iterator[Diagnostic]:
    """Return all findings; `top` is where what stands nowhere is said."""
    yield from _store(plan, options, top)
    yield from _on_workers(plan) if options.runner == "bash" else _in_containers(plan, options, top)
    yield from _elsewhere(plan, options, top)
    yield from _secrets(plan, options, top)


def _store(plan: Plan, options: AirflowOptions, top: Span) -> Iterator[Diagnostic]:
    """A folder that goes with its pod, or of which each worker has its own. A `file:` URI says that all have the same."""
    if is_remote(plan.store):
        return
    shared = is_shared_folder(plan.store)
    if options.runner == "kubernetes":
        yield Diagnostic(
            "MLS538",
            f"the store `{plan.store}` is lost with each pod",
            plan.store_span or top,
            severity="warning" if shared else "error",
            hint="use one that all pods reach, such as `s3://bucket/store`",
            path="store",
        )
    elif not shared and (reason := _several_workers(plan, options)):
        yield Diagnostic(
            "MLS538",
            f"{reason}, and the store `{plan.store}` is a folder of each",
            plan.store_span or top,
            severity="warning",
            hint="use one that all workers reach, such as `s3://bucket/store`, or say `file:///folder` of one that is mounted on each",
            path="store",
        )


def _several_workers(plan: Plan, options: AirflowOptions) -> str:
    """Why tasks run on several machines, as far as the spec tells."""
    if len({extension_of(step).queue for step in plan.all_steps()}) > 1:
        return "steps go to workers of several queues"
    if options.executor and options.executor.rpartition(".")[2] not in _ON_ONE_MACHINE:
        return f"steps go to the workers of {options.executor}"
    return ""


def _on_workers(plan: Plan) -> Iterator[Diagnostic]:
    larger = "send it to workers that are large enough: `x-airflow: {queue: …}`"
    yield from unenforced_resources(plan, "on Airflow's workers", larger)
    if "airflow.runner" not in plan.option_spans:  # who writes `runner: bash` knows where steps run
        install = "install the environment's requirements on the workers and name its interpreter in MLSPEC_PYTHON"
        yield from unused_images(plan, "Airflow's workers do", install)


def _in_containers(plan: Plan, options: AirflowOptions, top: Span) -> Iterator[Diagnostic]:
    if not options.image and not any(step.image for step in plan.all_steps()):
        yield Diagnostic(
            "MLS537",
            f"no environment names an image for `runner: {options.runner}`",
            top,
            hint="set `image:` in the steps' environment, or `targets.airflow.image`",
            path="targets.airflow.image",
        )
    for name, environment in plan.environments.items():
        used = any(step.environment == name for step in plan.all_steps())
        if used and not environment.image and not options.image:
            yield Diagnostic(
                "MLS537",
                f"environment `{name}` names no image for `runner: {options.runner}`",
                environment.span or top,
                hint="set its `image:`, or `targets.airflow.image`",
                path=f"environments.{name}",
            )


def _elsewhere(plan: Plan, options: AirflowOptions, top: Span) -> Iterator[Diagnostic]:
    """What only another runner would heed."""
    idle = [("network", "docker", options.network)]
    idle += [(key, "kubernetes", getattr(options, key)) for key in ("namespace", "service_account")]
    found = [(f"targets.airflow.{key}", runner, top) for key, runner, value in idle if value and options.runner != runner]
    if options.image and options.runner == "bash":
        found.append(("targets.airflow.image", "docker", top))
    if options.runner != "kubernetes":
        found += [(path, "kubernetes", span) for _, _, path, span in places(plan, "airflow", options.pods, extension_of)]
    if options.runner == "docker":  # Docker asks for GPUs, whatever Kubernetes calls them
        found += [
            (
                f"{path_of(plan, step)}.resources.gpu_resource",
                "kubernetes",
                step.span or top,
            )
            for step in plan.all_steps()
            if step.resources.gpu_resource != GPU_RESOURCE
        ]
    for step in plan.all_steps():
        given = given_names(extension_of(step).operator) if "airflow" in step.extensions else ()
        found += [
            (f"{path_of(plan, step)}.x-airflow.operator.{name}", runner, step.span or top)
            for runner, names in OF_RUNNER.items()
            for name in given
            if name in names and runner != options.runner
        ]
    if plan.overlap is not None and options.dag.max_active_runs is not None:
        path = "targets.airflow.dag.max_active_runs"
        message, hint = "`max_active_runs` beside `triggers.overlap`, which says it", "remove one of them"
        yield Diagnostic("MLS541", message, plan.option_spans.get(path.removeprefix("targets."), top), hint=hint, path=path)
    for path, runner, span in dict.fromkeys(found):
        yield Diagnostic(
            "MLS541",
            f"`{path.rpartition('.')[2]}` means nothing with `runner: {options.runner}`",
            span,
            hint=f"remove it, or set `targets.airflow.runner: {runner}`",
            path=path,
        )


def _secrets(plan: Plan, options: AirflowOptions, top: Span) -> Iterator[Diagnostic]:
    wanted = {name for step in plan.all_steps() for name in step.secrets}
    contained = options.runner != "bash"
    place = "kubernetes: {secret: …}" if options.runner == "kubernetes" else "airflow: {connection: …}"
    for name, secret in plan.secrets.items():
        if name in wanted and airflow_form(secret) is None and not RUNNERS[options.runner].holds(secret):
            yield Diagnostic(
                "MLS536",
                f"secret `{name}` does not say where {'its containers find' if contained else 'Airflow keeps'} it",
                secret.span or top,
                severity="error" if contained else "warning",
                hint=f"add `{place}`" + ("" if contained else f", or set {secret.env} on every worker"),
                path=f"secrets.{name}",
            )
    yield from _registries(plan, options, top)


def _registries(plan: Plan, options: AirflowOptions, top: Span) -> Iterator[Diagnostic]:
    """What images are pulled with: a worker itself needs none."""
    if options.runner == "bash":
        return
    pods = options.runner == "kubernetes"
    wanted = {secret.name: secret for step in plan.all_steps() if (secret := pull_secret(plan, step)) is not None}
    for name, secret in wanted.items():
        if (kubernetes_form(secret) if pods else airflow_form(secret)) is None:
            message = f"registry `{name}` does not say where {'Kubernetes' if pods else 'Airflow'} keeps its credentials"
            hint = "add `kubernetes: {secret: NAME}`" if pods else "add `airflow: {connection: ID}`"
            yield Diagnostic("MLS536", message, secret.span or top, hint=hint, path=f"secrets.{name}")
