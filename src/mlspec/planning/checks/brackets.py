"""Text that was meant to be a placeholder and is none.

In: a pipeline. Out: warnings for `{{ params.x }}`, `${params.x}` and a bare `params.x` in `with`, which reach the step as they are.
Knows addresses that could be read at that place, no others: templates of other languages are left alone. Never an error.
Change it when people write placeholders in another way.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

from mlspec.diagnostics.collection import Findings
from mlspec.planning.pipeline import Pipeline
from mlspec.planning.scope import Named, Path, Scope
from mlspec.terms import RUN_FIELDS

_OTHER_BRACKETS = re.compile(r"\{(?<!\$\{)\{-?\s*([A-Za-z_][\w.]*)\s*-?\}\}|\$(?<!\$\$)\{\s*([A-Za-z_]\w*\.[\w.]+)\s*\}")
"""Each way begins with the character it is found by: looked for first, what stands before would have to be at every place."""
_DATES = {"ds": "run.day", **dict.fromkeys(("ts", "logical_date", "execution_date", "data_interval_end"), "run.date")}
"""What Airflow's templates call the time that a run is for."""
_BARE = re.compile(r"(params|matrix)\.([A-Za-z_]\w*)")


def check(pipeline: Pipeline, findings: Findings) -> None:
    """Warn of addresses in the brackets of other tools, and of addresses without any."""
    for named in pipeline.scope.steps.values():
        for path, text in _texts(named):
            if "{" in text:
                _brackets(pipeline, named, path, text, findings)
            elif len(path) > len(named.path) + 1 and (bare := _BARE.fullmatch(text)) and _readable(text, named, pipeline.scope):
                message = f"this is the text `{bare[0]}`, not the value"
                span = pipeline.spec.span(*path)
                findings.warn("MLS323", message, span, f"write ${{{{ {bare[0]} }}}} for the value", path=path)


def _brackets(pipeline: Pipeline, named: Named, path: Path, text: str, findings: Findings) -> None:
    for match in _OTHER_BRACKETS.finditer(text):
        address = match[1] or match[2]
        if match[1] and address in _DATES:
            span = pipeline.spec.inner_span(path, match.start(), match.end())
            message = f"`{match[0]}` is no placeholder: the step gets it as it is"
            findings.warn("MLS323", message, span, f"write ${{{{ {_DATES[address]} }}}}", path=path)
        elif _readable(address, named, pipeline.scope):
            span = pipeline.spec.inner_span(path, match.start(), match.end())
            message = f"`{match[0]}` is no placeholder: the step gets it as it is"
            findings.warn("MLS323", message, span, f"write ${{{{ {address} }}}}", path=path)


def _texts(named: Named) -> Iterator[tuple[Path, str]]:
    """The texts of a step that may hold placeholders: its script, its variables, and the values of `with` at their first level."""
    if named.step.run is not None:
        yield (*named.path, "run"), named.step.run
    for key, value in named.step.with_.items():
        if isinstance(value, str):
            yield (*named.path, "with", key), value
    for key, text in named.step.env.items():
        yield (*named.path, "env", key), text


def _readable(address: str, named: Named, scope: Scope) -> bool:
    """Whether the address names something of this spec."""
    root, _, rest = address.partition(".")
    name = rest.partition(".")[0]
    step = named.step
    known: dict[str, Collection[str]] = {
        "params": scope.spec.lifecycle.params,
        "inputs": step.inputs,
        "outputs": step.outputs,
        "with": step.with_,
        "matrix": step.matrix.keys if step.matrix is not None else (),
        "run": (*RUN_FIELDS, "status"),
    }
    if root in known:
        return name in known[root]
    other = scope.steps.get(root)
    return other is not None and name in other.outputs
