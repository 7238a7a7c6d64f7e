"""Specs that would write over each other: one pipeline name on an orchestrator, one folder of a store, one file.

In: the documents of all specs of a call, and of others in the repository. Out: findings (MLS505), each at a name, with the other one.
Owns what specs may not share, profiles included; needs no plan, so that a spec with other errors counts as well. Never opens a spec
(see `cli.arguments`). Change it when specs can get in each other's way in another place.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from mlspec.diagnostics import Diagnostic, Related, Span
from mlspec.source import Document, Node
from mlspec.source.merge import merge
from mlspec.spec.lifecycle import Lifecycle
from mlspec.spec.naming import named, with_profile
from mlspec.store.filesystem import local_path
from mlspec.targets.base import Target, targets


@dataclass(frozen=True, slots=True)
class _Claim:
    """What a spec, with a profile or without, has for itself."""

    key: tuple[str, str]
    what: str
    """The same as the rest of `both would …`."""
    certain: bool
    """Whether it is so whatever else is done with the spec: nobody knows yet what one without `targets:` is compiled to."""
    document: Document
    name: str
    span: Span
    path: str


def check_together(
    documents: Sequence[Document],
    others: Sequence[Document] = (),
    *,
    names: Sequence[str] | None = None,
    out: str | None = None,
) -> list[Diagnostic]:
    """Find what `documents` have in common with each other and with `others`: one finding a pair of specs, at the later one.

    `names` are the targets that are compiled to now, none of them those that each spec says, or all; `out` is the folder.
    Without `names` nothing is compiled: what specs without `targets:` would share on one is said where they share more.
    """
    first: dict[tuple[str, str], _Claim] = {}
    shared: dict[tuple[str, str], list[tuple[_Claim, _Claim]]] = {}
    for document in (*others, *documents):
        for claim in _claims(document, names, out):
            other = first.setdefault(claim.key, claim)
            if other.document is not document:
                shared.setdefault((other.document.file, document.file), []).append((other, claim))
    mine = {document.file for document in documents}
    clear = {both: pairs for both, pairs in shared.items() if any(a.certain and b.certain for a, b in pairs)}
    return [_finding(pairs) for (_, file), pairs in clear.items() if file in mine]


def _finding(pairs: Sequence[tuple[_Claim, _Claim]]) -> Diagnostic:
    other, claim = pairs[0]
    what = list(dict.fromkeys(theirs.what for _, theirs in pairs if theirs.name == claim.name))
    related = (Related(other.span, "the other one"),)
    if other.name == claim.name:
        message = f"two specs are called `{claim.name}`: both would {_listed(what)}"
        hint = f"give each a name of its own, in `{claim.path}`"
    else:
        message, hint = (
            f"`{other.name}` and `{claim.name}` would both {_listed(what)}",
            "put each spec into a folder of its own",
        )
    return Diagnostic("MLS505", message, claim.span, hint=hint, path=claim.path, related=related)


def _listed(words: Sequence[str]) -> str:
    return f"{', '.join(words[:-1])} and {words[-1]}" if len(words) > 1 else words[0]


def _claims(document: Document, names: Sequence[str] | None, out: str | None) -> Iterator[_Claim]:
    root = document.base
    if root is None or not isinstance(root.value, dict):
        return
    profiles = root.get("profiles")
    patches = profiles.value if profiles is not None and isinstance(profiles.value, dict) else {}
    yield from _of_one(document, root, None, names, out)
    for profile, patch in patches.items():
        if isinstance(patch.value, dict):
            yield from _of_one(document, merge(root, patch), profile, names, out)


def _of_one(
    document: Document, root: Node, profile: str | None, names: Sequence[str] | None, out: str | None
) -> Iterator[_Claim]:
    written = root.get("metadata", "name")
    if written is None or not isinstance(written.value, str):
        return
    name = written.value if profile is None else named(root, profile)
    path = "metadata.name" if profile is None else f"profiles.{profile}.metadata.name"
    span = written.span if profile is None else _key_span(root, profile)
    folder = os.path.realpath(document.project.folder or ".")
    store = f"{_store(root, folder).rstrip('/')}/{name}"
    yield _Claim(("store", store), f"fill the store's folder `{name}`", True, document, name, span, path)
    said = _said(root)
    known, certain = targets(), bool(names is not None or said)
    asked = [known[each] for each in names or said or known]
    for target in asked:
        there, own = _name_there(target, root, profile, name)
        if there:
            here, place = (own.span, f"targets.{target.name}.{target.name_option}") if own is not None else (span, path)
            yield _Claim(
                (target.name, there), f"be the pipeline `{there}` of {target.name}", certain, document, there, here, place
            )
    for target in asked:
        below, file = f"{out or f'{folder}/pipelines'}/{target.name}", name
        if target.one_a_folder and profile is None:
            file = ""  # its files are not named after the pipeline
        what = f"write {target.name}/{file}…"
        yield _Claim(("file", f"{below}/{file}"), what, certain, document, name, span, path)


def _key_span(root: Node, profile: str) -> Span:
    profiles = root.get("profiles")
    return profiles.key_span(profile) if profiles is not None else root.span


def _store(root: Node, folder: str) -> str:
    node = root.get("store")
    store = node.value if node is not None and isinstance(node.value, str) else str(Lifecycle.model_fields["store"].default)
    if store.startswith("file:"):
        store = local_path(store).as_posix()
    return store if ":" in store else os.path.realpath(f"{folder}/{store}" if not store.startswith("/") else store)


def _said(root: Node) -> list[str]:
    """The targets that a spec configures."""
    node = root.get("targets")
    return [name for name in targets() if node is not None and isinstance(node.value, dict) and name in node.value]


def _name_there(target: Target, root: Node, profile: str | None, name: str) -> tuple[str, Node | None]:
    """What a target calls the pipeline, nothing where names are nothing to it; and where the spec says so, where it does."""
    given = root.get("targets", target.name, target.name_option) if target.name_option else None
    if not target.has_names or given is None or not isinstance(given.value, str):
        return (name if target.has_names else ""), None
    own = profile is None or root.get("profiles", profile, "targets", target.name, str(target.name_option)) is not None
    return (given.value if own else with_profile(given.value, profile)), given
