"""What Jenkins, Groovy or a controller would refuse, found before they see it.

In: a plan. Out: findings at the spec's lines. Owns the target's own, MLS550 to MLS569, with pages in `catalogue/`; never emits.
The linter of a controller finds none of these: they would show at the first build, or never.
Change it when a pipeline fails on a controller that this let through.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator

from mlspec.diagnostics import Diagnostic, Span
from mlspec.expr.values import as_text
from mlspec.ir.bodies import Approval
from mlspec.ir.describe import path_of
from mlspec.ir.model import Plan, Step
from mlspec.store.filesystem import is_remote
from mlspec.targets.jenkins.cron import starts, trigger
from mlspec.targets.jenkins.data import entry_of
from mlspec.targets.jenkins.emit import fits
from mlspec.targets.jenkins.groovy import LITERAL_LIMIT, modified_utf8, unspeakable
from mlspec.targets.jenkins.levels import levels_of
from mlspec.targets.jenkins.native import NAME, OWN, OWN_OF_PODS, native_call, post_calls, post_names
from mlspec.targets.jenkins.options import extension_of, jenkins_form, options_of
from mlspec.targets.jenkins.process import all_arguments
from mlspec.targets.jenkins.settings import container_image, own_nodes
from mlspec.targets.jenkins.size import BUDGET, parameter_bytes
from mlspec.targets.schedules import other_starts, other_zones, placed_schedules
from mlspec.targets.secret_forms import kubernetes_form, pull_secret
from mlspec.targets.unenforced import unenforced_resources
from mlspec.terms import LOST

_LONG = LITERAL_LIMIT // 16
"""Characters in the arguments of a step, and the steps it needs, that may come near the limit once they are written as JSON, which
takes up to six bytes for one of them, and quotes and commas."""


def check(plan: Plan) -> list[Diagnostic]:
    """Return all findings. The plan's options for Jenkins are well-formed: the spec was checked by their declarations."""
    findings = [
        *_native(plan),
        *_schedule(plan),
        *_overlap(plan),
        *_parameters(plan),
        *_secrets(plan),
        *_agents(plan),
        *_lost(plan),
        *_resources(plan),
    ]
    long = []
    for section, steps in (("steps", plan.steps), ("finally", plan.finals)):
        for step in steps:
            arguments = all_arguments(plan, step)
            findings += _step(plan, step, arguments, f"{section}.{step.name}")
            if sum(map(len, (*arguments, *step.upstream))) > _LONG:
                long.append(step)
    if long and not findings and not fits(plan, levels_of(plan.steps)):
        findings += _data(plan, long)
    return findings


def _native(plan: Plan) -> Iterator[Diagnostic]:
    """Options that the file sets itself, texts that no literal holds, and options of Docker where nothing runs in it."""
    options = options_of(plan)
    for name, value in options.options.items():
        path = f"targets.jenkins.options.{name}"
        if name in OWN:
            span = _at(plan, path)
            yield Diagnostic("MLS559", f"`{name}` is none of the options to hand on", span, hint=OWN[name], path=path)
        elif reason := unspeakable(native_call(name, value)):
            yield _unspeakable(f"the option `{name}`", reason, _at(plan, path), path)
    for condition, name in post_names(options.post):
        if not re.fullmatch(NAME, name):
            path = f"targets.jenkins.post.{condition}"
            yield Diagnostic(
                "MLS559", f"`{name}` is no name of a step", _at(plan, path), hint="write a name and its arguments", path=path
            )
    for condition, calls in post_calls(options.post).items():
        for call in calls:
            if reason := unspeakable(call):
                path = f"targets.jenkins.post.{condition}"
                yield _unspeakable(f"a step of `post.{condition}`", reason, _at(plan, path), path)
    pods = options.agent.kubernetes
    for key, value in pods.pod.items() if pods is not None else ():
        path = f"targets.jenkins.agent.kubernetes.pod.{key}"
        if key in OWN_OF_PODS:
            span = _at(plan, path)
            yield Diagnostic("MLS559", f"`{key}` is nothing to hand on", span, hint=OWN_OF_PODS[key], path=path)
        elif reason := unspeakable(json.dumps(value, ensure_ascii=False)):
            yield _unspeakable(f"`pod.{key}`", reason, _at(plan, path), path)
    if options.agent.args and not options.agent.docker:
        path = "targets.jenkins.agent.args"
        span = _at(plan, path)
        yield Diagnostic(
            "MLS559", "`args` means nothing without `docker: true`", span, hint="remove it, or set `docker: true`", path=path
        )
    elif reason := unspeakable(options.agent.args or ""):
        yield _unspeakable("`agent.args`", reason, _at(plan, "targets.jenkins.agent.args"), "targets.jenkins.agent.args")


def _at(plan: Plan, path: str) -> Span:
    return plan.option_span(path.removeprefix("targets.")) or _top(plan)


def _top(plan: Plan) -> Span:
    return Span(plan.spec_file, 1, 1, 1, 1)


def _schedule(plan: Plan) -> Iterator[Diagnostic]:
    for schedule, path in placed_schedules(plan):
        try:
            trigger(schedule)
        except ValueError as reason:
            yield Diagnostic(
                "MLS552",
                f"Jenkins cannot follow the schedule `{schedule.cron}`: {reason}",
                schedule.span or _top(plan),
                hint="write five fields of numbers, ranges, lists and steps, as in `30 3 * * 1-5`",
                path=path,
            )
        else:
            yield from other_starts("Jenkins", schedule, starts, _top(plan), path)
    yield from other_zones("jenkins", plan, _top(plan))


