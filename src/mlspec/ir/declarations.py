"""What a lifecycle declares beside its steps: parameters, environments, secrets, resources, whom to notify, what is locked.

In: nothing but values. Out: frozen dataclasses that plans hold. Owns what each says; never holds YAML, pydantic models or anything of one
target. Change it when the language can declare something new.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from mlspec.diagnostics import Span
from mlspec.terms import GPU_RESOURCE, Json, ParamType, SecretKind


@dataclass(frozen=True, slots=True)
class Parameter:
    """A typed run parameter. Its default always satisfies its own constraints."""

    name: str
    type: ParamType
    default: Json
    description: str = ""
    minimum: float | None = None
    maximum: float | None = None
    enum: tuple[Json, ...] = ()
    pattern: str | None = None
    span: Span | None = None


@dataclass(frozen=True, slots=True)
class Environment:
    """What a step needs around it. Nothing but `pythonpath` and `env` set means: nothing to build."""

    name: str
    python: str | None = None
    requirements: tuple[str, ...] = ()
    image: str | None = None
    pythonpath: tuple[str, ...] = ()
    env: tuple[tuple[str, str], ...] = ()
    """Plain variables of its steps; values as written, which may hold `${{ }}` placeholders."""
    span: Span | None = None
    image_span: Span | None = None
    pull_secret: str | None = None
    """The secret that its image is pulled with."""
    locked: tuple[str, ...] = ()
    """What `requirements` came to, with hashes: a line for each package; nothing where that is not locked."""
    lock_file: str | None = None
    """The file beside the spec that has these lines."""
    requirement_spans: Mapping[str, Span] = field(default_factory=dict, compare=False)
    """Where the spec has each of `requirements`."""


@dataclass(frozen=True, slots=True)
class Secret:
    """A reference to a secret; never its value. `env` names the variable in which the step finds it, or the path of its file."""

    name: str
    env: str
    forms: Mapping[str, Mapping[str, Json]] = field(default_factory=dict)
    """Where it is kept, by the key that says so; targets declare these keys and what stands below each."""
    span: Span | None = None
    kind: SecretKind = "text"
    password: str | None = None
    """Of a login, the variable of its password; `env` is that of its user."""

    @property
    def variables(self) -> tuple[str, ...]:
        """The variables in which a step finds it."""
        return tuple(name for name in (self.env, self.password) if name)


@dataclass(frozen=True, slots=True)
class Resources:
    """Kubernetes quantities as written (`2`, `500m`, `4Gi`); `gpu` is a count of what Kubernetes calls `gpu_resource`."""

    cpu: str | None = None
    memory: str | None = None
    gpu: int = 0
    gpu_resource: str = GPU_RESOURCE


@dataclass(frozen=True, slots=True)
class Notification:
    """Whom to tell of which events; `to` is the spec's mapping."""

    events: tuple[str, ...]
    to: Mapping[str, Json]
    span: Span | None = None


@dataclass(frozen=True, slots=True)
class Lock:
    """What the spec has locked beside its environments."""

    digest: str
    """Of the lock's text."""
    inputs: Mapping[str, str] = field(default_factory=dict)
    """Digests of inputs, by path or URI as the spec has it."""
    stale: tuple[str, ...] = ()
    """What is not as the lock says, a sentence each."""
