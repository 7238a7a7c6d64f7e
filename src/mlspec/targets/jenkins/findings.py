"""What Jenkins, Groovy or a controller would refuse, found before they see it.

In: a plan. Out: findings at the spec's lines. Owns the target's own, MLS550 to MLS569, with pages in `catalogue/`; never emits.
The linter of a controller finds none of these: they would show at the first build, or never.
Change it when a pipeline fails on a controller that this let through.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from mlspec.diagnostics import Diagnostic, Span
from mlspec.expr.values import as_text
from mlspec.ir.bodies import Approval
from mlspec.ir.model import Plan, Step
from mlspec.targets.jenkins.cron import trigger
from mlspec.targets.jenkins.data import entry_of
from mlspec.targets.jenkins.emit import fits
from mlspec.targets.jenkins.groovy import LITERAL_LIMIT, modified_utf8, unspeakable
from mlspec.targets.jenkins.levels import levels_of
from mlspec.targets.jenkins.options import extension_of, jenkins_form, options_of
from mlspec.targets.jenkins.process import all_arguments
from mlspec.targets.jenkins.settings import container_image, own_nodes
from mlspec.targets.jenkins.size import BUDGET, parameter_bytes
from mlspec.targets.unenforced import unenforced_resources


def check(plan: Plan) -> list[Diagnostic]:
    """Return all findings. The plan's options for Jenkins are well-formed: the spec was checked by their declarations."""
    findings = [*_schedule(plan), *_parameters(plan), *_secrets(plan), *_agents(plan), *_resources(plan)]
    for section, steps in (("steps", plan.steps), ("finally", plan.finals)):
        for step in steps:
            findings += _step(plan, step, f"{section}.{step.name}")
    if not findings and not fits(plan, levels_of(plan.steps)):
        findings += _data(plan)
    return findings


def _top(plan: Plan) -> Span:
    return Span(plan.spec_file, 1, 1, 1, 1)


def _schedule(plan: Plan) -> Iterator[Diagnostic]:
    if plan.schedule is None:
        return
    try:
        trigger(plan.schedule)
    except ValueError as reason:
        yield Diagnostic(
            "MLS552",
            f"Jenkins cannot follow the schedule `{plan.schedule.cron}`: {reason}",
            plan.schedule.span or _top(plan),
            hint="write five fields of numbers, ranges, lists and steps, as in `30 3 * * 1-5`",
            path="triggers.schedule.cron",
        )


def _parameters(plan: Plan) -> Iterator[Diagnostic]:
    for parameter in plan.params:
        texts = [parameter.description, parameter.pattern or "", *map(as_text, (parameter.default, *parameter.enum))]
        for reason in filter(None, map(unspeakable, texts)):
            span = parameter.span or _top(plan)
            yield _unspeakable(f"the parameter `{parameter.name}`", reason, span, f"params.{parameter.name}")
    if parameter_bytes(plan) > BUDGET:
        yield Diagnostic(
            "MLS555",
            f"{len(plan.params)} parameters are too many for one Jenkins pipeline",
            plan.params[-1].span or _top(plan),
            hint="join some of them in one parameter of type object",
            path="params",
        )


def _secrets(plan: Plan) -> Iterator[Diagnostic]:
    wanted = {name for step in plan.all_steps() for name in step.secrets}
    for name in sorted(wanted):
        secret = plan.secrets[name]
        if jenkins_form(secret) is None:
            yield Diagnostic(
                "MLS550",
                f"the secret `{name}` does not say which Jenkins credentials hold it",
                secret.span or _top(plan),
                hint="add `jenkins: {credentials: ID}` with the id of a secret text on the controller",
                path=f"secrets.{name}",
            )


