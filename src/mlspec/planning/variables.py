"""`env:` plain variables, of environments and of steps.

In: pipelines and what their steps read. Out: what the variables of an environment read, given to its steps; findings. Owns which names
are taken, and what an environment may read; the texts of steps are checked by `wiring`. Change it when variables can say more.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from mlspec.diagnostics.collection import Findings
from mlspec.expr.template import TemplateError, placeholders
from mlspec.planning.expressions import Expressions
from mlspec.planning.pipeline import Pipeline
from mlspec.planning.resolve import Reads
from mlspec.planning.scope import Path
from mlspec.spec.loaded import Spec

_ROOTS = frozenset({"params", "run"})


def check(pipelines: Sequence[Pipeline], findings: Findings) -> None:
    """Check the variables of environments once, and let their steps read what they read; check all names."""
    spec = pipelines[0].spec
    lifecycle = spec.lifecycle
    taken = {variable: name for name, secret in lifecycle.secrets.items() for variable in secret.variables}
    read = {name: _read(pipelines[0], name, findings) for name, each in lifecycle.environments.items() if each.env}
    for name in read:
        _names(spec, ("environments", name, "env"), lifecycle.environments[name].env, taken, findings)
    for pipeline in pipelines:
        for wired in pipeline.wired.values():
            step = wired.named.step
            if step.env:
                _names(spec, (*wired.named.path, "env"), step.env, taken, findings)
            found = read.get(step.environment or lifecycle.defaults.environment or "") if read else None
            if found is not None and step.gate is None and step.approval is None:
                wired.reads.params |= found.params
                wired.reads.run |= found.run


def _read(pipeline: Pipeline, name: str, findings: Findings) -> Reads:
    expressions = Expressions(pipeline.scope, None, findings)
    for variable, text in pipeline.spec.lifecycle.environments[name].env.items():
        path: Path = ("environments", name, "env", variable)
        if not _elsewhere(pipeline.spec, path, text, findings):
            expressions.templates(path, text, "template")
    return expressions.reads


def _elsewhere(spec: Spec, path: Path, text: str, findings: Findings) -> bool:
    """Report what no environment can read: it is of no step."""
    try:
        found = placeholders(text)
    except TemplateError:
        return False
    wrong = [placeholder for placeholder in found if placeholder.address.partition(".")[0] not in _ROOTS]
    for placeholder in wrong:
        span = spec.inner_span(path, placeholder.address_start, placeholder.address_start + len(placeholder.address))
        hint = "`params` and `run` can stand here; give the rest to a step, by its own `env`"
        findings.add("MLS303", f"an environment cannot read `{placeholder.address}`", span, hint, path=path)
    return bool(wrong)


def _names(spec: Spec, path: Path, variables: Mapping[str, str], taken: Mapping[str, str], findings: Findings) -> None:
    for variable in variables:
        if variable in taken:
            message = f"`{variable}` is the variable of the secret `{taken[variable]}`"
            hint = f"leave it out: a step that lists `{taken[variable]}` under `secrets` has it"
            findings.add("MLS415", message, spec.key_span(*path, variable), hint, path=(*path, variable))
