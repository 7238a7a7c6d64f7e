"""Forms of secrets that several targets read, and how a target reads one.

In: a secret of the plan. Out: the form that a target knows, or None. Owns the forms that are no target's own; a target's own stand
in its `options.py`. Never holds a value of a secret. Change it when another keeper of secrets serves several orchestrators.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Final, TypeVar

from mlspec.ir.model import Secret
from mlspec.targets.options import Setting, read

Form = TypeVar("Form")

KUBERNETES: Final = "kubernetes"
"""The key of a secret that Kubernetes keeps."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KubernetesSecret:
    """A key of a Kubernetes secret."""

    secret: Annotated[str, Setting(description="The secret's name.", examples=("mlflow",), blank=False)]
    key: Annotated[str, Setting(description="The key in it.", examples=("token",), blank=False)]


def form_of(secret: Secret, key: str, kind: type[Form]) -> Form | None:
    """Where the keeper called `key` has the secret; None where the spec does not say."""
    given = secret.forms.get(key)
    return read(kind, given) if given is not None else None


def kubernetes_form(secret: Secret) -> KubernetesSecret | None:
    """Where Kubernetes has the secret; None where the spec does not say."""
    return form_of(secret, KUBERNETES, KubernetesSecret)
