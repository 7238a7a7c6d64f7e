"""The events of OpenLineage for a step that has ended.

In: an ended step of which `step_facts` has kept what there is to tell. Out: events sent, or a sentence that says why they were not. Owns
that a server which is away is asked once a run; never fails a step. Standard library only, until there is something to send.
Change it when events must be sent at another time; what they say is `tracking.lineage`'s.
"""

from __future__ import annotations

import os

from mlspec.errors import Interrupted, TimeLimitError
from mlspec.observers import step_facts
from mlspec.observers.base import EndedStep
from mlspec.store.deliveries import Deliveries
from mlspec.store.reached import Reached
from mlspec.tracking.emitter import Emitter, asked_for, reason


def applies(ended: EndedStep) -> bool:
    """Whatever `step_facts` has kept something of."""
    return asked_for(ended.invocation.tracking.lineage, os.environ) and step_facts.applies(ended) and not ended.later


def observe(ended: EndedStep) -> str | None:
    """Send them."""
    tracking = ended.invocation.tracking
    reached = Reached(ended.records, ended.invocation.wiring.secrets, "lineage")
    known = reached.failure()
    try:
        if known is None:
            facts = step_facts.kept(ended)
            emitter = Emitter(tracking.lineage, tracking.namespace, Deliveries(ended.records))
            emitter.step(facts)
            emitter.end(facts.run, step_facts.status_of_run(ended), str(facts.record["ended"]))
    except ModuleNotFoundError as error:
        known = f"the module {error.name} is not installed in the environment of the step"
    except Interrupted as interrupted:
        known = str(interrupted)
    except (Exception, TimeLimitError) as error:
        known = reason(tracking.lineage, error)
        reached.note_failure(known, of_secrets=True)
    return None if known is None else f"OpenLineage: not sent: {known}"
