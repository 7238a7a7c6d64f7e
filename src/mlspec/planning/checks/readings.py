"""Data that are read in one way or in another, and nobody says in which.

In: a pipeline. Out: errors at inputs of library steps. Owns when that is so; what is declared where, `planning.reading` knows, and what
contracts hold, only the steps. Change it when the way data are read can be declared elsewhere.
"""

from __future__ import annotations

from mlspec.diagnostics import Related
from mlspec.diagnostics.collection import Findings
from mlspec.expr.values import compact
from mlspec.planning.pipeline import Pipeline
from mlspec.planning.reading import sayings

_SHOWN = 8


def check(pipeline: Pipeline, findings: Findings) -> None:
    """Check the data of each library step."""
    for named in pipeline.scope.steps.values():
        said = sayings(pipeline.scope, named) if named.library is not None else []
        if len(said) < 2:
            continue
        path = (*named.path, "inputs", "data")
        keys = " and ".join(f"`{key}`" for key in ("contract", "format") if any(key in one.options for one in said))
        related = tuple(
            Related(
                pipeline.spec.key_span(*one.path),
                ", ".join(f"{key}: {_shown(compact(value))}" for key, value in one.options.items()) or "nothing is said here",
            )
            for one in said[:_SHOWN]
        )
        message = f"how `{named.name}` reads these data is said in {len(said)} ways, which differ in {keys}"
        example = "format: {…}" if keys == "`format`" else "contract: FILE"
        hint = f"say it here, `with: {{{example}}}`, or with `{example}` at the output that all read"
        findings.add("MLS419", message, pipeline.spec.span(*path), hint, path=path, related=related)


def _shown(text: str) -> str:
    return text if len(text) <= 60 else f"{text[:59]}…"
