"""What a target is, and what all targets share.

In: a `Plan`. Out: `GeneratedFile`s, or findings about what the target refuses.
Owns the `Target` protocol, capability tables and target discovery; `plan.generated` owns the files' header. Never knows
a particular target, never writes a file. Change it when every target must learn something new.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.metadata import entry_points
from typing import TYPE_CHECKING, Literal, Protocol

from mlspec.diagnostics import Diagnostic
from mlspec.emission.seal import HEADER_LINES, MARK, GeneratedFile, checksum_of, seal_of, sealed
from mlspec.ir.features import Feature, features_of
from mlspec.ir.model import Environment, Plan, Step

if TYPE_CHECKING:
    from pydantic import BaseModel

__all__ = [
    "HEADER_LINES",
    "MARK",
    "GeneratedFile",
    "Support",
    "Target",
    "checksum_of",
    "emulated",
    "joined",
    "native",
    "refusals",
    "refused",
    "seal_of",
    "sealed",
    "targets",
    "waits",
]


@dataclass(frozen=True, slots=True)
class Support:
    """How a target does a feature. `how` is one clause for the reference table; for a refusal, what to do instead."""

    kind: Literal["native", "emulated", "refused"]
    how: str = ""


def native(how: str = "") -> Support:
    """The orchestrator does it by itself."""
    return Support("native", how)


def emulated(how: str) -> Support:
    """mlspec does it with what the orchestrator has."""
    return Support("emulated", how)


def refused(how: str) -> Support:
    """It is an error at the spec's line; `how` says what to do instead."""
    return Support("refused", how)


class Target(Protocol):
    """One orchestrator. Implementations are stateless module-level objects.

    One that cannot start every step as soon as what it needs has ended also has `waits(plan)`, as the function below gives it.
    """

    @property
    def name(self) -> str:
        """The name in `-t NAME` and in the spec's `targets:`."""

    @property
    def summary(self) -> str:
        """One line for `mlspec targets`."""

    @property
    def capabilities(self) -> Mapping[Feature, Support]:
        """How each feature is done; a feature that is missing here is refused."""

    @property
    def options(self) -> type[BaseModel]:
        """The pydantic model of `targets.<name>` in the spec; every field has a default."""

    @property
    def extension(self) -> type[BaseModel] | None:
        """The pydantic model of `x-<name>` on a step, if it has one."""

    def check(self, plan: Plan) -> list[Diagnostic]:
        """Find what the capability table cannot express (name lengths, sizes, combinations)."""

    def emit(self, plan: Plan) -> list[GeneratedFile]:
        """Compile. Called only for plans without errors from `refusals` and `check`."""


@cache
def targets() -> Mapping[str, Target]:
    """All installed targets by name, sorted: ours and those of other packages' `mlspec.targets` entry points."""
    return {point.name: point.load() for point in sorted(entry_points(group="mlspec.targets"), key=lambda p: p.name)}


def support(target: Target, feature: Feature) -> Support:
    """How `target` does `feature`; one that its table lacks is refused."""
    return target.capabilities.get(feature, refused("this target does not have it"))


def refusals(plan: Plan, target: Target) -> list[Diagnostic]:
    """Find every use of a feature that `target` does not have, each at the spec's line."""
    answers = {feature: support(target, feature) for feature in Feature}
    instead = {feature: answer.how or None for feature, answer in answers.items() if answer.kind == "refused"}
    return [
        Diagnostic("MLS501", f"{target.name} cannot do {use.feature.title}", use.span, hint=instead[use.feature], path=use.path)
        for use in features_of(plan)
        if use.feature in instead and not _of_another(use.path, target)
    ]


def _of_another(path: str, target: Target) -> bool:
    """Whether it is asked of another target than this one."""
    return path.startswith("targets.") and not path.startswith(f"targets.{target.name}.")


def waits(plan: Plan, target: Target) -> Mapping[str, str]:
    """What steps wait for on `target` although they do not need it, by step id, in words; of any plan, compiled or refused."""
    find = getattr(target, "waits", None)
    found: Mapping[str, str] = find(plan) if find else {}
    return found


def asking_for_resources(plan: Plan) -> Iterator[tuple[Step, str]]:
    """Yield each step that asks for resources, a matrix once, with the place of its `resources` in the spec."""
    seen: set[str] = set()
    for section, steps in (("steps", plan.steps), ("finally", plan.finals)):
        for step in steps:
            wanted = step.resources
            if (wanted.cpu or wanted.memory or wanted.gpu) and step.name not in seen:
                seen.add(step.name)
                yield step, f"{section}.{step.name}.resources"


def environments_with_images(plan: Plan) -> Iterator[Environment]:
    """Yield the environments that have an image and that some step runs in."""
    used = {step.environment for step in plan.all_steps()}
    yield from (environment for name, environment in plan.environments.items() if environment.image and name in used)


def joined(description: Sequence[str]) -> str:
    """Join the parts of a step's one-line comment, leaving out empty ones."""
    return " · ".join(part for part in description if part)
