"""Find what Airflow cannot do with a plan although it has each feature by itself.

In: a `Plan`. Out: findings MLS534 to MLS541, each with a page in `catalogue/`, and those of `unenforced`. Owns these checks; never emits.
Change it when a generated file fails to load, or when a wish of the spec would be dropped in silence.
"""

from __future__ import annotations

from collections.abc import Iterator

from mlspec.diagnostics import Diagnostic, Span
from mlspec.ir.bodies import Approval
from mlspec.ir.model import Plan
from mlspec.store.filesystem import is_remote
from mlspec.targets.airflow.literals import depth
from mlspec.targets.airflow.options import AirflowOptions, airflow_form, extension_of, options_of
from mlspec.targets.airflow.runners import RUNNERS
from mlspec.targets.unenforced import unenforced_resources, unused_images

MAX_TAG = 100
MAX_NESTING = 50
"""Python's parser gives up at 200 open brackets, formatters earlier."""


def check(plan: Plan) -> list[Diagnostic]:
    """Return all findings; errors mean that `emit` must not be called."""
    top = Span(plan.spec_file, 1, 1, 1, 1)
    options = options_of(plan)
    return [
        *(_on_workers(plan) if options.runner == "bash" else _in_containers(plan, options, top)),
        *_approvals(plan, options, top),
        *_finals(plan, top),
        *_elsewhere(plan, options, top),
        *_labels(plan, top),
        *_nesting(plan, top),
        *_secrets(plan, options, top),
    ]


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
    if options.runner == "kubernetes" and not is_remote(plan.store):
        yield Diagnostic(
            "MLS538",
            f"the store `{plan.store}` is lost with each pod",
            plan.store_span or top,
            hint="use one that all pods reach, such as `s3://bucket/store`",
            path="store",
        )


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
    """A teardown is one task, and an approval three."""
    for step in plan.finals:
        if isinstance(step.body, Approval):
            yield Diagnostic(
                "MLS540",
                f"Airflow cannot ask for the approval `{step.name}` in `finally`",
                step.span or top,
                hint="move the question above the steps it is about",
                path=f"finally.{step.name}.approval",
            )


def _elsewhere(plan: Plan, options: AirflowOptions, top: Span) -> Iterator[Diagnostic]:
    """What only another runner would heed."""
    idle = [("network", "docker", options.network)]
    idle += [(key, "kubernetes", getattr(options, key)) for key in ("namespace", "service_account")]
    found = [(f"targets.airflow.{key}", runner, top) for key, runner, value in idle if value and options.runner != runner]
    if options.image and options.runner == "bash":
        found.append(("targets.airflow.image", "docker", top))
    if options.runner != "kubernetes":
        found += [
            (
                f"{'finally' if step in plan.finals else 'steps'}.{step.name}.x-airflow.node_selector",
                "kubernetes",
                step.span or top,
            )
            for step in plan.all_steps()
            if extension_of(step).node_selector
        ]
    for path, runner, span in dict.fromkeys(found):
        yield Diagnostic(
            "MLS541",
            f"`{path.rpartition('.')[2]}` means nothing with `runner: {options.runner}`",
            span,
            hint=f"remove it, or set `targets.airflow.runner: {runner}`",
            path=path,
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


def _nesting(plan: Plan, top: Span) -> Iterator[Diagnostic]:
    for parameter in plan.params:
        if depth([parameter.default, *parameter.enum]) > MAX_NESTING:
            yield Diagnostic(
                "MLS535",
                f"the default of parameter `{parameter.name}` nests more than {MAX_NESTING - 1} levels deep",
                parameter.span or top,
                hint="pass a file instead",
                path=f"params.{parameter.name}",
            )


def _secrets(plan: Plan, options: AirflowOptions, top: Span) -> Iterator[Diagnostic]:
    wanted = {name for step in plan.all_steps() for name in step.secrets}
    contained = options.runner != "bash"
    place = "kubernetes: {secret: …, key: …}" if options.runner == "kubernetes" else "airflow: {connection: …}"
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
