"""Whether a run gets what was locked, and nothing else.

In: a plan, the steps to run, a project. Out: nothing, or a refusal that names all that is not so. Owns that inputs are looked at before
anything starts; the step process looks again, at what it really reads. Change it when something else is locked.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from mlspec.engine.errors import NotLockedError
from mlspec.errors import StoreError, sentence
from mlspec.ir.model import Plan, Step
from mlspec.ir.sources import ExternalUri, ProjectPath
from mlspec.store.present import present_digest


def check_lock(plan: Plan) -> None:
    """Raise `NotLockedError` where the plan has no lock, or one that is stale."""
    if plan.lock is None:
        raise NotLockedError("nothing is locked: `mlspec lock` does it")
    if plan.lock.stale:
        raise NotLockedError("\n".join(["the lock is stale, and `mlspec lock` brings it up to date:", *plan.lock.stale]))


def check_inputs(plan: Plan, steps: Iterable[Step], project: Path) -> None:
    """Raise `NotLockedError` where an external input of the steps is not what was locked."""
    known = plan.lock.inputs if plan.lock is not None else {}
    sources = (item.source for step in steps for item in step.inputs)
    places = {source.place for source in sources if isinstance(source, ProjectPath | ExternalUri)}
    faults = []
    for place in sorted(places & known.keys()):
        try:
            found = present_digest(place, project)
        except (OSError, StoreError) as error:
            faults.append(f"the input {place} cannot be read: {sentence(error)}")
            continue
        if found != known[place]:
            faults.append(f"the input {place} is not what was locked: it has the digest {found}, and had {known[place]}")
    if faults:
        raise NotLockedError("\n".join(faults))
