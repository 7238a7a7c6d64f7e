"""A plan as a Jenkinsfile.

In: a plan that Jenkins can take. Out: one `GeneratedFile`. Owns what the templates in `templates/jenkins/` are given;
the text of the file is theirs, escaping is `groovy`'s, the size of things `size`'s. Never judges a plan (see `check`).
Change it when the file must say something new about a step.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from mlspec.emission.templates import template
from mlspec.invocation.arguments import Option, limits_options
from mlspec.invocation.from_plan import limits_of_params, secret_variables
from mlspec.ir.bodies import Approval
from mlspec.ir.model import Plan, Step
from mlspec.targets.base import GeneratedFile, sealed
from mlspec.targets.jenkins.cron import trigger
from mlspec.targets.jenkins.data import data_of
from mlspec.targets.jenkins.groovy import LITERAL_LIMIT, block, comment, expression, in_text, literal
from mlspec.targets.jenkins.job import job_options, listed, parameter_line, plugins, reports_of, run_folder
from mlspec.targets.jenkins.levels import Level, barriers_of, levels_of
from mlspec.targets.jenkins.native import native_call, post_calls
from mlspec.targets.jenkins.options import JenkinsOptions, Kubernetes, options_of
from mlspec.targets.jenkins.process import ProcessOptions, environments, needs_of, process_options, tracking
from mlspec.targets.jenkins.settings import CREDENTIALS, own_nodes, settings_of
from mlspec.targets.jenkins.size import BUDGET, LIST_LIMIT, MAP_LIMIT, pipeline_bytes
from mlspec.terms import LOST

FINALS_IN_A_FUNCTION = 100
"""A function's body, too, is one method after the CPS transform, of which all statements are the arguments of one call."""


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
    verb: str
    """The function that runs it."""
    settings: list[str]
    """What that is given before the options: the step's name, then what is called by a name."""
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
    return [GeneratedFile(_path(plan), sealed(plan, "jenkins", body, comment="//"))]


def _path(plan: Plan) -> str:
    """Below `pipelines/jenkins/`."""
    return f"{plan.stem()}.Jenkinsfile"


def fits(plan: Plan, levels: Sequence[Level], *, whens: bool = False) -> bool:
    """Tell whether a controller can compile a declarative stage for each step; if not, the steps become data.

    `whens`: whether it can do so with the stages' own conditions, too. Without them some 135 stages fit, with them half as many.
    """
    return pipeline_bytes(plan, levels, whens=whens) <= BUDGET


def _common(plan: Plan, options: JenkinsOptions) -> dict[str, Any]:
    used = {key for step in plan.all_steps() for key in settings_of(plan, step)}
    label, apart = options.agent.label, own_nodes(plan)
    kubernetes = options.agent.kubernetes or Kubernetes()
    names = {"cloud": kubernetes.cloud, "namespace": kubernetes.namespace}
    containers, pods = "image" in used and options.agent.docker, "image" in used and not options.agent.docker
    needed = plugins(options, used, agents=apart or "label" in used)
    foreach = any(step.foreach for step in plan.all_steps())
    return {
        "plan": plan,
        "plugins": f"{'s' if len(needed) > 1 else ''} {listed(needed)}",
        "place": "in the images of the steps" if containers or pods else "on the PATH of the agents",
        "job_options": job_options(plan, options),
        "docker_args": literal(options.agent.args) if containers and options.agent.args else "",
        "native_options": [native_call(name, value) for name, value in options.options.items()],
        "post": [(when, _own_post(plan, options, when), calls) for when, calls in _post(plan, options).items()],
        "agent": "none" if apart else f"{{ label {literal(label)} }}" if label else "any",
        "default_label": literal(label or ""),
        "default_lost": LOST,
        "uses_lost": "lost" in used,
        "uses_minutes": "minutes" in used,
        "pod_template": ", ".join(
            ["yaml: podOf(settings)", *(f"{key}: {literal(name)}" for key, name in names.items() if name)]
        ),
        "service_account": kubernetes.service_account,
        "pod_lines": [in_text(f"{key}: {json.dumps(value)}") for key, value in kubernetes.pod.items()],
        "trigger": block(trigger(*plan.schedules)) if plan.schedules else None,
        "parameters": [parameter_line(parameter) for parameter in plan.params],
        "run_options": list(_shared_lines(_run_options(plan, options))),
        "environments": list(_environment_lines(plan)),
        "run_folder": literal(run_folder(plan, options)),
        "reports": _text(reports_of(plan, options)),
        "uses_places": apart or not used.isdisjoint(("label", "image", *CREDENTIALS)),
        "uses_agents": apart or "label" in used,
        "uses_own_nodes": apart,
        "uses_secrets": not used.isdisjoint(CREDENTIALS),
        "uses_kinds": not used.isdisjoint(CREDENTIALS[1:]),
        "uses_registries": "registry" in used,
        "uses_pull_secrets": "pull" in used,
        "uses_images": containers,
        "uses_pods": pods,
        "uses_labels": "label" in used,
        "uses_foreach": foreach,
        "uses_parallel": "parallel" in used,
        "uses_pairs": "pairs" in used,
        "uses_approvals": "question" in used,
        "uses_run_if": any(step.run_if != "success" for step in plan.steps),
        "uses_instances": any(step.instance or step.foreach for step in plan.all_steps()),
        "uses_matrix": any(step.instance for step in plan.all_steps()),
        "uses_any": any(isinstance(need, list) for step in plan.steps if step.groups for need in needs_of(plan, step)),
    }