def _overlap(plan: Plan) -> Iterator[Diagnostic]:
    """A build that is one too many waits, or ends the one before; a job has one at a time, or as many as there are."""
    if plan.overlap is None:
        return
    what = "overlap: skip" if plan.overlap.kind == "skip" else "limit: " + str(plan.overlap.limit)
    if plan.overlap.kind == "skip" or plan.overlap.limit > 1:
        hint = "write `overlap: queue` or `overlap: cancel`, with one run at a time"
        span = plan.overlap.span or _top(plan)
        yield Diagnostic("MLS501", f"jenkins cannot do `{what}`", span, hint=hint, path="triggers.overlap")
    path = "targets.jenkins.concurrent_builds"
    if options_of(plan).concurrent_builds:
        message = "jenkins cannot do `concurrent_builds` beside `triggers.overlap`, which says it"
        span = plan.option_span("jenkins.concurrent_builds") or _top(plan)
        yield Diagnostic("MLS501", message, span, hint="remove one of them", path=path)


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
                hint=f"add `jenkins: {{credentials: ID}}` with the id of a {_CREDENTIALS[secret.kind]} on the controller",
                path=f"secrets.{name}",
            )
    yield from _registries(plan)


_CREDENTIALS = {"text": "secret text", "file": "secret file", "login": "user name with password"}


def _registries(plan: Plan) -> Iterator[Diagnostic]:
    """What images are pulled with, where steps run in images."""
    pods = options_of(plan).agent.kubernetes is not None
    pulled = [pull_secret(plan, step) for step in plan.all_steps() if container_image(plan, step)]
    for secret in {secret.name: secret for secret in pulled if secret is not None}.values():
        if (kubernetes_form(secret) if pods else jenkins_form(secret)) is None:
            message = f"the registry `{secret.name}` does not say which {'Kubernetes secret' if pods else 'Jenkins credentials'} it has"
            hint = "add `kubernetes: {secret: NAME}`" if pods else "add `jenkins: {credentials: ID}`, a user name with password"
            yield Diagnostic("MLS550", message, secret.span or _top(plan), hint=hint, path=f"secrets.{secret.name}")


def _step(plan: Plan, step: Step, texts: set[str], path: str) -> Iterator[Diagnostic]:
    span = step.span or _top(plan)
    if isinstance(step.body, Approval):
        texts = texts | {step.body.message, *step.body.approvers}
        yield from _approvers(step, step.body, span, path)
    for text in sorted(texts) if unspeakable("".join(texts)) else ():
        if reason := unspeakable(text):
            yield _unspeakable(f"a value of the step `{step.name}`", reason, span, path)
    label = extension_of(step).label
    if label and not own_nodes(plan):
        yield from _store(plan, f"the step `{step.name}` runs on an agent of its own, which", span, f"{path}.x-jenkins.label")
    if options_of(plan).agent.kubernetes and not label:
        yield from _pod(step, container_image(plan, step), span, path)


def _store(plan: Plan, who: str, span: Span, path: str) -> Iterator[Diagnostic]:
    if not is_remote(plan.store):
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
            _at(plan, "targets.jenkins.agent.docker"),
            hint="remove `docker: true`",
            path="targets.jenkins.agent.docker",
        )
    approval = next((step for step in plan.all_steps() if isinstance(step.body, Approval)), None)
    if agent.kubernetes:
        yield from _store(plan, "each step runs in a pod of its own, which", plan.store_span or _top(plan), "store")
    elif approval is not None:
        who = f"no agent is held while `{approval.name}` waits, so that each step takes one of its own, which"
        yield from _store(plan, who, approval.span or _top(plan), f"steps.{approval.name}")


def _lost(plan: Plan) -> Iterator[Diagnostic]:
    """Steps on the agent of the build, which is lost with the build; none that are never to start again, nor by the default."""
    steps = [step for step in plan.all_steps() if step.retry.lost not in (0, LOST) and extension_of(step).label is None]
    names = list(dict.fromkeys(step.name for step in steps)) if steps and not own_nodes(plan) else []
    if names:
        others = f" and {len(names) - 1} more" if names[1:] else ""
        yield Diagnostic(
            "MLS558",
            f"`lost: {steps[0].retry.lost}` of the step `{names[0]}`{others} counts processes alone: with the agent of the build the "
            "build is lost, too",
            steps[0].span or _top(plan),
            severity="warning",
            hint="give it an agent of its own by `x-jenkins: {label: …}` or pods, or leave `lost` to the other targets",
            path=path_of(plan, steps[0]),
        )


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


def _data(plan: Plan, steps: Iterable[Step]) -> Iterator[Diagnostic]:
    """In a plan of many steps all that is known of one must fit into a string (see `data`)."""
    for step in steps:
        if (size := modified_utf8(entry_of(plan, step))) > LITERAL_LIMIT - 2:
            reason = f"together they are {size:,} bytes long, and a Groovy string holds at most {LITERAL_LIMIT:,}"
            yield _unspeakable(f"the values of the step `{step.name}`", reason, step.span or _top(plan), f"steps.{step.name}")
