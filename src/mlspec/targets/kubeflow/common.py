"""What the executors of a pipeline have in common: it stands in the IR once, and they refer to it by YAML aliases.

In: a `Plan`. Out: groups of definitions for the template, and the aliases of each step's image and command. Owns the anchors'
names and which arguments processes share; never decides what a step's own are.
Change it when processes come to share something else.

A process is started with `command`, then `args`: KFP's driver and launcher, and `kfp.local`, join the two and fill placeholders
into both (driver.go, `resolveContainerArgs`; launcher_v2.go, `compileCmdAndArgs`; kfp/local/task_dispatcher.py), the first of
`command` aside. So `command` holds what is shared. The definitions stand in front of `executors` and not where they are first
used, so that they move with no step: `deploymentSpec` is a free-form structure that "can be extended" (pipeline_spec.proto), of
which the backend reads the fields it knows (compiler/visitor.go, `GetDeploymentConfig`) and kfp's SDK `executors` alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import repeat

from mlspec.emission import yaml_text
from mlspec.invocation.arguments import Option, environment_options, tracking_options
from mlspec.invocation.from_plan import environment_of, tracking
from mlspec.invocation.kubeflow import passed_arguments
from mlspec.ir.bodies import Gate
from mlspec.ir.model import Plan, Step
from mlspec.targets.kubeflow.arguments import run_arguments
from mlspec.targets.kubeflow.document import Command, Group

ALL = ""
"""The group that belongs to no environment."""
_PROGRAM = ["mlspec", "exec"]
_COMMAND = "mlspec-exec"
_TRACKED = "mlspec-exec-tracked"
COMMAND = f"*{_COMMAND}"
"""The alias of the command of processes that need neither an environment nor MLflow."""


@dataclass(frozen=True, slots=True)
class Common:
    """The groups, that of all first and those of environments in the spec's order, and what executors say instead."""

    groups: list[Group]
    images: Mapping[str, str]
    """By step id, the alias of the image that the step's containers run."""
    commands: Mapping[str, str]
    """By step id, the alias of the command that starts the step itself."""


def common_of(plan: Plan, images: Mapping[str, str]) -> Common:
    """Find what the executors have in common; `images` has what each step runs in, by its id."""
    image_of: dict[str, str] = {}
    options_of: dict[str, dict[str, list[Option]]] = {ALL: {_COMMAND: []}}
    image_aliases, command_aliases = {}, {}
    alike: dict[tuple[object, ...], tuple[str, str]] = {}
    for step in plan.all_steps():
        image = images[step.id]
        kind = (image, step.environment, step.image_environment, isinstance(step.body, Gate))
        if kind not in alike:
            of_image = _group_of_image(plan, step, image)
            image_of[of_image] = image
            group, anchor = _command_of(plan, step)
            commands = options_of.setdefault(group, {})
            if anchor not in commands:
                commands[anchor] = [
                    *environment_options(environment_of(plan, step)),
                    *tracking_options(tracking(plan)),
                ]
            alike[kind] = (f"*{_image_anchor(of_image)}", f"*{anchor}")
        image_aliases[step.id], command_aliases[step.id] = alike[kind]
    return Common(_groups(plan, image_of, options_of), image_aliases, command_aliases)


def _groups(plan: Plan, image_of: Mapping[str, str], options_of: Mapping[str, Mapping[str, list[Option]]]) -> list[Group]:
    """The groups with their images, and their commands by anchor."""
    heads = _heads(plan)
    groups = []
    for name in (ALL, *plan.environments):
        commands = [
            Command("tracked-command" if anchor == _TRACKED else "command", anchor, [*next(heads), *_items(options, name)])
            for anchor, options in options_of.get(name, {}).items()
        ]
        image = yaml_text.scalar(image_of[name]) if name in image_of else ""
        if image or commands:
            groups.append(Group(name, _image_anchor(name), image, commands))
    return groups


def _group_of_image(plan: Plan, step: Step, image: str) -> str:
    """The environment that gives the step its image: its own, or that named for the image; of a gate, else the first."""
    own = step.environment or step.image_environment
    names = [own or ALL, *(plan.environments if isinstance(step.body, Gate) else ())]
    return next((name for name in names if name in plan.environments and plan.environments[name].image == image), ALL)


def _command_of(plan: Plan, step: Step) -> tuple[str, str]:
    """The group and the anchor of the command that starts a step. An environment gives a gate its image and nothing else."""
    if isinstance(step.body, Gate):
        return ALL, _TRACKED if plan.is_tracked else _COMMAND
    if step.environment and step.environment in plan.environments:
        return step.environment, f"{_COMMAND}-in-{step.environment}"
    return ALL, _TRACKED if plan.is_tracked else _COMMAND


def _image_anchor(environment: str) -> str:
    return f"image-of-{environment}" if environment else "image"


def _heads(plan: Plan) -> Iterator[list[str]]:
    """What each command begins with: the first one spells it out, and the others refer to each of its options."""
    arguments = run_arguments(plan)
    names = [_argument_anchor(argument) for argument in arguments]
    texts = _texts(arguments, ALL)
    yield [*_PROGRAM, *(f"&{name} {text}" if name else text for name, text in zip(names, texts, strict=True))]
    yield from repeat([*_PROGRAM, *(f"*{name}" if name else text for name, text in zip(names, texts, strict=True))])


def _argument_anchor(argument: str) -> str:
    """Named after its option, and its value too where it stands there several times; empty for one that is short itself."""
    option, equals, value = argument.removeprefix("--").partition("=")
    return f"{option}-{value}" if option == "hide" else option if equals else ""


def _items(options: Iterable[Option], group: str) -> list[str]:
    return _texts(passed_arguments(options), group)


def _texts(arguments: Iterable[str], group: str) -> list[str]:
    """Arguments as items of a list as deep as the template puts that of a group."""
    return [yaml_text.item(argument, 6 if group == ALL else 10) for argument in arguments]
