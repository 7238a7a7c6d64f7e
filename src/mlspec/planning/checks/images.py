"""Images by a moving tag run other code tomorrow.

In: a spec. Out: warnings, or errors where the policy `pinned_images` is set. Never asks a registry.
Change it when another form pins an image.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from mlspec.diagnostics.collection import Findings
from mlspec.planning.pipeline import Pipeline
from mlspec.spec.loaded import Spec

_DIGEST = re.compile(r"@sha256:[0-9a-f]{64}$")


def check(spec: Spec, pipelines: Iterable[Pipeline], findings: Findings) -> None:
    """Check the image of each environment. The policy asks for a tag that is not meant to move; only a digest cannot."""
    policy = "pinned_images" in spec.lifecycle.policies
    for name, environment in spec.lifecycle.environments.items():
        image = environment.image
        if image is None or _DIGEST.search(image):
            continue
        tag = image.rsplit("/", 1)[-1].partition(":")[2]
        path = ("environments", name, "image")
        span = spec.span(*path)
        hint = f"write {image.removesuffix(f':{tag}') if tag else image}@sha256:… as your registry shows it"
        if tag not in ("", "latest"):
            findings.warn("MLS602", f"the image `{image}` is pinned by a tag, which can be moved", span, hint, path=path)
            continue
        message = f"the image `{image}` has {'the tag `latest`' if tag else 'no tag'}: it runs other code tomorrow"
        if policy:
            findings.add("MLS604", f"{message}; the policy `pinned_images` forbids it", span, hint, path=path)
        else:
            findings.warn("MLS602", message, span, hint, path=path)
