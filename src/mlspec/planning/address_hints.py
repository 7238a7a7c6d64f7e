"""What an address of another tool, or half of one, is here.

In: an address that names no step, where it stands, and what there is to name. Out: a hint that says what to write, or None.
Owns the roots of other tools' expressions; never decides that an address is wrong. Change it when people keep writing another.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

from mlspec.expr.addresses import quoted_form
from mlspec.planning.scope import Named, Path, Scope

_STEPS = frozenset({"steps", "needs", "tasks", "jobs", "dependencies", "nodes"})
_BETWEEN = frozenset({"outputs", "output", "artifacts", "results", "result", "inputs", "parameters"})
_PARAMETERS = frozenset(
    {
        "parameters",
        "parameter",
        "param",
        "vars",
        "var",
        "variables",
        "config",
        "conf",
        "args",
        "arguments",
        "dag_run",
        "workflow",
    }
)
_DASHED = re.compile(r"[a-z]\w*\.\w+\.\w+(?:-\w+)+", re.ASCII)
_ELSEWHERE = {
    "github": "steps see the caller's environment variables by themselves: write $GITHUB_SHA and the like in `run`",
    "context": "steps see the caller's environment variables by themselves: write $NAME in `run`",
    "input": "a step's own inputs are `inputs.name`",
    "output": "a step's own outputs are `outputs.name`",
    "run_id": "did you mean `run.id`?",
    **dict.fromkeys(("run_date", "logical_date", "execution_date", "data_interval_start", "ts"), "did you mean `run.date`?"),
    **dict.fromkeys(("run_day", "ds", "date"), "did you mean `run.day`?"),
}


def hint(parts: Sequence[str], path: Path, own: Named | None, scope: Scope) -> str | None:
    """Say what to write for an address that begins with no step of `scope`; `own` is the step that it stands in."""
    root, *rest = parts
    if root in _STEPS and rest and rest[0] in scope.steps:
        return f"write `{'.'.join([rest[0], *(part for part in rest[1:] if part not in _BETWEEN)])}`"
    if root in _PARAMETERS:
        return f"parameters are read as `params.{rest[-1] if rest else 'name'}`"
    if root in _ELSEWHERE:
        return _ELSEWHERE[root]
    if not rest:
        return _bare(root, path, own, scope)
    return None


def _bare(name: str, path: Path, own: Named | None, scope: Scope) -> str | None:
    """A name without its root, or text without its quotes."""
    if name in scope.spec.lifecycle.params:
        return f"did you mean `params.{name}`?"
    step = own.step if own is not None else None
    if step is not None and step.matrix is not None and name in step.matrix.keys:
        return f"did you mean `matrix.{name}`?"
    if step is not None and path[-1] == "run":
        named: dict[str, Collection[str]] = {"inputs": step.inputs, "outputs": step.outputs, "with": step.with_}
        root = next((root for root, names in named.items() if name in names), None)
        return f"did you mean `{root}.{name}`?" if root is not None else None
    if path[-1] in ("when", "retrain") or "gate" in path:
        text = str(node.value) if (node := scope.spec.node(*path)) is not None else ""
        dashed = next((found[0] for found in _DASHED.finditer(text) if name in found[0].split("-")[1:]), None)
        if dashed is not None and (quoted := quoted_form(dashed)) is not None:
            return f"a name with a dash stands in quotes: `{quoted}`"
        return f'text stands in quotes: "{name}"'
    return None
