"""Compile a plan to an MLflow Project.

In: a `Plan` that passed the target's checks. Out: `MLproject`, the script that its entry points start, and
`python_env.yaml`. Owns which part of an entry point is MLflow's, and what `str.format`, which MLflow applies to commands,
must not see; never imports MLflow. Change it when an entry point should do more.
"""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass

from mlspec import __version__
from mlspec.emission.templates import template
from mlspec.emission.yaml_text import scalar
from mlspec.environments.requirement import pinned, step_process
from mlspec.expr.values import as_text
from mlspec.ir.declarations import Environment, Parameter
from mlspec.ir.model import Plan, Step
from mlspec.targets.base import GeneratedFile, sealed
from mlspec.targets.mlproject.findings import MAIN
from mlspec.targets.mlproject.options import FROM_PIPELINES, MlprojectOptions, options_of

_NUMBERS = ("integer", "number")


@dataclass(frozen=True, slots=True)
class _EntryPoint:
    name: str
    comment: str
    parameters: tuple[str, ...]
    command: str


def emit(plan: Plan) -> list[GeneratedFile]:
    """Return the three files of the project, with a profile in a folder of its own."""
    options = options_of(plan)
    folder, up, project, profile = "", "..", options.project, options.profile
    if plan.profile is not None:
        folder, up, profile = f"{plan.stem()}/", "../..", profile or plan.profile
        project = f"../{project}" if project == FROM_PIPELINES else project
    values = {
        "name": scalar(plan.lifecycle),
        "spec": shlex.quote(f"{project.rstrip('/')}/{plan.spec_file}"),
        "profile": f" --profile={shlex.quote(profile)}" if profile else "",
        "output": up,
        "entry_points": _entry_points(plan),
        "python": _python(plan),
        "dependencies": [scalar(line) for line in _dependencies(plan, options)],
    }
    texts = {file: template("mlproject", f"{file}.j2").render(values) for file in ("MLproject", "run.sh", "python_env.yaml")}
    return [GeneratedFile(f"{folder}{file}", sealed(plan, "mlproject", text)) for file, text in texts.items()]


def _entry_points(plan: Plan) -> list[_EntryPoint]:
    """One for the whole, and one for each step by its name: it runs all instances of a matrix."""
    whole = _entry_point(MAIN, "The whole lifecycle.", [], plan.params)
    named: dict[str, list[Step]] = {}
    for step in plan.all_steps():
        named.setdefault(step.name, []).append(step)
    points = [whole]
    for name, steps in named.items():
        read = {param for step in steps for param in step.params}
        params = [parameter for parameter in plan.params if parameter.name in read]
        comment = " ".join(steps[0].description.split())
        points.append(_entry_point(name, comment if comment.isprintable() else "", ["--only", name], params))
    return points


def _entry_point(name: str, comment: str, words: Sequence[str], params: Sequence[Parameter]) -> _EntryPoint:
    # MLflow quotes the values for the shell before it puts them into the braces.
    values = [f"-p {parameter.name}={{{parameter.name}}}" for parameter in params]
    command = " ".join(["sh run.sh", *words, *values])
    form = _parameter if name == MAIN else _again
    return _EntryPoint(scalar(name), comment, tuple(form(parameter) for parameter in params), command)


def _again(parameter: Parameter) -> str:
    """A parameter as `main` has it, so that a default stands in one place."""
    return f"{scalar(parameter.name)}: *{parameter.name}"


def _parameter(parameter: Parameter) -> str:
    """One parameter: MLflow has `float` and `string`, and passes a default on as its text in any case."""
    kind = "float" if parameter.type in _NUMBERS else "string"
    text = as_text(parameter.default)
    default = text if kind == "float" else f'"{text}"' if parameter.type == "boolean" else scalar(text)
    return f"{scalar(parameter.name)}: &{parameter.name}\n        type: {kind}\n        default: {default}"


def _python(plan: Plan) -> str | None:
    environment = _common(plan)
    return environment.python if environment else None


def _dependencies(plan: Plan, options: MlprojectOptions) -> list[str]:
    """What the entry point's environment has: mlspec, and the packages of the steps where they all need the same."""
    environment = _common(plan)
    requirements = [line for text in pinned(environment) for line in text.splitlines()] if environment else []
    return [options.mlspec or step_process(plan, requirements, __version__), *requirements]


def _common(plan: Plan) -> Environment | None:
    """The one environment with packages that steps are in; None when they are in several, or in none.

    `mlspec run` makes what this one does not have.
    """
    names = sorted({step.environment for step in plan.all_steps() if step.environment})
    found = [
        plan.environments[name] for name in names if plan.environments[name].python or plan.environments[name].requirements
    ]
    return found[0] if len(found) == 1 else None
