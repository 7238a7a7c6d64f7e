"""How large a pipeline is for a controller, which compiles all of `pipeline {}` to one method of at most 64 KB.

In: a plan and its levels. Out: estimated bytes after the CPS transform. Owns the weights, which were measured on
pipelines of growing size until the transform failed (plain `groovyc` takes ten times as much); never emits.
Change it when a new version of the transform is measured.
"""

from __future__ import annotations

from collections.abc import Sequence

from mlspec.ir.model import Plan
from mlspec.targets.jenkins.levels import Level

METHOD_LIMIT = 65_535
BUDGET = 49_152
"""Three quarters of the limit: the weights are estimates."""
LIST_LIMIT = 250
"""Elements of a list literal that the transform takes."""
MAP_LIMIT = 125
"""Entries of a map literal that it takes."""

_PIPELINE = 2_000
_STAGE = 305
_WHEN = 300
_NEED = 20
_GROUP = 305
_PARAMETER = 270
_CHOICE = 20


def pipeline_bytes(plan: Plan, levels: Sequence[Level], *, whens: bool) -> int:
    """Estimate the pipeline block with a stage for each step; `whens`: with the conditions of the stages in it."""
    chains = [chain for level in levels for chain in level.chains]
    stages = sum(len(chain.steps) for chain in chains)
    groups = sum(len(level.chains) > 1 for level in levels) + sum(len(chain.steps) > 1 for chain in chains)
    conditions = stages * _WHEN + sum(len(step.upstream) for step in plan.steps) * _NEED if whens else 0
    return parameter_bytes(plan) + stages * _STAGE + groups * _GROUP + conditions


def parameter_bytes(plan: Plan) -> int:
    """Estimate a pipeline block with the plan's parameters and no stage."""
    return _PIPELINE + sum(_PARAMETER + _CHOICE * len(parameter.enum) for parameter in plan.params)
