"""Compile the steps of a plan to Airflow tasks.

In: a `Plan` and its variables. Out: a `Task`, one statement of the DAG file, or a `Group` for each step. Owns which kinds of steps
there are; what a kind becomes is in `fan_outs` and `approvals`. Never escapes by hand, never knows where a container runs.
Change it when a feature moves from refused to supported.
"""

from __future__ import annotations

from mlspec.ir.bodies import Approval
from mlspec.ir.model import Plan, Step
from mlspec.targets.airflow.approvals import approval_group
from mlspec.targets.airflow.fan_outs import final_foreach_task, final_matrix_task, foreach_group, matrix_block
from mlspec.targets.airflow.literals import string
from mlspec.targets.airflow.runners import Runner
from mlspec.targets.airflow.step_source import StepSource
from mlspec.targets.airflow.variables import Variables
from mlspec.targets.airflow.view import Block, Task


def blocks_of(plan: Plan, steps: tuple[Step, ...], variables: Variables, runner: Runner) -> tuple[Block, ...]:
    """Return what each step becomes: one task or group, for all instances of a matrix too."""
    final = bool(steps) and steps[0] in plan.finals
    matrices: dict[str, list[Step]] = {}
    for step in steps:
        if step.instance is not None:
            matrices.setdefault(step.name, []).append(step)
    return tuple(
        _block(StepSource(plan, step, variables, runner, final), matrices.get(step.name, []))
        for step in steps
        if step.instance is None or step is matrices[step.name][0]
    )


def _block(source: StepSource, instances: list[Step]) -> Block:
    step = source.step
    if instances:
        return final_matrix_task(source, instances) if source.final else matrix_block(source, instances)
    if step.foreach is not None:
        return final_foreach_task(source, step.foreach) if source.final else foreach_group(source, step.foreach)
    if isinstance(step.body, Approval):
        return approval_group(source, step.body)
    return _single(source)


def _single(source: StepSource) -> Task:
    return source.task("final" if source.final else "step", (string(source.step.name),), source.invocation)
