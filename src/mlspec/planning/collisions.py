"""Names of one step's inputs, outputs and values that collide.

In: a step in its spec. Out: findings. Owns where these names meet: among the arguments of a function, and in environment variables.
Change it when a body gets what a step has in another way.
"""

from __future__ import annotations

from mlspec.diagnostics.collection import Findings
from mlspec.planning.scope import Named
from mlspec.spec.loaded import Spec
from mlspec.terms import FIELD_TYPES


def check(spec: Spec, named: Named, findings: Findings) -> None:
    """Inputs, outputs of files and `with` are keyword arguments of a call, and upper-cased in variables."""
    for section, mapping in (("inputs", named.step.inputs), ("outputs", named.outputs), ("with", named.step.with_)):
        if len(mapping) < 2:
            continue
        seen: dict[str, str] = {}
        for name in mapping:
            first = seen.setdefault(name.upper(), name)
            if first != name:
                at = (*named.path, section, name)
                message = f"`{first}` and `{name}` are the same in environment variables"
                findings.add("MLS415", message, spec.key_span(*at), "rename one of them", path=at)
    if named.step.call is None:
        return
    taken: dict[str, str] = {}
    # A function returns its metrics and values: they are no arguments of it.
    files = [name for name, kind in named.outputs.items() if kind not in FIELD_TYPES]
    for section, mine in (("inputs", [*named.step.inputs]), ("outputs", files), ("with", [*named.step.with_])):
        for name in mine:
            first = taken.setdefault(name, section)
            if first != section:
                at = (*named.path, section, name)
                message = f"`{name}` stands in `{first}` and in `{section}`: a call has one argument of a name"
                findings.add("MLS402", message, spec.key_span(*at), "rename one of them", path=at)
