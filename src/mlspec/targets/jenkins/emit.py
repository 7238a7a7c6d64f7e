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
from typing import TYPE_CHECKING, Any

from mlspec.expr.values import as_text, compact
from mlspec.plan.command import Words, items_options, number, step_options
from mlspec.plan.describe import origin
from mlspec.plan.model import Approval, Parameter, Plan, Step
from mlspec.resources import folder
from mlspec.targets.base import GeneratedFile, joined, sealed
from mlspec.targets.jenkins.cron import trigger
from mlspec.targets.jenkins.groovy import LITERAL_LIMIT, block, comment, literal, modified_utf8
from mlspec.targets.jenkins.levels import Chain, Level, levels_of
from mlspec.targets.jenkins.options import JenkinsOptions, Kubernetes, options_of
from mlspec.targets.jenkins.settings import own_nodes, settings_of
from mlspec.targets.jenkins.size import BUDGET, LIST_LIMIT, pipeline_bytes

if TYPE_CHECKING:
    import jinja2


@dataclass(frozen=True, slots=True)
class StageView:
    """A step in the stage list and its function; every field is Groovy source."""

    id: str
    function: str
    ready: str
    """The call that says whether it may start; empty where nothing can hold it back."""
    comment: str
    call: str
    """The call that runs it, but for its lists of words."""
    words: list[list[str]]
    """The lists of words that close the call, line by line: for a foreach what finds its list; the options."""


@dataclass(frozen=True, slots=True)
class ChainView:
    """Stages in sequence; `name` is that of the stage around them when there are several."""

    name: str
    steps: list[StageView]
    waits_for_more: bool


@dataclass(frozen=True, slots=True)
class LevelView:
    """Chains side by side under a stage `name`."""

    name: str
    chains: list[ChainView]


def emit(plan: Plan) -> list[GeneratedFile]:
    """Return `<lifecycle>.Jenkinsfile`, so that several specs may share a folder."""
    levels = levels_of(plan.steps)
    context = _common(plan, options_of(plan))
    if fits(plan, levels):
        context |= _stages(plan, levels)
        template = "stages.groovy.j2"
    else:
        context |= _data(plan, levels)
        template = "data.groovy.j2"
    body = _templates().get_template(template).render(context)
    return [GeneratedFile(f"{plan.lifecycle}.Jenkinsfile", sealed(plan, "jenkins", body, comment="//"))]


def fits(plan: Plan, levels: Sequence[Level]) -> bool:
    """Tell whether a controller can compile a declarative stage for each step; if not, the steps become data."""
    return pipeline_bytes(plan, levels, sum(len(step.upstream) for step in plan.steps)) <= BUDGET


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
        "run_options": [literal(words) for words in _run_options(plan, options)],
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
        "uses_matrix": any(step.instance for step in plan.all_steps()),
    }


def _run_options(plan: Plan, options: JenkinsOptions) -> list[str]:
    """The options that all steps share, as shell text; Jenkins sets BUILD_TAG, unique to a build of a job."""
    words = [
        f"--lifecycle {shlex.quote(plan.lifecycle)}",
        '--run-id "$BUILD_TAG"',
        f"--store {shlex.quote(plan.store)}",
        f"--spec-digest {shlex.quote(plan.digest)}",
    ]
    return words + ([f"--project {shlex.quote(options.project)}"] if options.project != "." else [])


def _stages(plan: Plan, levels: Sequence[Level]) -> dict[str, Any]:
    free = {chain.steps[0].id for chain in levels[0].chains} if levels else set()
    views = {step.id: _stage(plan, step, ready=step.id not in free) for step in plan.all_steps()}
    return {
        "levels": [
            LevelView(
                literal(f"{level.chains[0].steps[0].id} and others"),
                [
                    ChainView(
                        literal(f"from {chain.steps[0].id}"),
                        [views[step.id] for step in chain.steps],
                        chain.waits_for_more,
                    )
                    for chain in level.chains
                ],
            )
            for level in levels
        ],
        "steps": list(views.values()),
        "finals": [views[step.id] for step in plan.finals],
    }


