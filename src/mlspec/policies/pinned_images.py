"""`pinned_images`: no image is named by a tag that is meant to move.

In: a plan. Out: findings. Owns where a plan names images: its environments, and what its targets' options call `image`. Takes a tag of
its own for pinned, of which a warning says that it can be moved. Change it when images are named in another place.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from mlspec.diagnostics import Diagnostic, Span
from mlspec.ir.image_names import fixed_form, loose
from mlspec.ir.model import Plan
from mlspec.policies.model import Policy, broken


def check(plan: Plan) -> Iterator[Diagnostic]:
    """Find images without a tag and those with the tag `latest`."""
    named = [(f"environments.{name}.image", each.image, each.image_span) for name, each in plan.environments.items()]
    named += _in_options(plan)
    for path, image, span in named:
        if image is not None and (message := loose(image)):
            yield broken(f"{message}; the policy `pinned_images` forbids it", span, fixed_form(image), path, plan)


def _in_options(plan: Plan) -> Iterator[tuple[str, str, Span | None]]:
    """The images that options of targets name, templates of pods with their other containers too, with their places in the spec."""
    waiting: list[tuple[str, Any, Span | None]] = []
    waiting += [(f"targets.{name}", options, None) for name, options in plan.target_options.items()]
    for section, steps in (("steps", plan.steps), ("finally", plan.finals)):
        for step in {step.name: step for step in steps}.values():  # all instances of a matrix are written in one place
            waiting += [(f"{section}.{step.name}.x-{name}", options, step.span) for name, options in step.extensions.items()]
    while waiting:
        path, value, span = waiting.pop(0)
        span = plan.option_spans.get(path.removeprefix("targets."), span)
        if isinstance(value, dict):
            waiting += [(f"{path}.{key}", inner, span) for key, inner in value.items()]
        elif isinstance(value, list):
            waiting += [(f"{path}.{index}", inner, span) for index, inner in enumerate(value)]
        elif isinstance(value, str) and path.rpartition(".")[2] == "image":
            yield path, value, span


POLICY = Policy("pinned_images", "Every image is named by its digest.", check)
