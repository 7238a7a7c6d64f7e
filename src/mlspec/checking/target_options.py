"""`targets:`, `x-…` and the forms of secrets, checked by what the targets declare.

In: a tree; a valid spec. Out: the language that fits its secrets; what it says to targets as plain JSON, and findings. Owns which
target a section belongs to; never knows one. Targets load only where a spec has something for them.
Change it when a spec can say something else to targets.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from typing import TYPE_CHECKING, Any, TypeAlias

from mlspec.diagnostics import Diagnostic, Span
from mlspec.diagnostics.collection import did_you_mean
from mlspec.source import Node
from mlspec.spec.lifecycle import Lifecycle
from mlspec.spec.loaded import Spec
from mlspec.spec.naming import with_profile
from mlspec.spec.validate import validate_section

if TYPE_CHECKING:
    from mlspec.spec.step import Step
    from mlspec.targets.base import Target

Path: TypeAlias = tuple[str | int, ...]
"""Keys and indices from the top of a spec."""


@dataclass(frozen=True, slots=True)
class TargetSettings:
    """What a spec says to targets alone, as their declarations read it."""

    options: dict[str, dict[str, Any]] = field(default_factory=dict)
    """`targets:`, by target, defaults included."""
    extensions: dict[Path, dict[str, dict[str, Any]]] = field(default_factory=dict)
    """What steps say below `x-…`: by the step's path in the spec, then by target."""


def language_of(root: Node) -> type[Lifecycle]:
    """The language in which a spec is written: with the forms of secrets that targets read, where a secret has more than `env`."""
    secrets = root.get("secrets")
    written = secrets.value.values() if secrets is not None and isinstance(secrets.value, dict) else ()
    plain = all(isinstance(secret.value, dict) and secret.value.keys() <= {"env"} for secret in written)
    return Lifecycle if plain else _with_forms()


@cache
def _with_forms() -> type[Lifecycle]:
    from mlspec.checking.declared import language
    from mlspec.targets.base import secret_forms, targets

    return language(secret_forms(targets()))


def with_target_hints(findings: list[Diagnostic]) -> list[Diagnostic]:
    """Findings of form, where an unknown key of a step is one that a target takes below `x-…` with the hint of that target."""
    places = [tuple(finding.path.split(".")) for finding in findings]
    misplaced = [
        index
        for index, (finding, path) in enumerate(zip(findings, places, strict=True))
        if finding.code == "MLS201" and len(path) >= 3 and path[-3] in ("steps", "finally")
    ]
    if not misplaced:
        return findings
    from mlspec.targets.base import targets

    hints = {key: hint for target in reversed(list(targets().values())) for key, hint in target.step_hints.items()}
    hinted = list(findings)
    for index in misplaced:
        hint = hints.get(places[index][-1].lower().replace("-", "_"))
        hinted[index] = replace(findings[index], hint=hint or findings[index].hint)
    return hinted


def check_target_options(spec: Spec) -> tuple[TargetSettings, list[Diagnostic]]:
    """Check `targets:` and `x-…` by what the targets declare. Targets load only where a spec has options, or forms of secrets."""
    extended = [(path, name) for path, step in _all_steps(spec) for name in step.extensions]
    settings, findings = TargetSettings(), _misfits(spec)
    if not spec.lifecycle.targets and not extended:
        return settings, findings
    from mlspec.targets.base import targets
    from mlspec.targets.split import Split

    known = targets()
    for name in spec.lifecycle.targets:
        path: Path = ("targets", name)
        if name not in known and name != "split":
            findings.append(_no_target(name, [*known, "split"], spec.key_span(*path), path))
        else:
            settings.options[name], found = _read(spec, Split if name == "split" else known[name].options, path)
            _name_with_profile(spec, name, known, settings.options[name])
            findings += found
    for stage, name in settings.options.get("split", {}).items():
        if name is not None and name not in known:
            findings.append(_no_target(name, known, spec.span("targets", "split", stage), ("targets", "split", stage)))
    for path, name in extended:
        given, found = _extension(spec, (*path, f"x-{name}"), name, known)
        settings.extensions.setdefault(path, {})[name] = given
        findings += found
    return settings, findings


def _misfits(spec: Spec) -> list[Diagnostic]:
    """Places of secrets that are of another kind than the secret."""
    held = [(name, secret.kind, secret.forms) for name, secret in spec.lifecycle.secrets.items()]
    if not any(forms for _, _, forms in held):
        return []
    from mlspec.targets.base import secret_forms, targets
    from mlspec.targets.options import read

    kinds, findings = secret_forms(targets()), list[Diagnostic]()
    for name, kind, forms in held:
        for key, given in forms.items():
            misfit = getattr(kinds.get(key), "misfit", None)
            hint = misfit(read(kinds[key], given), kind) if misfit is not None else None
            if hint is not None:
                path = ("secrets", name, key)
                message = f"this is no place of a {kind}"
                findings.append(Diagnostic("MLS219", message, spec.key_span(*path), hint=hint, path=".".join(path)))
    return findings


def _read(spec: Spec, kind: type, path: Path, *, given: bool = False) -> tuple[dict[str, Any], list[Diagnostic]]:
    """What the section at `path` says, as JSON: only what is `given`, or with defaults; nothing where it is wrong."""
    from mlspec.checking.declared import model_of

    node = spec.node(*path)
    if node is None:
        return {}, []
    model, findings = validate_section(model_of(kind), node, path)
    return model.model_dump(mode="json", exclude_unset=given) if model is not None else {}, findings


def _name_with_profile(spec: Spec, name: str, known: Mapping[str, Target], options: dict[str, Any]) -> None:
    """Give a pipeline that a target's option names the profile in its name too, unless the profile or `--set` says the option."""
    option, profile = known[name].name_option if name in known else None, spec.document.profile
    written = spec.node("targets", name, option) if option is not None and profile is not None else None
    before = spec.document.base.get("targets", name, str(option)) if spec.document.base is not None else None
    if written is not None and before is not None and written is before and isinstance(options.get(str(option)), str):
        options[str(option)] = with_profile(options[str(option)], profile)


def _extension(spec: Spec, path: Path, name: str, known: Mapping[str, Target]) -> tuple[dict[str, Any], list[Diagnostic]]:
    """Check what a step says to one target alone."""
    if name not in known:
        return {}, [_no_target(name, known, spec.key_span(*path), path, "x-")]
    extension = known[name].extension
    if extension is None:
        message = f"{name} has nothing that a step can set with `x-{name}`"
        return {}, [Diagnostic("MLS503", message, spec.key_span(*path), path=".".join(map(str, path)))]
    return _read(spec, extension, path, given=True)


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
