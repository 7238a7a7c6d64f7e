"""Equal steps are run once.

In: a step about to run. Out: the outputs of an equal step of an earlier run, copied; the key of this step, or why it runs.
Owns which steps the cache is for, and that nothing is taken which is not what its record says.
Never shares files between runs and never notes an entry (see `observers.cache`). Standard library only.
Change it when outputs are to be taken in another way.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from mlspec.errors import StepError, StoreError, sentence
from mlspec.exec import code
from mlspec.exec.artifacts import Outputs
from mlspec.exec.cache_key import CacheKey, cache_key
from mlspec.exec.changes import nearest
from mlspec.exec.evaluation import Scope
from mlspec.invocation.model import Invocation
from mlspec.ir.bodies import Gate, Uses
from mlspec.store.cache import CacheEntries
from mlspec.store.ending import Ending
from mlspec.store.files import is_within
from mlspec.store.filesystem import local_path
from mlspec.store.records import Records
from mlspec.store.timestamps import timestamp


class Cache:
    """The cache as one step sees it. `mask` takes secrets out of what is kept of its key."""

    def __init__(self, invocation: Invocation, records: Records, outputs: Outputs, mask: Callable[[str], str] = str) -> None:
        self._invocation = invocation
        self._entries = CacheEntries(records.store, invocation.run.lifecycle)
        self._outputs = outputs
        self._mask = mask
        self.key: CacheKey | None = None
        """What equal steps have in common, once `restore` has searched for it."""
        self.reason = ""
        """Why nothing was taken, where there might have been something."""

    def restore(self, ending: Ending, scope: Scope, most: int | None = None) -> bool:
        """Put an equal step's outputs where this step's would be made; returns whether there are such, none of more than `most` bytes.

        `ending` has the step's `with` and inputs; it gets the run that the outputs are from, or what has changed.
        """
        if not applies(self._invocation):
            return False
        try:
            self.key = cache_key(self._invocation, ending, scope, self._mask)
        except OSError as error:  # code that may not be read is equal to nothing
            self.reason = f"nothing is taken from the cache: {sentence(error)}"
            return False
        ending.cache_key = self.key.digest
        try:
            found = self._entries.find(self.key.digest, oldest(self._invocation))
            if found is None:
                self._explain(ending)
                return False
            run_id, record, made = found
            if most is not None and not all(
                is_within(local_path(output["uri"]), most) for output in record["outputs"].values()
            ):
                return False
            self._outputs.prepare()
            self._outputs.restore(record["outputs"])
            self._outputs.check()
            ending.cached_from = record["cached_from"] or run_id
            ending.made = made
        except (StepError, StoreError, OSError) as error:
            return self._refuse(ending, sentence(error))
        except (ValueError, KeyError, TypeError):
            return self._refuse(ending, "the record in the cache is not of its form")
        return True

    def _refuse(self, ending: Ending, why: str) -> bool:
        """What was removed or altered since is as good as none, and is made again."""
        self._outputs.discard()
        ending.changes = {"since": None, "changes": [], "count": 0, "fault": why}
        self.reason = f"nothing is taken from the cache: {why}"
        return False

    def _explain(self, ending: Ending) -> None:
        assert self.key is not None, "it has been searched for"
        try:
            place = self._invocation.step, self._invocation.instance_index
            found = nearest(self.key.parts, self._entries.former(place))
        except StoreError:  # which whoever needs the store will say
            return
        if found is not None:
            ending.changes = found.as_json()
            self.reason = f"it runs: {found} since run {found.since}"


def oldest(invocation: Invocation) -> str:
    """The moment since when what may be taken was made."""
    max_age = invocation.cache.max_age if invocation.cache is not None else None
    return "" if max_age is None else timestamp(max(time.time() - max_age, 0))


def applies(invocation: Invocation) -> bool:
    """Tell whether outputs may be taken: steps without outputs are run for what else they do."""
    body = invocation.body
    if invocation.cache is None or not invocation.wiring.outputs or isinstance(body, Gate):
        return False
    return not isinstance(body, Uses) or code.is_own(body.name)
