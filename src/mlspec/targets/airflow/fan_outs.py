"""Steps that run once for each row of a matrix, or for each element of a list.

In: a step's `StepSource`. Out: its mapped tasks; in `finally`, where Airflow maps no teardown, one call that makes a task for each
instance. Owns what stands for all instances; never knows how one is started. Change it when Airflow maps something else.
"""

from __future__ import annotations

from mlspec.expr.values import compact
from mlspec.invocation.arguments import instance_text
from mlspec.invocation.from_plan import fan_out, list_invocation
from mlspec.invocation.model import Invocation, Joined
from mlspec.ir.groups import skips_apart
from mlspec.ir.model import ForEach, Step
from mlspec.targets.airflow.functions import always_of
from mlspec.targets.airflow.literals import INDENT, string
from mlspec.targets.airflow.process import named_lines, start_of
from mlspec.targets.airflow.step_source import StepSource
from mlspec.targets.airflow.view import Block, Group, Task

_JOINED = "trigger_rule=TriggerRule.NONE_FAILED_MIN_ONE_SUCCESS"


def matrix_block(source: StepSource, instances: list[Step]) -> Block:
    """One mapped task; where some instances may be skipped, in a group with a task that stands for all of them."""
    name, step = source.name, source.step
    grouped = skips_apart(step, source.plan)
    level = 3 if grouped else 2
    each = Task(
        start="each = " if grouped else f"{name} = ",
        task_id=string("each" if grouped else step.name),
        operator=source.runner.operator,
        upstream="" if grouped else source.upstream,
        noqa="" if grouped or name == step.name else "  # noqa: AIR001",
        arguments=(*source.trigger, *_bound(step.parallel), *source.arguments(level)),
        call="for_rows",
        head=(_spread("[", _rows(instances), "]", level + 1),),
        options=named_lines(source.invocation),
        mapped=True,
    )
    return source.group(each, Task("each >> ", '"joined"', "EmptyOperator", arguments=(_JOINED,))) if grouped else each


def foreach_group(source: StepSource, foreach: ForEach) -> Group:
    """The list, its instances, and what is skipped when all of them were and fails to start when one failed."""
    plan, step, runner = source.plan, source.step, source.runner
    listing = list_invocation(plan, step)._replace(start=start_of(plan, step))
    items = Task(
        start="items = ",
        task_id='"items"',
        operator=runner.items_operator,
        arguments=(*source.trigger, *runner.items_arguments(plan, step)),
        call="items_process" if runner.name == "kubernetes" else "step_process",
        options=named_lines(listing),
    )
    each = Task(
        start="each = ",
        task_id='"each"',
        operator=runner.operator,
        arguments=(*_bound(foreach.parallel), *source.arguments(3)),
        call="for_each",
        head=("items",),
        options=named_lines(source.invocation, fan_out(plan, step, known=True)),
        mapped=True,
    )
    joined = Task("[items, each] >> ", '"joined"', "EmptyOperator", arguments=(_JOINED,))
    if skips_apart(step, plan):
        # Airflow counts an empty list as skipped, too: the records tell the two apart.
        joined = Task(
            "[items, each] >> ",
            '"joined"',
            runner.operator,
            arguments=(_JOINED, *source.bare_placement()),
            call=always_of(plan),
            options=named_lines(Invocation(step.name, body=Joined())),
        )
    return source.group(items, each, joined)


def final_matrix_task(source: StepSource, instances: list[Step]) -> Task:
    """A task for each row."""
    return _final_each(source, "matrix_rows", _rows(instances))


def final_foreach_task(source: StepSource, foreach: ForEach) -> Task:
    """A task for each element: a `finally` step reads no outputs, its list stands in the spec."""
    return _final_each(source, "list_items", [string(compact(item)) for item in foreach.literal])


def _final_each(source: StepSource, kind: str, values: list[str]) -> Task:
    instances = _spread(f"{kind}(", values, ")", 2) if values else f"{kind}()"
    own = [f"parallel={source.step.parallel}"] if source.step.parallel is not None else []
    return source.task("final_each", (string(source.step.name), instances), source.invocation, own=own)


def _bound(bound: int | None) -> list[str]:
    return [f"max_active_tis_per_dagrun={bound}"] if bound is not None else []


def _rows(instances: list[Step]) -> list[str]:
    """The values of each instance, as source text."""
    return [string(instance_text(step.instance)) for step in instances if step.instance]


def _spread(start: str, rows: list[str], end: str, level: int) -> str:
    """Rows between brackets, a line for each, as an expression that starts a line so many levels deep."""
    return f"{start}\n" + "".join(f"{INDENT * (level + 1)}{row},\n" for row in rows) + f"{INDENT * level}{end}"
