"""A pipeline with a profile needs a name that orchestrators take.

In: a spec. Out: findings. Never compares specs with each other (see `checking.together`). Change it when the rule of such names changes.
"""

from __future__ import annotations

from collections.abc import Iterable

from mlspec.diagnostics import Related
from mlspec.diagnostics.collection import Findings
from mlspec.planning.pipeline import Pipeline
from mlspec.spec.loaded import Spec
from mlspec.spec.naming import base_name, pipeline_name, with_profile

MAX_NAME = 40


def _check_apart(spec: Spec, findings: Findings) -> None:
    """Find profiles whose pipelines would have one name, though neither says so itself."""
    known: dict[str, str] = {}
    for profile, patch in spec.lifecycle.profiles.items():
        metadata = patch.get("metadata")
        if isinstance(metadata, dict) and metadata.get("name"):
            continue
        name = with_profile(base_name(spec.document), profile)
        other = known.setdefault(name, profile)
        if other != profile:
            message = f"the profiles `{other}` and `{profile}` would both make a pipeline `{name}`"
            first, path = Related(spec.key_span("profiles", other), "the other one"), ("profiles", profile)
            hint = "call one of them something else"
            findings.add("MLS205", message, spec.key_span(*path), hint, path=path, related=(first,))


def check(spec: Spec, pipelines: Iterable[Pipeline], findings: Findings) -> None:
    """Find a name that is too long with its profile, and two profiles of one name."""
    _check_apart(spec, findings)
    profile, name = spec.document.profile, pipeline_name(spec)
    if profile is not None and len(name) > MAX_NAME:
        path = ("profiles", profile)
        message = f"with this profile the pipeline would be called `{name}`, which has more than {MAX_NAME} characters"
        hint = "give it a name there: `metadata: {name: …}`"
        findings.add("MLS205", message, spec.key_span(*path), hint, path=path)
