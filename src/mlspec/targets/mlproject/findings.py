"""Find what MLflow Projects cannot do with a plan although they have each feature by themselves.

In: a `Plan`. Out: findings MLS570 to MLS573, each with a page in the catalogue. Owns these checks; never emits.
Change it when `mlflow run` fails on files that this let through, or when a wish of the spec would be dropped in silence.
"""

from __future__ import annotations

from collections.abc import Iterator

from mlspec.diagnostics import Diagnostic, Span
from mlspec.ir.model import Plan
from mlspec.targets.base import asking_for_resources, environments_with_images

MAIN = "main"
"""The entry point that `mlflow run` takes when it is told none."""


def check(plan: Plan) -> list[Diagnostic]:
    """Return all findings; errors mean that `emit` must not be called."""
    top = Span(plan.spec_file, 1, 1, 1, 1)
    return [*_names(plan, top), *_resources(plan, top), *_images(plan, top), *_params(plan, top)]


def _names(plan: Plan, top: Span) -> Iterator[Diagnostic]:
    step = plan.by_id.get(MAIN)
    if step is not None:
        yield Diagnostic(
            "MLS570",
            f"the step `{MAIN}` has the name of the entry point that runs the whole lifecycle",
            step.span or top,
            hint=f"rename the step, for example to `{MAIN}_step`",
            path=f"{'finally' if step in plan.finals else 'steps'}.{MAIN}",
        )


def _resources(plan: Plan, top: Span) -> Iterator[Diagnostic]:
    for step, path in asking_for_resources(plan):
        yield Diagnostic(
            "MLS571",
            f"the resources of `{step.name}` are not enforced under `mlflow run`",
            step.span or top,
            severity="warning",
            hint="start `mlflow run` on a machine that is large enough",
            path=path,
        )


def _images(plan: Plan, top: Span) -> Iterator[Diagnostic]:
    for environment in environments_with_images(plan):
        yield Diagnostic(
            "MLS572",
            f"`mlflow run` does not run the image of environment `{environment.name}`",
            environment.span or top,
            severity="warning",
            hint="its steps get an environment of the same Python and requirements",
            path=f"environments.{environment.name}.image",
        )


def _params(plan: Plan, top: Span) -> Iterator[Diagnostic]:
    for parameter in plan.params:
        if isinstance(parameter.default, str) and "\0" in parameter.default:
            yield Diagnostic(
                "MLS573",
                f"the default of parameter `{parameter.name}` holds U+0000, which no command line can",
                parameter.span or top,
                hint="keep it in a file",
                path=f"params.{parameter.name}",
            )
