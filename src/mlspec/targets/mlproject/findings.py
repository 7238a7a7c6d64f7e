"""Find what MLflow Projects cannot do with a plan although they have each feature by themselves.

In: a `Plan`. Out: findings MLS570 and MLS573, each with a page in `catalogue/`, and those of `unenforced`. Owns these checks; never emits.
Change it when `mlflow run` fails on files that this let through, or when a wish of the spec would be dropped in silence.
"""

from __future__ import annotations

from collections.abc import Iterator

from mlspec.diagnostics import Diagnostic, Span
from mlspec.ir.describe import path_of
from mlspec.ir.model import Plan
from mlspec.targets.unenforced import unenforced_resources, unused_images

MAIN = "main"
"""The entry point that `mlflow run` takes when it is told none."""


def check(plan: Plan) -> list[Diagnostic]:
    """Return all findings; errors mean that `emit` must not be called."""
    top = Span(plan.spec_file, 1, 1, 1, 1)
    return [
        *_names(plan, top),
        *unenforced_resources(plan, "under `mlflow run`", "start `mlflow run` on a machine that is large enough"),
        *unused_images(plan, "`mlflow run` does", "its steps get an environment of the same Python and requirements"),
        *_params(plan, top),
    ]


def _names(plan: Plan, top: Span) -> Iterator[Diagnostic]:
    step = plan.by_id.get(MAIN)
    if step is not None:
        yield Diagnostic(
            "MLS570",
            f"the step `{MAIN}` has the name of the entry point that runs the whole lifecycle",
            step.span or top,
            hint=f"rename the step, for example to `{MAIN}_step`",
            path=path_of(plan, step),
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
