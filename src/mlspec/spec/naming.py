"""What a pipeline is called: by its lifecycle, and with a profile by both. And what the lock of a spec is called.

In: a `Spec`; a merged tree. Out: names. Owns the rule; never judges whether a name is free.
Change it when pipelines are named in another way.
"""

from __future__ import annotations

import re
from pathlib import PurePath

from mlspec.source import Document, Node
from mlspec.spec.loaded import Spec


def pipeline_name(spec: Spec) -> str:
    """`NAME`, or `NAME-PROFILE` with a profile that says no name of its own (nor `--set`)."""
    document = spec.document
    if document.profile is None or spec.lifecycle.metadata.name != base_name(document):
        return spec.lifecycle.metadata.name
    return named(spec.root, document.profile)


def named(root: Node, profile: str) -> str:
    """The name of a pipeline with a profile: the profile's own, or both together."""
    own, name = _text(root.get("profiles", profile, "metadata", "name")), _text(root.get("metadata", "name"))
    return own or with_profile(name, profile)


def with_profile(name: str, profile: str | None) -> str:
    """A name with a profile's, as a label."""
    return name if profile is None else f"{name}-{re.sub('[^a-z0-9]+', '-', profile.lower()).strip('-')}"


def base_name(document: Document) -> str:
    """The lifecycle's name without a profile."""
    return _text(document.base.get("metadata", "name") if document.base is not None else None)


def lock_name(spec_file: str) -> str:
    """What the lock of a spec is called, beside it."""
    return f"{PurePath(spec_file).stem}.lock"


def _text(node: Node | None) -> str:
    return node.value if node is not None and isinstance(node.value, str) else ""
