"""What `mlspec run` does not do although the spec says it.

In: a plan. Out: warnings (MLS507), one for each kind. Owns the list; never decides how a run ends.
Change it when a run does one of them, or when the language gains something that a run here leaves out.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from mlspec.diagnostics import Diagnostic, Span
from mlspec.ir.model import Plan, Step

_warning = partial(Diagnostic, "MLS507", severity="warning")


def undone(plan: Plan) -> list[Diagnostic]:
    """Warn of what a run of the plan on this machine leaves out."""
    top = Span(plan.spec_file, 1, 1, 1, 1)
    return [*_notifications(plan, top), *_resources(plan, top), *_images(plan, top)]


def without_retraining(retrain: str, span: Span) -> Diagnostic:
    """Warn that nobody decides upon the end of a monitoring pipeline."""
    message = f"`mlspec run` does not start the lifecycle again when `{retrain}` holds"
    return _warning(message, span, path="monitor.retrain", hint="look at the metrics, and run it yourself")


def _notifications(plan: Plan, top: Span) -> Iterator[Diagnostic]:
    if plan.notifications:
        hint = "send the message in a `finally` step, which knows `run.status`"
        yield _warning("`mlspec run` tells nobody", plan.notifications[0].span or top, path="notifications", hint=hint)


def _resources(plan: Plan, top: Span) -> Iterator[Diagnostic]:
    named: dict[str, Step] = {}
    for step in plan.all_steps():
        if step.resources.cpu or step.resources.memory or step.resources.gpu:
            named.setdefault(step.name, step)
    if named:
        first, message = next(iter(named.values())), f"`mlspec run` neither keeps nor limits the resources {_of(list(named))}"
        yield _warning(
            message, first.span or top, path=f"steps.{first.name}.resources", hint="bound what runs at once by `--jobs`"
        )


def _images(plan: Plan, top: Span) -> Iterator[Diagnostic]:
    used = {step.environment for step in plan.all_steps()}
    wanted = [each for name, each in plan.environments.items() if name in used and each.image]
    bare = [each for each in wanted if each.python is None and not each.requirements]
    if bare:
        message = f"`mlspec run` starts no container: steps in {_listed([each.name for each in bare])} run in the Python of mlspec itself"
        path = f"environments.{bare[0].name}.image"
        yield _warning(message, bare[0].span or top, path=path, hint="say `python` and `requirements` too, which are made here")


def _of(names: list[str]) -> str:
    return f"of `{names[0]}`" + (f" and {len(names) - 1} more" if len(names) > 1 else "")


def _listed(names: list[str]) -> str:
    return f"`{names[0]}`" + (f" and {len(names) - 1} more" if len(names) > 1 else "")
