"""Included files that are no part of a spec.

In: a document. Out: their names among its private files: findings point into them, but never show their lines. Owns what makes a
file a part of a spec: by its keys, since a key of a cloud or a cluster's configuration is a mapping too. Never drops a finding.
Change it when files of another form are taken for parts, or parts for something else.
"""

from __future__ import annotations

from mlspec.source import Document, Node
from mlspec.spec.lifecycle import Lifecycle

_KEYS = frozenset(field.alias or name for name, field in Lifecycle.model_fields.items())


def find(document: Document) -> None:
    """Mark the files of `document`, other than the spec itself, that are no part of one."""
    document.private |= {name for name, root in document.parts.items() if name != document.file and not _is_part(root)}


def _is_part(root: Node) -> bool:
    """Whether most keys are the language's; another `apiVersion` is another language's, Kubernetes' for one."""
    version = root.get("apiVersion")
    if version is not None and not str(version.value).startswith("mlspec/"):
        return False
    known = sum(key in _KEYS or key.startswith("x-") for key in root.value)
    return bool(2 * known >= len(root.value))
