"""What a job is beside its steps: its parameters, its options, the plugins it needs, what the page of a build shows.

In: a plan and its options for Jenkins. Out: lines of Groovy and words. Owns what operators find in a job's configuration; knows
no stage. Change it when a job should have another option.
"""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Iterator, Sequence

from mlspec.expr.values import as_text, number_text, parameter_variable
from mlspec.ir.declarations import Parameter
from mlspec.ir.model import Plan, Step
from mlspec.targets.base import joined
from mlspec.targets.jenkins.groovy import literal
from mlspec.targets.jenkins.options import JenkinsOptions
from mlspec.targets.jenkins.settings import CREDENTIALS, own_nodes
from mlspec.targets.jenkins.size import LIST_LIMIT

_ARCHIVED = ("metrics", "report")


def job_options(plan: Plan, options: JenkinsOptions) -> list[str]:
    """The lines of `options {}`.

    A stage is never restarted: the stages above it would be left out, and what they did is not in that build
    (`RestartDeclarativePipelineAction` and `evaluateSequentialStages` of pipeline-model-definition).
    """
    found = ["disableRestartFromStage()"]
    if plan.overlap is not None and plan.overlap.kind == "cancel":
        found.append("disableConcurrentBuilds(abortPrevious: true)")
    elif plan.overlap is not None or not options.concurrent_builds:
        found.append("disableConcurrentBuilds()")
    if options.keep_builds:
        found.append(f"buildDiscarder(logRotator(numToKeepStr: '{options.keep_builds}'))")
    if options.timestamps:
        found.append("timestamps()")
    if options.timeout is not None:
        found.append(f"timeout(time: {math.ceil(options.timeout)}, unit: 'SECONDS')")
    return found


def plugins(options: JenkinsOptions, used: Collection[str], *, agents: bool) -> list[str]:
    """The names of plugins, as the update centre has them; `used` are the keys of all settings."""
    found = {
        "Pipeline": True,
        "Git": agents,
        "Timestamper": options.timestamps,
        "Credentials Binding": any(key in used for key in CREDENTIALS),
        "Docker Pipeline": "image" in used and options.agent.docker,
        "Kubernetes": options.agent.kubernetes is not None,
    }
    return [name for name, needed in found.items() if needed]


def parameter_line(parameter: Parameter) -> str:
    """One line of `parameters {}`. Its name is that of the variable that `mlspec exec` reads: Jenkins exports a
    parameter under its own name, in upper case too, and `path` would be PATH.
    """
    name = literal(parameter_variable(parameter.name))
    text = as_text(parameter.default)
    description = f", description: {literal(_description(parameter))}"
    if parameter.type == "boolean":
        return f"booleanParam(name: {name}, defaultValue: {text}{description})"
    choices = list(dict.fromkeys([text, *map(as_text, parameter.enum)]))
    several_lines = any("\n" in choice or "\r" in choice for choice in choices)
    # Else the step processes alone hold it to them; a browser sends line ends as others than those of the choice.
    if parameter.enum and len(parameter.enum) <= LIST_LIMIT and not several_lines:
        return f"choice(name: {name}, choices: [{', '.join(map(literal, choices))}]{description})"
    kind = "text" if several_lines else "string"
    return f"{kind}(name: {name}, defaultValue: {literal(text)}{description})"


def _description(parameter: Parameter) -> str:
    bounds = [
        f"at least {number_text(parameter.minimum)}" if parameter.minimum is not None else "",
        f"at most {number_text(parameter.maximum)}" if parameter.maximum is not None else "",
        f"matches {parameter.pattern}" if parameter.pattern else "",
    ]
    said = joined((parameter.description, ", ".join(part for part in (parameter.type, *bounds) if part)))
    return f"{parameter.name}: {said}"


def reports_of(plan: Plan, options: JenkinsOptions) -> list[str]:
    """What the page of a build shows of the folder of its run, a line a step: outputs that are reports or metrics.

    None where they are in no workspace of the build: `archiveArtifacts` takes files from there alone.
    """
    if not options.archive or own_nodes(plan) or not _in_workspace(plan.store):
        return []
    lines = (" ".join(_outputs_of(step)) for step in plan.all_steps())
    return list(dict.fromkeys(filter(None, lines)))


def _outputs_of(step: Step) -> Iterator[str]:
    place = f"{step.name}/*" if step.instance or step.foreach else step.name
    return (f"{place}/{output.file_name}" for output in step.outputs if output.type in _ARCHIVED)


def run_folder(plan: Plan, options: JenkinsOptions) -> str:
    """Where the folders of runs are, as the beginning of a pattern of Ant: of what means something there, any character may stand."""
    folders = [options.project, plan.store, plan.lifecycle]
    path = "/".join(folder.removeprefix("./").rstrip("/") for folder in folders if folder != ".")
    return re.sub(r"[^A-Za-z0-9._~/-]", "?", path) + "/"


def _in_workspace(store: str) -> bool:
    return ":" not in store and not store.startswith("/") and ".." not in store.split("/")


def listed(words: Sequence[str]) -> str:
    """Words as in a sentence: `a, b and c`."""
    return " and ".join(filter(None, (", ".join(words[:-1]), words[-1])))
