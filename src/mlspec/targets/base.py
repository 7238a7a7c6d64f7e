"""What a target is, and what all targets share.

In: a `Plan`. Out: `GeneratedFile`s, or findings about what the target refuses.
Owns the `Target` protocol, capability tables and target discovery; `emission.seal` owns the files' header. Never knows
a particular target, never writes a file. Change it when every target must learn something new.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from types import MappingProxyType
from typing import Literal, Protocol

from mlspec.diagnostics import Diagnostic
from mlspec.emission.seal import HEADER_LINES, MARK, GeneratedFile, seal_of, sealed
from mlspec.ir.features import Feature, features_of
from mlspec.ir.model import Plan

__all__ = [
    "HEADER_LINES",
    "MARK",
    "Edit",
    "GeneratedFile",
    "Support",
    "Target",
    "emulated",
    "joined",
    "native",
    "refusals",
    "refused",
    "seal_of",
    "sealed",
    "secret_forms",
    "targets",
]

Edit = Literal["default", "renaming", "setting", "description", "needs"]
"""Kinds of small edits: of a parameter's default, a leaf's name, a step's timeout, retry or the like, its description, its needs."""


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
    """One orchestrator. Implementations are stateless module-level objects of a subclass, which inherit what they need not say.

    What a spec may say to it is declared by dataclasses whose fields carry a `Setting` (see `targets.options`).
    """

    name: str
    """The name in `-t NAME` and in the spec's `targets:`."""
    summary: str
    """One line for `mlspec targets`."""
    capabilities: Mapping[Feature, Support]
    """How each feature is done; a feature that is missing here is refused."""
    has_names: bool = False
    """Whether two pipelines of one name would be one there."""
    one_a_folder: bool = False
    """Whether its files have names of their own, so that a folder holds those of one pipeline; with a profile they are apart."""
    name_option: str | None = None
    """The option that names the pipeline there instead of the lifecycle, if there is one."""
    options: type
    """The dataclass of `targets.<name>` in the spec; every field has a default."""
    extension: type | None = None
    """The dataclass of `x-<name>` on a step, if it has one; every field has a default."""
    step_hints: Mapping[str, str] = MappingProxyType({})
    """What to write for keys that people put on a step although they belong below `x-<name>`; in lower case with `_`."""
    secret_forms: Mapping[str, type] = MappingProxyType({})
    """The keys below which a secret says where it is kept, with the dataclass of each; targets may share one."""
    catalogue: Path | None = None
    """The folder with a page for each of its own codes, if it has some (see `diagnostics.explain`)."""
    review_limits: Mapping[Edit, int] = MappingProxyType({})
    """How many lines of a generated file each kind of edit may move, for each instance of the step; a kind that is missing has none."""

    def check(self, plan: Plan) -> list[Diagnostic]:
        """Find what the capability table cannot express (name lengths, sizes, combinations). The plan is a lowered one."""

    def waits(self, plan: Plan) -> Mapping[str, str]:
        """What steps wait for although they do not need it, by step id, in words; of any plan, compiled or refused."""
        return {}

    def emit(self, plan: Plan) -> list[GeneratedFile]:
        """Compile. Called only for lowered plans without errors from `refusals` and `check`."""


class _Installed(Mapping[str, Target]):
    """Targets by name, each loaded when it is first asked for: to compile to one takes no time for the others."""

    def __init__(self, points: Mapping[str, EntryPoint]) -> None:
        self._points = points
        self._loaded: dict[str, Target] = {}

    def __getitem__(self, name: str) -> Target:
        if name not in self._loaded:
            self._loaded[name] = self._points[name].load()
        return self._loaded[name]

    def __contains__(self, name: object) -> bool:
        return name in self._points

    def __iter__(self) -> Iterator[str]:
        return iter(self._points)

    def __len__(self) -> int:
        return len(self._points)


@cache
def targets() -> Mapping[str, Target]:
    """All installed targets by name, sorted: ours and those of other packages' `mlspec.targets` entry points."""
    return _Installed({point.name: point for point in sorted(entry_points(group="mlspec.targets"), key=lambda p: p.name)})


def secret_forms(known: Mapping[str, Target]) -> dict[str, type]:
    """The forms of secrets that these targets read, each once."""
    forms: dict[str, type] = {}
    for target in known.values():
        for key, kind in target.secret_forms.items():
            forms.setdefault(key, kind)
    return forms


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


def joined(description: Sequence[str]) -> str:
    """Join the parts of a step's one-line comment, leaving out empty ones."""
    return " · ".join(part for part in description if part)
