"""Forms of secrets that several targets read, and how a target reads one.

In: a secret of the plan. Out: the form that a target knows, or None. Owns the forms that are no target's own; a target's own stand
in its `options.py`. Never holds a value of a secret. Change it when another keeper of secrets serves several orchestrators.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Final, TypeVar

from mlspec.ir.declarations import Environment, Secret
from mlspec.ir.model import Plan, Step
from mlspec.targets.options import Setting, read
from mlspec.terms import SecretKind

Form = TypeVar("Form")

KUBERNETES: Final = "kubernetes"
"""The key of a secret that Kubernetes keeps."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KubernetesSecret:
    """A key of a Kubernetes secret; of a login two; of a registry the secret itself."""

    secret: Annotated[str, Setting(description="The secret's name.", examples=("mlflow",), blank=False)]
    key: Annotated[str | None, Setting(description="The key in it, of a text or a file.", examples=("token",), blank=False)] = (
        None
    )
    user: Annotated[str | None, Setting(description="Of a login: the key of the user.", examples=("user",), blank=False)] = None
    password: Annotated[
        str | None, Setting(description="Of a login: the key of the password.", examples=("password",), blank=False)
    ] = None

    def misfit(self, kind: SecretKind) -> str | None:
        """What to write for a secret of another kind than this is a place of."""
        given = {name for name in ("key", "user", "password") if getattr(self, name) is not None}
        wanted = {"login": {"user", "password"}, "registry": set[str]()}.get(kind, {"key"})
        keys = "".join(f", {name}: …" for name in ("key", "user", "password") if name in wanted)
        return None if given == wanted else f"write `kubernetes: {{secret: NAME{keys}}}`"

    @property
    def keys(self) -> tuple[str, ...]:
        """The keys, in the order of the secret's variables."""
        return tuple(key for key in (self.key, self.user, self.password) if key is not None)

    @property
    def mount(self) -> str:
        """The folder that a pod has the secret's files in."""
        return f"/var/run/mlspec/secrets/{self.secret}"

    @property
    def file(self) -> str:
        """Where a pod has the file."""
        return f"{self.mount}/{self.key}"


def form_of(secret: Secret, key: str, kind: type[Form]) -> Form | None:
    """Where the keeper called `key` has the secret; None where the spec does not say."""
    given = secret.forms.get(key)
    return read(kind, given) if given is not None else None


def kubernetes_form(secret: Secret) -> KubernetesSecret | None:
    """Where Kubernetes has the secret; None where the spec does not say."""
    return form_of(secret, KUBERNETES, KubernetesSecret)


def pulling_environment(plan: Plan, step: Step) -> Environment | None:
    """The environment whose image a step runs in, if a secret is needed to pull it."""
    if step.image is None or not plan.secrets:
        return None
    own = [*filter(None, (step.environment, step.image_environment)), *plan.environments]
    found = (plan.environments[name] for name in own if name in plan.environments)
    fitting = next((each for each in found if each.image == step.image), None)
    return fitting if fitting is not None and fitting.pull_secret is not None else None


def pull_secret(plan: Plan, step: Step) -> Secret | None:
    """The secret that the image of a step is pulled with."""
    environment = pulling_environment(plan, step)
    return plan.secrets[environment.pull_secret] if environment is not None and environment.pull_secret else None
