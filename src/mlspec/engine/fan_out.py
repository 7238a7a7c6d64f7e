"""The instances of a `foreach` step, and what those who read all instances of a step read.

In: a step of the plan, and what the run has so far. Out: the list to fan out over; the references of a fan-in, in order.
Owns how a list is found in a `values` output or a parameter; never starts anything.
Change it when a list can come from elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from mlspec.engine.errors import RunError
from mlspec.expr.values import compact, own_instance_uri, run_uri
from mlspec.ir.model import Plan, Step
from mlspec.ir.sources import StepOutput
from mlspec.store.layout import Place
from mlspec.terms import Json, StepStatus


def place_of(step: Step, index: int | None = None) -> Place:
    """Where a step's record is: its name, and the number of its instance of a matrix or a `foreach`."""
    return step.name, step.instance.index if step.instance else index


def foreach_items(step: Step, read: Callable[[StepOutput], Json], params: Mapping[str, Json]) -> list[Json]:
    """Return the list that a `foreach` step fans out over; raises `RunError` when there is none where it should be.

    `read` returns the JSON in a `values` output of this run; `params` are its parameters.
    """
    foreach = step.foreach
    assert foreach is not None, f"{step.id} has no foreach"
    if foreach.param is not None:
        if foreach.param not in params:
            raise RunError(f"foreach of {step.id}: the run has no parameter {foreach.param!r}")
        found, address = params[foreach.param], f"params.{foreach.param}"
    elif foreach.source is None:
        return list(foreach.literal)
    else:
        found, address = read(foreach.source.source), foreach.source.address
    for key in foreach.field:
        if not isinstance(found, dict) or key not in found:
            raise RunError(f"foreach of {step.id}: {address} has no {key!r}")
        found, address = found[key], f"{address}.{key}"
    if not isinstance(found, list):
        raise RunError(f"foreach of {step.id}: {address} is no list but {compact(found)[:80]}")
    return found


def uris_of(
    plan: Plan, source: StepOutput, states: Mapping[str, StepStatus], instances: Mapping[str, Sequence[StepStatus]]
) -> list[str]:
    """Return a `run:` reference for each instance of `source` that succeeded, in matrix or list order, or for the reader's own."""
    if source.dynamic:
        step = plan.by_id[source.steps[0]]
        if not source.many:
            return [own_instance_uri(step.name, source.file_name)]
        ended = enumerate(instances.get(step.id, ()))
        return [run_uri(step.name, index, source.file_name) for index, state in ended if state == "succeeded"]
    steps = [plan.by_id[step_id] for step_id in source.steps]
    read = [step for step in steps if not source.many or states.get(step.id) == "succeeded"]
    return [run_uri(*place_of(step), source.file_name) for step in read]
