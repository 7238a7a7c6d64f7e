"""How large a pipeline is for a controller, which compiles all of `pipeline {}` to one method of at most 64 KB.

In: a plan and its levels. Out: estimated bytes after the CPS transform. Owns the weights, which were measured on
pipelines of growing size until the transform failed, as the sandbox of a job from SCM has it: 194 minimal stages fit, 92 with a
`when`, 239 string parameters (plain `groovyc` takes ten times as much); never emits.
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

_PIPELINE = 2_500
"""Agent, options, triggers and the section after all stages."""
_STAGE = 340
_WHEN = 375
_NEED = 25
_GROUP = 340
_PARAMETER = 275
_CHOICE = 25


def pipeline_bytes(plan: Plan, levels: Sequence[Level], *, whens: bool) -> int:
    """Estimate the pipeline block with a stage for each step; `whens`: with the conditions of the stages in it."""
    chains = [chain for level in levels for chain in level.chains]
    stages = sum(len(chain.steps) for chain in chains)
    groups = sum(len(level.chains) > 1 for level in levels) + sum(len(chain.steps) > 1 for chain in chains)
    conditions = stages * _WHEN + sum(len(step.upstream) for step in plan.steps) * _NEED if whens else 0
    return parameter_bytes(plan) + stages * _STAGE + groups * _GROUP + conditions


def parameter_bytes(plan: Plan) -> int:
    """Estimate a pipeline block with the plan's parameters and no stage."""
    choices = sum(len(parameter.enum) for parameter in plan.params if len(parameter.enum) <= LIST_LIMIT)
    return _PIPELINE + len(plan.params) * _PARAMETER + choices * _CHOICE
