"""The settings of pods as arguments of Airflow's KubernetesPodOperator.

In: the settings of a pod. Out: names and source texts of arguments. Owns what the operator calls them; never knows what runs in a
pod. Change it when the settings of pods gain one, or the operator takes it in another form.

The operator makes Kubernetes' objects of plain mappings itself (cncf.kubernetes, `backcompat/backwards_compat_converters.py`).
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from mlspec.targets.airflow.literals import INDENT, literal, string, untemplated
from mlspec.targets.pod_objects import node_affinity, pod_affinity, toleration
from mlspec.targets.pods import Pod
from mlspec.terms import Json


def pod_arguments(pod: Pod, level: int) -> list[tuple[str, str]]:
    """What the operator gets, as names and source texts so many levels deep."""
    found = []
    for name, value in _values(pod):
        text = string(value) if isinstance(value, str) else literal(value, level, len(INDENT * level + f"{name}="), 1)
        found.append((name, text))
    return found


def _values(pod: Pod) -> Iterator[tuple[str, Json]]:
    # Those that Airflow renders as templates (`template_fields`) can hold braces: annotations and the template of the pod.
    if pod.node_selector:
        yield "node_selector", dict(sorted(pod.node_selector.items()))
    if pod.tolerations:
        yield "tolerations", [toleration(one) for one in pod.tolerations]
    affinity = {
        "nodeAffinity": node_affinity(pod),
        "podAffinity": pod_affinity(pod, anti=False),
        "podAntiAffinity": pod_affinity(pod, anti=True),
    }
    if any(affinity.values()):
        yield "affinity", {name: terms for name, terms in affinity.items() if terms}
    if pod.labels:
        yield "labels", dict(sorted(pod.labels.items()))
    if pod.annotations:
        yield "annotations", {untemplated(key): untemplated(text) for key, text in sorted(pod.annotations.items())}
    if pod.image_pull_secrets:
        yield "image_pull_secrets", ",".join(pod.image_pull_secrets)
    if pod.image_pull_policy:
        yield "image_pull_policy", pod.image_pull_policy
    if pod.startup_timeout:
        yield "startup_timeout_seconds", math.ceil(pod.startup_timeout)
    if pod.deadline:
        yield "active_deadline_seconds", math.ceil(pod.deadline)
    if pod.pod_template:
        yield "pod_template_dict", _untemplated(pod.pod_template)


def _untemplated(value: Any) -> Any:
    """JSON whose texts Airflow renders as they are; nesting is bounded by `check`, so recursion is."""
    if isinstance(value, dict):
        return {key: _untemplated(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_untemplated(item) for item in value]
    return untemplated(value) if isinstance(value, str) else value
