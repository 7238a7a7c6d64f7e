"""The runs that the arguments of a command line mean.

In: a spec, and the options that choose a pipeline and its layers. Out: its plan, and its runs. Never prints but for findings of
the spec. Change it when runs are found in another way.
"""

from __future__ import annotations

from mlspec import api
from mlspec.cli import arguments, output
from mlspec.engine import Runs
from mlspec.ir.model import Plan


def opened(
    spec: str | None, pipeline: str, profile: str | None, sets: tuple[str, ...], include_roots: tuple[str, ...]
) -> tuple[Plan, Runs]:
    """Plan the spec and open its store."""
    checked = api.check(arguments.one(spec), profile=profile, sets=sets, include_roots=include_roots)
    # Advice on the spec is no matter of what ran.
    plan = arguments.pipeline(checked.plan or output.planned(checked), pipeline)
    return plan, Runs(plan.lifecycle, plan.store, checked.document.folder.resolve())
