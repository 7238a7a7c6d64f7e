"""What Argo or Kubernetes would refuse, bend or lose, found before they see it.

In: a plan. Out: findings ARGO001 to ARGO004, each with a page in `catalogue/`. Owns these checks; never emits.
Change it when a Workflow fails on a cluster that this let through.
"""

from __future__ import annotations

from collections.abc import Iterator

from mlspec.diagnostics import Diagnostic, Span
from mlspec.expr.values import as_text
from mlspec.ir.model import Plan
from mlspec.store.filesystem import is_remote
from mlspec.targets.secret_forms import kubernetes_form
from mlspec_argo.options import options_of


def check(plan: Plan) -> list[Diagnostic]:
    """Return all findings; each is an error, so that `emit` is not called."""
    top = Span(plan.spec_file, 1, 1, 1, 1)
    return [*_store(plan, top), *_image(plan, top), *_params(plan, top), *_secrets(plan, top)]


def _store(plan: Plan, top: Span) -> Iterator[Diagnostic]:
    if not is_remote(plan.store):
        message = f"the store `{plan.store}` is a path, and the pods of an Argo workflow share none"
        hint = "use a store that all pods reach, such as `store: s3://bucket/folder`"
        yield Diagnostic("ARGO001", message, plan.store_span or top, hint=hint, path="store")


def _image(plan: Plan, top: Span) -> Iterator[Diagnostic]:
    if options_of(plan).image is None:
        hint = "set `targets.argo.image` to one that has mlspec and the project"
        yield Diagnostic("ARGO002", "the steps have no image to run in", top, hint=hint, path="targets.argo.image")


def _params(plan: Plan, top: Span) -> Iterator[Diagnostic]:
    for parameter in plan.params:
        if "{{" in as_text(parameter.default):
            message = f"the default of parameter `{parameter.name}` holds `{{{{`, which Argo expands"
            hint = "put the text into the step's `with`, where it passes unchanged"
            yield Diagnostic("ARGO003", message, parameter.span or top, hint=hint, path=f"params.{parameter.name}")


def _secrets(plan: Plan, top: Span) -> Iterator[Diagnostic]:
    wanted = {name for step in plan.steps for name in step.secrets}
    for secret in (plan.secrets[name] for name in sorted(wanted)):
        if kubernetes_form(secret) is None:
            message = f"the secret `{secret.name}` does not say which Kubernetes secret holds it"
            hint = "add `kubernetes: {secret: NAME, key: KEY}`"
            yield Diagnostic("ARGO004", message, secret.span or top, hint=hint, path=f"secrets.{secret.name}")
