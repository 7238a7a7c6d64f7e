"""Rules that a lifecycle sets itself: what `policies:` names. Each is one file with a `POLICY`; `model` says what that is.

`deployments` has what rules about deploying share. A policy judges a plan, where steps, spans and stages are; it sees no YAML.

To add one: its file, its name in `BUILT_IN`, its meaning in docs/policies.md, its documents in `tests/diagnostics`. Another package
brings one by an entry point in the group `mlspec.policies`, named as the policy, whose value is a `Policy`.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

    from mlspec.policies.model import Policy

GROUP = "mlspec.policies"
BUILT_IN = ("fairness_before_deploy", "pinned_images", "approval_before_deploy")
"""Our own, in the order in which the JSON Schema and hints list them."""


def names() -> tuple[str, ...]:
    """The names of all policies: ours, then those of other installed packages."""
    return (*BUILT_IN, *sorted(set(_foreign()) - set(BUILT_IN)))


def exists(name: str) -> bool:
    """Whether there is such a policy; other packages are asked only for what is none of ours."""
    return name in BUILT_IN or name in _foreign()


@cache
def load(name: str) -> Policy:
    """Return a policy by its name; raises `KeyError` when there is none. Ours win over those of other packages."""
    found = import_module(f"{__name__}.{name}").POLICY if name in BUILT_IN else _foreign()[name].load()
    from mlspec.policies.model import Policy

    if not isinstance(found, Policy) or found.name != name:
        raise TypeError(f"the policy {name!r} is not a Policy of that name")
    return found


@cache
def _foreign() -> dict[str, EntryPoint]:
    from importlib.metadata import entry_points  # takes 10 ms, and few specs need it

    return {point.name: point for point in entry_points(group=GROUP)}
