"""A plan as a Jenkinsfile.

In: a plan that Jenkins can take. Out: one `GeneratedFile`. Owns what the templates in `templates/jenkins/` are given;
the text of the file is theirs, escaping is `groovy`'s, the size of things `size`'s. Never judges a plan (see `check`).
Change it when the file must say something new about a step.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from mlspec.emission.templates import template
from mlspec.expr.values import as_text, number_text
from mlspec.invocation.arguments import Option
from mlspec.ir.bodies import Approval
from mlspec.ir.model import Parameter, Plan, Step
from mlspec.targets.base import GeneratedFile, joined, sealed
from mlspec.targets.jenkins.cron import trigger
from mlspec.targets.jenkins.data import data_of
from mlspec.targets.jenkins.groovy import block, comment, literal
from mlspec.targets.jenkins.levels import Level, barriers_of, levels_of
from mlspec.targets.jenkins.options import JenkinsOptions, Kubernetes, options_of
from mlspec.targets.jenkins.process import ProcessOptions, environments, needs_of, process_options, tracking
from mlspec.targets.jenkins.settings import own_nodes, settings_of
from mlspec.targets.jenkins.size import BUDGET, LIST_LIMIT, MAP_LIMIT, pipeline_bytes


@dataclass(frozen=True, slots=True)
class OptionList:
    """A list of options, line by line, and what is added to it."""

    lines: list[str]
    added: str = ""


@dataclass(frozen=True, slots=True)
class StageView:
    """A step in the stage list and its function; every field is Groovy source."""

    id: str
    function: str
    ready: str
    """The call that says whether it may start, for its stage or `finish`; empty where nothing can hold it back."""
    guard: str
    """The same for its function, in a pipeline too large for conditions of its stages; else empty."""
    comment: str
    """What the spec says of it; empty where it says nothing."""
    call: str
    """The call that runs it, but for its options."""
    options: list[OptionList]
    """The lists that close the call: for a foreach what finds its list; the options of its process."""


@dataclass(frozen=True, slots=True)
class ChainView:
    """Stages in sequence; `name` is that of the stage around them when there are several."""

    name: str
    steps: list[StageView]


@dataclass(frozen=True, slots=True)
class LevelView:
    """Chains side by side under a stage `name`."""

    name: str
    chains: list[ChainView]


def emit(plan: Plan) -> list[GeneratedFile]:
    """Return `<lifecycle>.Jenkinsfile`, so that several specs may share a folder."""
    levels = levels_of(plan.steps)
    context = _common(plan, options_of(plan)) | {"barriers": len(barriers_of(levels))}
    if fits(plan, levels):
        context |= _stages(plan, levels)
        file = "stages.groovy.j2"
    else:
        context |= data_of(plan, levels)
        file = "data.groovy.j2"
    body = template("jenkins", file).render(context)
    return [GeneratedFile(f"{plan.lifecycle}.Jenkinsfile", sealed(plan, "jenkins", body, comment="//"))]


def fits(plan: Plan, levels: Sequence[Level], *, whens: bool = False) -> bool:
    """Tell whether a controller can compile a declarative stage for each step; if not, the steps become data.

    `whens`: whether it can do so with the stages' own conditions, too. Without them some 150 stages fit, with them half as many.
    """
    return pipeline_bytes(plan, levels, whens=whens) <= BUDGET


def _common(plan: Plan, options: JenkinsOptions) -> dict[str, Any]:
    used = {key for step in plan.all_steps() for key in settings_of(plan, step)}
    label, apart = options.agent.label, own_nodes(plan)
    kubernetes = options.agent.kubernetes or Kubernetes()
    names = {"cloud": kubernetes.cloud, "namespace": kubernetes.namespace}
    return {
        "plan": plan,
        "agent": "none" if apart else f"{{ label {literal(label)} }}" if label else "any",
        "default_label": literal(label or ""),
        "pod_template": ", ".join(
            ["yaml: podOf(settings)", *(f"{key}: {literal(name)}" for key, name in names.items() if name)]
        ),
        "service_account": kubernetes.service_account,
        "trigger": block(trigger(plan.schedule)) if plan.schedule else None,
        "parameters": [_parameter(parameter) for parameter in plan.params],
        "run_options": [literal(option) for option in _run_options(plan, options)],
        "environments": list(_environment_lines(plan)),
        "tracking": _arguments(tracking(plan)),
        "uses_settings": apart or bool(used),
        "uses_places": apart or not used.isdisjoint(("label", "image", "secrets")),
        "uses_own_nodes": apart,
        "uses_secrets": "secrets" in used,
        "uses_images": "image" in used and options.agent.docker,
        "uses_pods": "image" in used and not options.agent.docker,
        "uses_labels": "label" in used,
        "uses_foreach": any(step.foreach for step in plan.all_steps()),
        "uses_parallel": "parallel" in used,
        "uses_approvals": "question" in used,
        "uses_run_if": any(step.run_if != "success" for step in plan.steps),
        "uses_instances": any(step.instance or step.foreach for step in plan.all_steps()),
        "uses_matrix": any(step.instance for step in plan.all_steps()),
    }


def _run_options(plan: Plan, options: JenkinsOptions) -> list[str]:
    """The options that all steps share, as shell text; Jenkins sets BUILD_TAG, unique to a build of a job."""
    found = [
        f"--lifecycle {shlex.quote(plan.lifecycle)}",
        '--run-id "$BUILD_TAG"',
        f"--store {shlex.quote(plan.store)}",
        f"--spec-digest {shlex.quote(plan.digest)}",
    ]
    return found + ([f"--project {shlex.quote(options.project)}"] if options.project != "." else [])


def _stages(plan: Plan, levels: Sequence[Level]) -> dict[str, Any]:
    free = {chain.steps[0].id for chain in levels[0].chains} if levels else set()
    whens = fits(plan, levels, whens=True)
    views = {step.id: _stage(plan, step, ready=step.id not in free) for step in plan.all_steps()}
    if not whens:
        views |= {step.id: replace(views[step.id], ready="", guard=views[step.id].ready) for step in plan.steps}
    return {
        "levels": [
            LevelView(
                literal(_name(level)),
                [
                    ChainView(
                        literal(f"from {chain.steps[0].id}"),
                        [views[step.id] for step in chain.steps],
                    )
                    for chain in level.chains
                ],
            )
            for level in levels
        ],
        "steps": list(views.values()),
        "uses_guards": not whens,
        "finals": [views[step.id] for step in plan.finals],
    }


def _name(level: Level) -> str:
    """What the stage around parallel chains is called: as the matrix is, where they are its instances."""
    first = level.chains[0].steps[0]
    alike = first.instance and all(chain.steps[0].name == first.name for chain in level.chains)
    return first.name if alike else f"{first.id} and others"


def _stage(plan: Plan, step: Step, *, ready: bool) -> StageView:
    needs = ", ".join(literal(name) for name in needs_of(plan, step))
    run_if = f", {literal(step.run_if)}" if step.run_if != "success" else ""
    settings = [f"{key}: {_groovy(value)}" for key, value in settings_of(plan, step).items()]
    verb = "approve" if isinstance(step.body, Approval) else "executeEach" if step.foreach else "execute"
    between = ", " if len(settings) < 2 else ",\n            "
    return StageView(
        id=literal(step.id),
        function=f"run_{step.slug}",
        ready=f"ready({literal(step.id)}, [{needs}]{run_if})" if ready else "",
        guard="",
        comment=comment(step.description),
        call=f"{verb}({between.join([literal(step.id), *settings])}, ",
        options=list(_option_lists(process_options(plan, step))),
    )


def _option_lists(process: ProcessOptions) -> Iterator[OptionList]:
    if process.items is not None:
        yield OptionList(list(_option_lines(process.items)))
    shared = [f" + environments[{literal(process.environment)}]"] if process.environment else []
    shared += [" + tracking"] if process.tracking else []
    yield OptionList(list(_option_lines(process.own)), "".join(shared))


def _option_lines(options: Sequence[Option]) -> Iterator[str]:
    """One option a line; the list is cut in two where it would grow too long for the CPS transform."""
    count = 0
    for option in options:
        if count + len(option) > LIST_LIMIT:
            yield "    ] + ["
            count = 0
        count += len(option)
        yield "        " + ", ".join(map(block, option)) + ","


def _environment_lines(plan: Plan) -> Iterator[str]:
    """One environment a line; the map is cut in two as lists are."""
    for number, (name, options) in enumerate(environments(plan).items()):
        if number and number % MAP_LIMIT == 0:
            yield "] + ["
        yield f"    {literal(name)}: {_arguments(options)},"


def _arguments(options: Sequence[Option]) -> str:
    """The arguments of options as a list in one line; empty where there are none."""
    found = [literal(argument) for option in options for argument in option]
    lists = [found[start : start + LIST_LIMIT] for start in range(0, len(found), LIST_LIMIT)]
    return " + ".join(f"[{', '.join(arguments)}]" for arguments in lists)


def _groovy(value: Any) -> str:
    if isinstance(value, dict):
        return "[" + ", ".join(f"{_key(key)}: {_groovy(item)}" for key, item in value.items()) + "]"
    if isinstance(value, int):
        return str(value)
    return block(str(value))


def _key(name: str) -> str:
    return name if re.fullmatch("[A-Za-z][A-Za-z0-9_]*", name) else literal(name)


def _parameter(parameter: Parameter) -> str:
    """One line of `parameters {}`. Its name is that of the variable that `mlspec exec` reads: Jenkins exports a
    parameter under its own name, in upper case too, and `path` would be PATH.
    """
    name = literal(f"MLSPEC_PARAM_{parameter.name.upper()}")
    text = as_text(parameter.default)
    description = f", description: {literal(_description(parameter))}"
    if parameter.type == "boolean":
        return f"booleanParam(name: {name}, defaultValue: {text}{description})"
    if parameter.enum:
        choices = [text, *(choice for choice in map(as_text, parameter.enum) if choice != text)]
        return f"choice(name: {name}, choices: [{', '.join(map(literal, choices))}]{description})"
    kind = "text" if "\n" in text else "string"
    return f"{kind}(name: {name}, defaultValue: {literal(text)}{description})"


def _description(parameter: Parameter) -> str:
    bounds = [
        f"at least {number_text(parameter.minimum)}" if parameter.minimum is not None else "",
        f"at most {number_text(parameter.maximum)}" if parameter.maximum is not None else "",
        f"matches {parameter.pattern}" if parameter.pattern else "",
    ]
    return joined((parameter.description, ", ".join(part for part in (parameter.type, *bounds) if part)))
