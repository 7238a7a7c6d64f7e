"""What the name of a container image fixes.

In: a name. Out: what is loose about it, in words, and what to write. Owns the forms of names; never asks a registry.
Change it when another form pins an image.
"""

from __future__ import annotations

import re

_DIGEST = re.compile(r"@sha256:[0-9a-f]{64}$")


def is_fixed(image: str) -> bool:
    """Whether it names a digest: only that cannot move."""
    return _DIGEST.search(image) is not None


def tag_of(image: str) -> str:
    """Its tag, empty without one."""
    return image.rsplit("/", 1)[-1].partition(":")[2]


def loose(image: str) -> str | None:
    """What is wrong with a name that is meant to move, as a sentence; None for a digest and for a tag of its own."""
    tag = tag_of(image)
    if is_fixed(image) or tag not in ("", "latest"):
        return None
    return f"the image `{image}` has {'the tag `latest`' if tag else 'no tag'}: it runs other code tomorrow"


def fixed_form(image: str) -> str:
    """How to name it so that it cannot move, as a hint."""
    tag = tag_of(image)
    return f"write {image.removesuffix(f':{tag}') if tag else image}@sha256:… as your registry shows it"