def _step(plan: Plan, step: Step, path: str) -> Iterator[Diagnostic]:
    span = step.span or _top(plan)
    texts = all_arguments(plan, step)
    if isinstance(step.body, Approval):
        texts |= {step.body.message, *step.body.approvers}
        yield from _approvers(step, step.body, span, path)
    for text in sorted(texts):
        if reason := unspeakable(text):
            yield _unspeakable(f"a value of the step `{step.name}`", reason, span, path)
    label = extension_of(step).label
    if label and not own_nodes(plan):
        yield from _store(plan, f"the step `{step.name}` runs on an agent of its own, which", span, f"{path}.x-jenkins.label")
    if options_of(plan).agent.kubernetes and not label:
        yield from _pod(step, container_image(plan, step), span, path)


def _store(plan: Plan, who: str, span: Span, path: str) -> Iterator[Diagnostic]:
    if ":" not in plan.store or plan.store.startswith("file:"):
        yield Diagnostic(
            "MLS554",
            f"{who} does not see the store `{plan.store}`",
            span,
            hint="use a store that all agents reach, such as s3://bucket/folder",
            path=path,
        )


def _agents(plan: Plan) -> Iterator[Diagnostic]:
    """A build whose steps hold an agent each: why, and that they share a store."""
    agent = options_of(plan).agent
    if agent.kubernetes and agent.docker:
        yield Diagnostic(
            "MLS556",
            "steps run in containers or in pods, not in both",
            _top(plan),
            hint="remove `docker: true`",
            path="targets.jenkins.agent.docker",
        )
    approval = next((step for step in plan.all_steps() if isinstance(step.body, Approval)), None)
    if agent.kubernetes:
        yield from _store(plan, "each step runs in a pod of its own, which", plan.store_span or _top(plan), "store")
    elif approval is not None:
        who = f"no agent is held while `{approval.name}` waits, so that each step takes one of its own, which"
        yield from _store(plan, who, approval.span or _top(plan), f"steps.{approval.name}")


def _pod(step: Step, image: str | None, span: Span, path: str) -> Iterator[Diagnostic]:
    """What a step's pod needs; the image stands in YAML that the controller puts together."""
    if image is None:
        message = f"the step `{step.name}` has no image to run in a pod with"
        hint = "give its environment an `image`, or set `targets.jenkins.agent.kubernetes.image` for all that have none"
        yield Diagnostic("MLS556", message, span, hint=hint, path=path)
    elif not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._/:@-]*", image):
        message = f"the step `{step.name}` cannot run in a pod: `{image}` is no name of an image"
        yield Diagnostic("MLS556", message, span, hint="write REGISTRY/NAME:TAG", path=path)


def _approvers(step: Step, approval: Approval, span: Span, path: str) -> Iterator[Diagnostic]:
    for name in approval.approvers:
        if "," in name:
            yield Diagnostic(
                "MLS557",
                f"Jenkins takes the approver `{name}` of the step `{step.name}` for several: a comma parts them",
                span,
                hint="name a Jenkins user id or group without a comma",
                path=f"{path}.approval.approvers",
            )


def _resources(plan: Plan) -> Iterator[Diagnostic]:
    """An agent has no limits for a single step; containers and pods have."""
    yield from unenforced_resources(
        plan,
        "on an agent of Jenkins",
        "set `targets.jenkins.agent` to `{docker: true}` or `{kubernetes: {}}`, or choose a fitting agent with `x-jenkins.label`",
        lambda step: container_image(plan, step) is None,
    )


def _unspeakable(what: str, reason: str, span: Span, path: str) -> Diagnostic:
    return Diagnostic("MLS551", f"{what} cannot stand in a Jenkinsfile: {reason}", span, hint="keep it in a file", path=path)


def _data(plan: Plan) -> Iterator[Diagnostic]:
    """In a plan of many steps all that is known of one must fit into a string (see `data`)."""
    for step in plan.all_steps():
        if (size := modified_utf8(entry_of(plan, step))) > LITERAL_LIMIT - 2:
            reason = f"together they are {size:,} bytes long, and a Groovy string holds at most {LITERAL_LIMIT:,}"
            yield _unspeakable(f"the values of the step `{step.name}`", reason, step.span or _top(plan), f"steps.{step.name}")