def _stage(plan: Plan, step: Step, *, ready: bool) -> StageView:
    needs = ", ".join(literal(name) for name in _needs(plan, step))
    run_if = f", {literal(step.run_if)}" if step.run_if != "success" else ""
    settings = [f"{key}: {_groovy(value)}" for key, value in settings_of(plan, step).items()]
    verb = "approve" if isinstance(step.body, Approval) else "executeEach" if step.foreach else "execute"
    between = ", " if len(settings) < 2 else ",\n            "
    return StageView(
        id=literal(step.id),
        function=f"run_{step.slug}",
        ready=f"ready({literal(step.id)}, [{needs}]{run_if})" if ready else "",
        comment=comment(joined((f"{step.id}: {origin(step, plan.spec_file)}", step.description))),
        call=f"{verb}({between.join([literal(step.id), *settings])}, ",
        words=[list(_option_lines(groups)) for groups in _words(plan, step).values()],
    )


def _words(plan: Plan, step: Step) -> dict[str, list[Words]]:
    """The options of the step: `items` has those that find the list of a foreach, `options` all others."""
    options = step_options(plan, step)
    if step.foreach is None:
        return {"options": options}
    items = items_options(plan, replace(step, values=()))
    return {"items": items, "options": [words for words in options if words not in items]}


def _option_lines(groups: Sequence[tuple[str, ...]]) -> Iterator[str]:
    """One option a line; the list is cut in two where it would grow too long for the CPS transform."""
    count = 0
    for words in groups:
        if count + len(words) > LIST_LIMIT:
            yield "    ] + ["
            count = 0
        count += len(words)
        yield "        " + ", ".join(block(word) for word in words) + ","


def _needs(plan: Plan, step: Step) -> list[str]:
    """The steps it needs, all instances of a matrix as one: `train[*]`."""
    by_id = plan.by_id
    names = [f"{by_id[name].name}[*]" if by_id[name].instance else name for name in step.upstream]
    return list(dict.fromkeys(names))


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
        f"at least {number(parameter.minimum)}" if parameter.minimum is not None else "",
        f"at most {number(parameter.maximum)}" if parameter.maximum is not None else "",
        f"matches {parameter.pattern}" if parameter.pattern else "",
    ]
    return joined((parameter.description, ", ".join(part for part in (parameter.type, *bounds) if part)))


def _data(plan: Plan, levels: Sequence[Level]) -> dict[str, Any]:
    entries = [
        entry_of(plan, step, {"level": rank, "chain": chain.steps[0].id, **_barrier(chain, step)})
        for rank, level in enumerate(levels, 1)
        for chain in level.chains
        for step in chain.steps
    ]
    return {
        "chunks": list(_chunks(entries)),
        "final_chunks": list(_chunks([entry_of(plan, step, {}) for step in plan.finals])),
    }


def _barrier(chain: Chain, step: Step) -> dict[str, Any]:
    return {"barrier": True} if chain.waits_for_more and step is chain.steps[0] else {}


def entry_of(plan: Plan, step: Step, place: dict[str, Any]) -> str:
    """A step as JSON, one option a line: what the data form has of it. `place` is its level and chain."""
    head: dict[str, Any] = {"step": step.id, "logic": origin(step, plan.spec_file), **place, "needs": _needs(plan, step)}
    if step.run_if != "success":
        head["run_if"] = step.run_if
    if settings := settings_of(plan, step):
        head["settings"] = settings
    entry = compact(head)[:-1]
    for name, groups in _words(plan, step).items():
        lines = ",\n".join("  " + ", ".join(compact(word) for word in words) for words in groups)
        entry += f',"{name}":[\n{lines}]'
    return entry + "}"


def _chunks(entries: Sequence[str]) -> Iterator[str]:
    """Literals that hold JSON lists of as many entries as a string constant takes."""
    chunk: list[str] = []
    size = 0
    for entry in entries:
        cost = modified_utf8(entry) + 2
        if chunk and size + cost > LITERAL_LIMIT - 4:
            yield block("[" + ",\n".join(chunk) + "\n]")
            chunk, size = [], 0
        chunk.append(entry)
        size += cost
    if chunk:
        yield block("[" + ",\n".join(chunk) + "\n]")


def _templates() -> jinja2.Environment:
    """Jinja is imported when something is compiled; HTML escaping would corrupt Groovy."""
    import jinja2

    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(folder("templates") / "jenkins"),
        undefined=jinja2.StrictUndefined,
        autoescape=False,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
