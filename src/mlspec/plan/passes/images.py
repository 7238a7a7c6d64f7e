"""Images by a moving tag run other code tomorrow.

In: a spec. Out: warnings, or errors where the policy `pinned_images` is set. Never asks a registry.
Change it when another form pins an image.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from mlspec.diagnostics import Severity
from mlspec.plan.findings import Findings
from mlspec.plan.pipeline import Pipeline
from mlspec.spec.loaded import Spec

_DIGEST = re.compile(r"@sha256:[0-9a-f]{64}$")


def check(spec: Spec, pipelines: Iterable[Pipeline], findings: Findings) -> None:
    """Check the image of each environment."""
    policy = "pinned_images" in spec.lifecycle.policies
    for name, environment in spec.lifecycle.environments.items():
        image = environment.image
        if image is None or _DIGEST.search(image):
            continue
        tag = image.rsplit("/", 1)[-1].partition(":")[2]
        path = ("environments", name, "image")
        if tag in ("", "latest"):
            message = f"the image `{image}` has {'no tag' if not tag else 'the tag `latest`'}: it runs other code tomorrow"
        else:
            message = f"the image `{image}` is pinned by a tag, which can be moved"
        severity: Severity = "error" if policy else "warning"
        hint = f"write {image.removesuffix(f':{tag}') if tag else image}@sha256:… as your registry shows it"
        code = "MLS604" if policy else "MLS602"
        findings.add(code, message, spec.span(*path), hint, path=path, severity=severity)
