"""Parts of a pod as Kubernetes writes them.

In: the settings of a pod. Out: JSON. Owns the spelling of Kubernetes' API; never knows how a target hands it on.
Change it together with `pods`.
"""

from __future__ import annotations

from mlspec.targets.pods import Pod, Requirement, Toleration
from mlspec.terms import Json


def node_affinity(pod: Pod) -> dict[str, Json]:
    """Its `nodeAffinity`, as Kubernetes writes it."""
    terms = [(term.weight, {"matchExpressions": [requirement(one) for one in term.match]}) for term in pod.node_affinity or ()]
    must, rather = [term for weight, term in terms if weight is None], [pair for pair in terms if pair[0] is not None]
    return {
        **({"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": must}} if must else {}),
        **_preferred([{"weight": weight, "preference": term} for weight, term in rather]),
    }


def pod_affinity(pod: Pod, *, anti: bool) -> dict[str, Json]:
    """Its `podAffinity` or, with `anti`, its `podAntiAffinity`, as Kubernetes writes it."""
    terms = [
        (one.weight, {"labelSelector": {"matchLabels": dict(sorted(one.labels.items()))}, "topologyKey": one.topology_key})
        for one in pod.pod_affinity or ()
        if one.anti == anti
    ]
    must = [term for weight, term in terms if weight is None]
    return {
        **({"requiredDuringSchedulingIgnoredDuringExecution": must} if must else {}),
        **_preferred([{"weight": weight, "podAffinityTerm": term} for weight, term in terms if weight is not None]),
    }


def requirement(one: Requirement) -> dict[str, Json]:
    """One of `matchExpressions`."""
    return {"key": one.key, "operator": one.operator, **({"values": list(one.values)} if one.values else {})}


def toleration(one: Toleration) -> dict[str, Json]:
    """One of `tolerations`, as Kubernetes writes it."""
    said = {
        "key": one.key,
        "operator": one.operator,
        "value": one.value,
        "effect": one.effect,
        "tolerationSeconds": one.seconds,
    }
    return {name: value for name, value in said.items() if value is not None}


def _preferred(terms: list[dict[str, Json]]) -> dict[str, Json]:
    return {"preferredDuringSchedulingIgnoredDuringExecution": terms} if terms else {}
