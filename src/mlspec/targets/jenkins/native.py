"""Options of the job and steps after all stages that only Jenkins has: `targets.jenkins.options` and `targets.jenkins.post`.

In: what a spec says there. Out: calls as Groovy source. Owns the form of such calls and which options the file sets itself; never knows
what a plugin's step does. Change it when the generated file sets another option itself.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Annotated, Any, Final

from mlspec.targets.jenkins.groovy import expression
from mlspec.targets.options import Setting

NAME: Final = "^[a-z][A-Za-z0-9]*$"
"""The form of a step's name, and of an option's."""
OWN: Final = {
    "buildDiscarder": "write `targets.jenkins.keep_builds`",
    "disableConcurrentBuilds": "write `targets.jenkins.concurrent_builds`",
    "timestamps": "write `targets.jenkins.timestamps`",
    "timeout": "write `targets.jenkins.timeout`",
    "disableRestartFromStage": "it is set already",
    "retry": "steps are tried again by their `retry`",
    "checkoutToSubdirectory": "write `targets.jenkins.project`",
    **dict.fromkeys(
        ("skipDefaultCheckout", "skipStagesAfterUnstable", "parallelsAlwaysFailFast", "newContainerPerStage"),
        "it would change which steps run, or where: leave it out",
    ),
}
"""Options that the file sets itself, or that would change what a run means; and what to do instead."""
OWN_OF_PODS: Final = {
    "containers": "the step's own is set; give it `resources` and an environment's image",
    "serviceAccountName": "write `targets.jenkins.agent.kubernetes.service_account`",
    "imagePullSecrets": "write `pull_secret` in the environment of the image",
}
"""The same of the spec of pods."""
_STEPS = "{}; each a step of Jenkins with its arguments, handed on as it is."


def _post(when: str) -> Any:
    example = [{"mail": {"to": "ml@example.com", "subject": "A build", "body": "See Jenkins."}}]
    return Setting(description=_STEPS.format(when), examples=(example,))


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """`targets.jenkins.post`: what Jenkins does after all stages, by the result of the build."""

    always: Annotated[tuple[dict[str, Any], ...] | None, _post("In any case")] = None
    changed: Annotated[tuple[dict[str, Any], ...] | None, _post("When the result is another than before")] = None
    fixed: Annotated[tuple[dict[str, Any], ...] | None, _post("When it succeeded, and had not before")] = None
    regression: Annotated[tuple[dict[str, Any], ...] | None, _post("When it did not succeed, and had before")] = None
    aborted: Annotated[tuple[dict[str, Any], ...] | None, _post("When it was aborted")] = None
    failure: Annotated[tuple[dict[str, Any], ...] | None, _post("When it failed")] = None
    success: Annotated[tuple[dict[str, Any], ...] | None, _post("When it succeeded")] = None
    unsuccessful: Annotated[tuple[dict[str, Any], ...] | None, _post("When it did not succeed")] = None
    cleanup: Annotated[tuple[dict[str, Any], ...] | None, _post("Last of all")] = None


NO_POST = Post()


def native_call(name: str, value: Any) -> str:
    """A call with the arguments that a spec gives: a mapping is of named ones, a list of several, `{}` of none."""
    if isinstance(value, dict):
        inside = expression(value)[1:-1] if value else ""
    elif isinstance(value, list | tuple):
        inside = ", ".join(map(expression, value))
    else:
        inside = expression(value)
    return f"{name}({inside})"


def post_names(post: Post) -> list[tuple[str, str]]:
    """The condition and the name of each step."""
    given = {field.name: getattr(post, field.name) for field in fields(post)}
    return [(condition, name) for condition, steps in given.items() for step in steps or () for name in step]


def post_calls(post: Post) -> dict[str, list[str]]:
    """The calls of each condition that has some."""
    given = {field.name: getattr(post, field.name) for field in fields(post)}
    return {
        condition: [native_call(name, value) for step in steps for name, value in step.items()]
        for condition, steps in given.items()
        if steps
    }
