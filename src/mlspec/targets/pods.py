"""What a spec may say of the Kubernetes pods of steps, in the same words on every target that runs steps in pods.

In: JSON of the plan. Out: the settings of one step's pod: those of all steps (`pods` of the target) with the step's own (`x-NAME`)
over them. Owns the vocabulary, which is Kubernetes' own in the spelling of specs; never knows which of it a target can do.
Standard library only. Change it when pods need something more: here once, then in each target, which does it or refuses it.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Annotated, Any, ClassVar, Literal

from mlspec.targets.options import Rule, Setting
from mlspec.terms import Json

_NAME = r"[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?"
_KEY = rf"^([a-z0-9]([a-z0-9.-]{{0,251}}[a-z0-9])?/)?{_NAME}$"
_VALUE = rf"^({_NAME})?$"
_OBJECT = r"^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$"
"""The forms of keys and values of labels, and of objects' names (Kubernetes, "Labels and Selectors", "Object Names and IDs")."""


def _one_of(key: str, *words: str) -> dict[str, Json]:
    """JSON Schema: the key is given, and is one of these."""
    return {"required": [key], "properties": {key: {"enum": list(words)}}}


@dataclass(frozen=True, slots=True, kw_only=True)
class Toleration:
    """A Kubernetes toleration."""

    key: Annotated[
        str | None, Setting(pattern=_KEY, description="The taint's key; none matches every key.", examples=("gpu",))
    ] = None
    operator: Annotated[Literal["Equal", "Exists"], Setting(description="How `value` is compared.")] = "Equal"
    value: Annotated[
        str | None, Setting(pattern=_VALUE, description="The taint's value; none with `Exists`.", examples=("true",))
    ] = None
    effect: Annotated[
        Literal["NoSchedule", "PreferNoSchedule", "NoExecute"] | None,
        Setting(description="The taint's effect; none matches every effect."),
    ] = None
    seconds: Annotated[
        int | None,
        Setting(minimum=0, description="With `NoExecute`: how long the pod may stay; none is for ever.", examples=(300,)),
    ] = None

    rules: ClassVar = (
        Rule(
            "value",
            lambda it: it.operator == "Exists" and it.value,
            "`value` means nothing with `operator: Exists`",
            "remove it",
            {"if": _one_of("operator", "Exists"), "then": {"properties": {"value": False}}},
        ),
        Rule(
            "operator",
            lambda it: it.key is None and it.operator != "Exists",
            "a toleration of every key",
            "set `operator: Exists`",
            {"if": {"not": {"required": ["key"]}}, "then": _one_of("operator", "Exists")},
        ),
        Rule(
            "seconds",
            lambda it: it.seconds is not None and it.effect != "NoExecute",
            "`seconds` means nothing without `effect: NoExecute`",
            "set the effect, or remove `seconds`",
            {"if": {"required": ["seconds"]}, "then": _one_of("effect", "NoExecute")},
        ),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Requirement:
    """What a label must be."""

    key: Annotated[str, Setting(pattern=_KEY, description="The label.", examples=("topology.kubernetes.io/zone",))]
    operator: Annotated[
        Literal["In", "NotIn", "Exists", "DoesNotExist", "Gt", "Lt"], Setting(description="How it is compared with `values`.")
    ] = "In"
    values: Annotated[
        tuple[str, ...],
        Setting(description="What it is compared with; none with `Exists` and `DoesNotExist`.", examples=(["europe-west4-a"],)),
    ] = ()

    rules: ClassVar = (
        Rule(
            "values",
            lambda it: bool(it.values) == (it.operator in ("Exists", "DoesNotExist")),
            "`values` does not go with `operator`",
            "give `values` to In, NotIn, Gt and Lt, and none to Exists and DoesNotExist",
            {
                "if": _one_of("operator", "Exists", "DoesNotExist"),
                "then": {"properties": {"values": {"maxItems": 0}}},
                "else": {"required": ["values"], "properties": {"values": {"minItems": 1}}},
            },
        ),
        Rule(
            "values",
            lambda it: it.operator in ("Gt", "Lt") and len(it.values) != 1,
            "Gt and Lt compare with one number",
            "give it one",
            {"if": _one_of("operator", "Gt", "Lt"), "then": {"properties": {"values": {"maxItems": 1}}}},
        ),
    )


_WEIGHT = Setting(minimum=1, maximum=100, description="How much it is wished for; none: it must be so.", examples=(50,))


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeAffinity:
    """Nodes that a pod must run on, or would rather. Of several that it must, one is enough."""

    match: Annotated[
        tuple[Requirement, ...],
        Setting(
            description="What the node's labels must be, all of it.",
            examples=([{"key": "gpu", "values": ["a100"]}],),
        ),
    ]
    weight: Annotated[int | None, _WEIGHT] = None

    rules: ClassVar = (
        Rule(
            "match",
            lambda it: not it.match,
            "`match` is empty",
            "say what a label must be",
            {"properties": {"match": {"minItems": 1}}},
        ),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class PodAffinity:
    """Pods that a pod must run beside, or would rather; with `anti`, that it keeps away from."""

    labels: Annotated[
        dict[str, str],
        Setting(keys=_KEY, values=_VALUE, description="Labels of those pods.", examples=({"app": "feature-store"},)),
    ]
    topology_key: Annotated[
        str,
        Setting(
            pattern=_KEY,
            description="The node label by which two pods stand beside each other.",
            examples=("topology.kubernetes.io/zone",),
        ),
    ] = "kubernetes.io/hostname"
    anti: Annotated[bool, Setting(description="Keep away from them.")] = False
    weight: Annotated[int | None, _WEIGHT] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Pod:
    """The pod of a step. None: nothing is said."""

    node_selector: Annotated[
        dict[str, str] | None,
        Setting(keys=_KEY, values=_VALUE, description="Labels that the pod's node must have.", examples=({"disk": "ssd"},)),
    ] = None
    tolerations: Annotated[
        tuple[Toleration, ...] | None,
        Setting(description="Taints that the pod tolerates.", examples=([{"key": "gpu", "operator": "Exists"}],)),
    ] = None
    node_affinity: Annotated[
        tuple[NodeAffinity, ...] | None,
        Setting(
            description="Nodes that the pod must run on, or would rather.",
            examples=([{"match": [{"key": "topology.kubernetes.io/zone", "values": ["europe-west4-a"]}], "weight": 50}],),
        ),
    ] = None
    pod_affinity: Annotated[
        tuple[PodAffinity, ...] | None,
        Setting(
            description="Pods that it must run beside or away from, or would rather.", examples=([{"labels": {"app": "db"}}],)
        ),
    ] = None
    labels: Annotated[
        dict[str, str] | None,
        Setting(keys=_KEY, values=_VALUE, description="Labels of the pod.", examples=({"cost-centre": "ml-42"},)),
    ] = None
    annotations: Annotated[
        dict[str, str] | None,
        Setting(keys=_KEY, description="Annotations of the pod.", examples=({"sidecar.istio.io/inject": "false"},)),
    ] = None
    image_pull_secrets: Annotated[
        tuple[str, ...] | None,
        Setting(values=_OBJECT, description="Secrets by which Kubernetes pulls the image.", examples=(["ghcr"],)),
    ] = None
    image_pull_policy: Annotated[
        Literal["Always", "IfNotPresent", "Never"] | None, Setting(description="When Kubernetes pulls the image.")
    ] = None
    startup_timeout: Annotated[
        float | None,
        Setting(
            duration=True, description="How long the pod may take to start, with the pull of its image.", examples=("15m",)
        ),
    ] = None
    deadline: Annotated[
        float | None,
        Setting(
            duration=True,
            description="When Kubernetes ends the pod; later than the image's pull and all attempts take.",
            examples=("2h",),
        ),
    ] = None
    pod_template: Annotated[
        dict[str, Any] | None,
        Setting(
            description="The pod that all of this is put into, as Kubernetes writes it (JSON); its first container is the step's.",
            examples=({"spec": {"priorityClassName": "training"}},),
        ),
    ] = None


NOTHING = Pod()
NAMES = tuple(field.name for field in fields(Pod))
"""What can be said of a pod."""
PLACE = ("node_selector", "tolerations", "node_affinity", "pod_affinity", "deadline", "pod_template")
"""What a step says of the machine that its own work needs: a process that only looks at the step needs none of it."""


def merged(common: Pod, own: Pod) -> Pod:
    """The settings of all pods with a step's own over them: mappings are put together, anything else is replaced."""
    if own is NOTHING:
        return common
    over = {name: _over(getattr(common, name), value) for name, value in given(own).items()}
    return replace(common, **over)


def _over(common: Any, own: Any) -> Any:
    return {**common, **own} if isinstance(common, dict) and isinstance(own, dict) else own


def without_place(pod: Pod) -> Pod:
    """A step's own settings for a process that only looks at the step."""
    return pod if pod is NOTHING else replace(pod, **dict.fromkeys(PLACE))


def given(pod: Pod) -> dict[str, Any]:
    """What it says, by name."""
    return {name: value for name in NAMES if (value := getattr(pod, name)) is not None}


def with_pull_secret(pod: Pod, secret: str) -> Pod:
    """The pod with one more secret to pull its image by."""
    known = pod.image_pull_secrets or ()
    return pod if secret in known else replace(pod, image_pull_secrets=(*known, secret))
