"""Find what Airflow cannot do with a plan although it has each feature by itself.

In: a `Plan`. Out: findings MLS531 to MLS536, each with a page in the catalogue. Owns these checks; never emits.
Change it when a generated file fails to load, or when a wish of the spec would be dropped in silence.
"""

from __future__ import annotations

from collections.abc import Iterator

from mlspec.diagnostics import Diagnostic, Span
from mlspec.plan.model import Plan
from mlspec.targets.airflow.literals import depth
from mlspec.targets.airflow.options import AirflowOptions

MAX_TAG = 100
MAX_NESTING = 50
"""Python's parser gives up at 200 open brackets, formatters earlier."""


def check(plan: Plan) -> list[Diagnostic]:
    """Return all findings; errors mean that `emit` must not be called."""
    top = Span(plan.spec_file, 1, 1, 1, 1)
    options = AirflowOptions.model_validate(plan.target_options.get("airflow", {}))
    return [
        *_runner(options, top),
        *_resources(plan, top),
        *_images(plan, top),
        *_labels(plan, top),
        *_nesting(plan, top),
        *_secrets(plan, top),
    ]


def _runner(options: AirflowOptions, top: Span) -> Iterator[Diagnostic]:
    if options.runner != "bash":
        yield Diagnostic(
            "MLS531",
            f"airflow cannot run steps with `runner: {options.runner}` yet",
            top,
            hint="`runner: bash` runs them on the Airflow workers",
            path="targets.airflow.runner",
        )


def _resources(plan: Plan, top: Span) -> Iterator[Diagnostic]:
    seen: set[str] = set()
    for step in plan.all_steps():
        if (step.resources.cpu or step.resources.memory or step.resources.gpu) and step.name not in seen:
            seen.add(step.name)
            yield Diagnostic(
                "MLS532",
                f"the resources of `{step.name}` are not enforced on Airflow's workers",
                step.span or top,
                severity="warning",
                hint="send it to workers that are large enough: `x-airflow: {queue: …}`",
                path=f"{'finally' if step in plan.finals else 'steps'}.{step.name}.resources",
            )


def _images(plan: Plan, top: Span) -> Iterator[Diagnostic]:
    used = {step.environment for step in plan.all_steps()}
    for name, environment in plan.environments.items():
        if environment.image and name in used:
            yield Diagnostic(
                "MLS533",
                f"Airflow's workers do not run the image of environment `{name}`",
                environment.span or top,
                severity="warning",
                hint="install the environment's requirements on the workers and name its interpreter in MLSPEC_PYTHON",
                path=f"environments.{name}.image",
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


def _secrets(plan: Plan, top: Span) -> Iterator[Diagnostic]:
    wanted = {name for step in plan.all_steps() for name in step.secrets}
    for name, secret in plan.secrets.items():
        if name in wanted and secret.airflow is None:
            yield Diagnostic(
                "MLS536",
                f"secret `{name}` does not say where Airflow keeps it",
                secret.span or top,
                severity="warning",
                hint=f"add `airflow: {{connection: …}}`, or set {secret.env} on every worker",
                path=f"secrets.{name}",
            )
