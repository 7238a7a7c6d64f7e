"""Images by a moving tag run other code tomorrow.

In: a spec. Out: warnings. Never asks a registry; what a name fixes is `ir.image_names`'s.
Change it when images are named in another place.
"""

from __future__ import annotations

from collections.abc import Iterable

from mlspec.diagnostics.collection import Findings
from mlspec.ir.image_names import fixed_form, is_fixed, loose
from mlspec.planning.pipeline import Pipeline
from mlspec.spec.loaded import Spec


def check(spec: Spec, pipelines: Iterable[Pipeline], findings: Findings) -> None:
    """Check the image of each environment."""
    for name, environment in spec.lifecycle.environments.items():
        image = environment.image
        if image is None or is_fixed(image):
            continue
        path = ("environments", name, "image")
        message = loose(image) or f"the image `{image}` is pinned by a tag, which can be moved"
        findings.warn("MLS602", message, spec.span(*path), fixed_form(image), path=path)