def _post(plan: Plan, options: JenkinsOptions) -> dict[str, list[str]]:
    """The calls of each condition that the spec adds, in Jenkins' order; `always` first, which may have calls of ours."""
    found = post_calls(options.post)
    return {**({"always": []} if _own_post(plan, options, "always") else {}), **found}


def _own_post(plan: Plan, options: JenkinsOptions, condition: str) -> list[str]:
    """What the file itself does after all stages."""
    if condition != "always":
        return []
    archive = "archiveArtifacts(artifacts: reports(), allowEmptyArchive: true)"
    return [*(["finish()"] if plan.finals else []), *([archive] if reports_of(plan, options) else [])]


def _run_options(plan: Plan, options: JenkinsOptions) -> list[list[Option]]:
    """The options that all steps share, but for the run, by line: Jenkins sets BUILD_TAG, unique to a build of a job."""
    found: list[Option] = [("--lifecycle", plan.lifecycle), ("--store", plan.store)]
    if options.project != ".":
        found.append(("--project", options.project))
    limits = limits_options(limits_of_params(plan))
    file = shlex.join((f"pipelines/jenkins/{_path(plan)}", *plan.layers))
    hidden: list[list[Option]] = [[("--hide", variable)] for variable in secret_variables(plan)]
    lines: list[list[Option]] = [[("--pipeline", file)], *hidden, found, *([option] for option in limits), tracking(plan)]
    return [line for line in lines if line]


def _shared_lines(lines: Sequence[Sequence[Option]]) -> Iterator[str]:
    """Each line of options as it stands in the list, which is cut in two where it would grow too long."""
    count = 0
    for number, options in enumerate(lines, 1):
        words = [word for option in options for word in option]
        count += len(words)
        is_cut = number < len(lines) and count + sum(map(len, lines[number])) > LIST_LIMIT
        yield ", ".join(map(literal, words)) + ("] + [" if is_cut else "," if number < len(lines) else "]")
        count = 0 if is_cut else count


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
        "uses_not_built": not whens or any(step.foreach for step in plan.all_steps()),
        "final_batches": [
            [views[step.id] for step in plan.finals[start : start + FINALS_IN_A_FUNCTION]]
            for start in range(0, len(plan.finals), FINALS_IN_A_FUNCTION)
        ],
    }


def _name(level: Level) -> str:
    """What the stage around parallel chains is called: as the matrix is, where they are its instances."""
    first = level.chains[0].steps[0]
    alike = first.instance and all(chain.steps[0].name == first.name for chain in level.chains)
    return first.name if alike else f"{first.id} and others"


def _stage(plan: Plan, step: Step, *, ready: bool) -> StageView:
    needs = _list(needs_of(plan, step))
    run_if = f", {literal(step.run_if)}" if step.run_if != "success" else ""
    given = settings_of(plan, step)
    first = literal(step.id) + (f", minutes: {minutes}" if (minutes := given.pop("minutes", None)) else "")
    settings = [f"{key}: {expression(value)}" for key, value in given.items()]
    verb = "approve" if isinstance(step.body, Approval) else "executeEach" if step.foreach else "execute"
    return StageView(
        id=literal(step.id),
        function=f"run_{step.slug}",
        ready=f"ready({literal(step.id)}, {needs}{run_if})" if ready else "",
        guard="",
        comment=comment(step.description),
        verb=verb,
        settings=[first, *settings],
        options=list(_option_lists(process_options(plan, step))),
    )


def _option_lists(process: ProcessOptions) -> Iterator[OptionList]:
    if process.items is not None:
        yield OptionList(list(_option_lines(process.items)))
    shared = f" + environments[{literal(process.environment)}]" if process.environment else ""
    yield OptionList(list(_option_lines(process.own)), shared)


def _option_lines(options: Sequence[Option]) -> Iterator[str]:
    """One option a line; the list is cut in two where it would grow too long for the CPS transform."""
    count = 0
    for option in options:
        if count + len(option) > LIST_LIMIT:
            yield "] + ["
            count = 0
        count += len(option)
        yield "    " + ", ".join(map(block, option)) + ","


def _text(lines: Sequence[str]) -> str:
    """Lines as one text, in as many literals as it takes; empty where there are none."""
    whole = "".join(f"{line}\n" for line in lines)
    literals = [block(whole[start : start + LITERAL_LIMIT]) for start in range(0, len(whole), LITERAL_LIMIT)]
    return literals[0] if len(literals) == 1 else f"({' + '.join(literals)})" if literals else ""


def _environment_lines(plan: Plan) -> Iterator[str]:
    """One environment a line; the map is cut in two as lists are."""
    for number, (name, options) in enumerate(environments(plan).items()):
        if number and number % MAP_LIMIT == 0:
            yield "] + ["
        yield f"    {literal(name)}: {_arguments(options)},"


def _arguments(options: Sequence[Option]) -> str:
    """The arguments of options as a list in one line; empty where there are none."""
    found = [argument for option in options for argument in option]
    return _list(found) if found else ""


def _list(words: Sequence[str | Sequence[str]]) -> str:
    """Words as a list, or as several where the CPS transform takes no longer one; lists among them stay such."""
    starts = range(0, max(len(words), 1), LIST_LIMIT)
    texts = [literal(word) if isinstance(word, str) else _list(word) for word in words]
    return " + ".join(f"[{', '.join(texts[start : start + LIST_LIMIT])}]" for start in starts)
