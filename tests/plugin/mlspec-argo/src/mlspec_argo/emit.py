"""A plan as a Workflow of Argo.

In: a `Plan` that passed the target's checks. Out: `<lifecycle>.yaml`. Owns what `templates/workflow.yaml.j2` is given: names of
tasks, the script of each container; quoting is `shell`'s and `yaml_text`'s. Never judges a plan (see `findings`).
Change it when the file must say something new about a step.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from mlspec.emission.templates import template
from mlspec.emission.yaml_text import comment, item
from mlspec.expr.values import as_text
from mlspec.invocation.arguments import options
from mlspec.invocation.from_plan import invocation, run_of
from mlspec.invocation.model import Start
from mlspec.ir.model import Plan, Step
from mlspec.targets.base import GeneratedFile, joined, sealed
from mlspec.targets.secret_forms import KubernetesSecret, kubernetes_form
from mlspec_argo.options import ArgoStep, extension_of, options_of
from mlspec_argo.shell import quoted

_TEMPLATES: Final = str(Path(__file__).parent / "templates")
_SCRIPT_INDENT: Final = 12
_RUN: Final = ("--run-id '{{workflow.uid}}'", "--spec-digest '{{workflow.annotations.mlspec-spec-digest}}'")
"""What Argo puts in. The digest stands once in the file, for it changes with every edit."""


@dataclass(frozen=True, slots=True)
class _Task:
    """A task and its template, which have the same name."""

    name: str
    comment: str
    needs: tuple[str, ...]
    extension: ArgoStep
    secrets: tuple[tuple[str, KubernetesSecret], ...]
    """Variable, and where Kubernetes has its value."""
    script: str


def emit(plan: Plan) -> list[GeneratedFile]:
    """Return the one file, named after the lifecycle, so that several may share a folder."""
    body = template(_TEMPLATES, "workflow.yaml.j2").render(
        name=f"{plan.lifecycle}-",
        digest=plan.digest,
        options=options_of(plan),
        params=[(parameter.name, as_text(parameter.default)) for parameter in plan.params],
        tasks=[_task(plan, step) for step in plan.steps],
    )
    return [GeneratedFile(f"{plan.lifecycle}.yaml", sealed(plan, "argo", body))]


def _task(plan: Plan, step: Step) -> _Task:
    secrets = ((plan.secrets[name].env, kubernetes_form(plan.secrets[name])) for name in step.secrets)
    return _Task(
        _name(step),
        comment(joined([step.id, step.description])),
        tuple(_name(plan.by_id[above]) for above in step.upstream),
        extension_of(step),
        tuple((variable, form) for variable, form in secrets if form is not None),
        item(_script(plan, step), _SCRIPT_INDENT),
    )


def _name(step: Step) -> str:
    """Names of Argo have no `_` and slugs no `-`, so that none comes to be that of another step."""
    return step.slug.replace("_", "-")


def _script(plan: Plan, step: Step) -> str:
    """What a step's container runs.

    Parameters come in base64: Argo puts them in as they are, and Kubernetes, the shell and Argo's next pass would read them. The dot
    keeps the ends of lines that a value ends with.
    """
    lines = ['decode() { printf %s "$1" | base64 -d && echo .; }\n'] if step.params else []
    for name in step.params:
        variable = f"MLSPEC_PARAM_{name.upper()}"
        lines.append(f"{variable}=`decode \"{{{{=sprig.b64enc(workflow.parameters['{name}'])}}}}\"`\n")
        lines.append(f'export {variable}="${{{variable}%.}}"\n')
    told = invocation(plan, step)._replace(run=run_of(plan)._replace(spec_digest=None), start=Start(fail_fast=True))
    words = ["exec mlspec exec", *_RUN, *(" ".join(map(quoted, option)) for option in options(told))]
    return "".join(lines) + " \\\n  ".join(words) + "\n"
