"""`targets:` and `x-…`, checked by the models that the targets bring.

In: a valid spec. Out: the options of each target as plain JSON, findings. Owns which target a section belongs to; never knows one.
Targets load only where a spec has something for them. Change it when a spec can say something else to targets.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, TypeAlias

from mlspec.diagnostics import Diagnostic, Span
from mlspec.diagnostics.collection import did_you_mean
from mlspec.spec.loaded import Spec
from mlspec.spec.validate import validate_section

if TYPE_CHECKING:
    from pydantic import BaseModel

    from mlspec.spec.step import Step
    from mlspec.targets.base import Target

Path: TypeAlias = tuple[str | int, ...]
"""Keys and indices from the top of a spec."""


def check_target_options(spec: Spec) -> tuple[dict[str, Any], list[Diagnostic]]:
    """Check `targets:` and `x-…` by the models that the targets bring. Targets load only where a spec has options."""
    extended = [(path, name) for path, step in _all_steps(spec) for name in step.extensions]
    if not spec.lifecycle.targets and not extended:
        return {}, []
    from mlspec.spec.split import Split
    from mlspec.targets.base import targets

    known = targets()
    models: dict[str, type[BaseModel]] = {name: target.options for name, target in known.items()} | {"split": Split}
    options: dict[str, Any] = {}
    findings: list[Diagnostic] = []
    for name in spec.lifecycle.targets:
        path: Path = ("targets", name)
        node = spec.node(*path)
        if name not in models:
            findings.append(_no_target(name, models, spec.key_span(*path), path))
        elif node is not None:
            model, found = validate_section(models[name], node, path)
            findings += found
            options[name] = model.model_dump(mode="json", by_alias=True) if model is not None else {}
    for stage, name in options.get("split", {}).items():
        if name is not None and name not in known:
            findings.append(_no_target(name, known, spec.span("targets", "split", stage), ("targets", "split", stage)))
    for path, name in extended:
        findings += _extension(spec, (*path, f"x-{name}"), name, known)
    return options, findings


def _extension(spec: Spec, path: Path, name: str, known: Mapping[str, Target]) -> list[Diagnostic]:
    """Check what a step says to one target alone."""
    node = spec.node(*path)
    if name not in known:
        return [_no_target(name, known, spec.key_span(*path), path, "x-")]
    extension = known[name].extension
    if extension is None:
        message = f"{name} has nothing that a step can set with `x-{name}`"
        return [Diagnostic("MLS503", message, spec.key_span(*path), path=".".join(map(str, path)))]
    return validate_section(extension, node, path)[1] if node is not None else []


def _no_target(name: str, known: Iterable[str], span: Span, path: Path, prefix: str = "") -> Diagnostic:
    hint = did_you_mean(name, known, prefix)
    return Diagnostic("MLS503", f"there is no target `{name}`", span, hint=hint, path=".".join(map(str, path)))


def _all_steps(spec: Spec) -> Iterable[tuple[Path, Step]]:
    lifecycle = spec.lifecycle
    for name, step in lifecycle.steps.items():
        yield ("steps", name), step
    for name, step in lifecycle.finally_.items():
        yield ("finally", name), step
    for name, step in (lifecycle.monitor.steps if lifecycle.monitor else {}).items():
        yield ("monitor", "steps", name), step
