"""The cache entry of a step that succeeded: later runs find its outputs by it, or what has changed since.

In: an ended step with its cache key. Out: an entry in the store that names this run. Owns when there is one; never makes a key and
never takes outputs (see `exec.cache`). Standard library only. Change it when something else decides what may be taken.
"""

from __future__ import annotations

from mlspec.errors import StoreError, sentence
from mlspec.observers.base import EndedStep
from mlspec.store.cache import CacheEntries
from mlspec.store.timestamps import timestamp


def applies(ended: EndedStep) -> bool:
    """A step that was searched for in the cache and succeeded; one that was found is noted anew: runs are removed oldest first."""
    return ended.cache_key is not None and ended.ending.status == "succeeded"


def observe(ended: EndedStep) -> str | None:
    """Let the key mean the outputs of this step."""
    assert ended.cache_key is not None, "only steps with a key are noted"
    invocation, records = ended.invocation, ended.records
    place = invocation.step, invocation.instance_index
    try:
        entries = CacheEntries(records.store, records.lifecycle)
        entries.put(ended.cache_key, records.run_id, place, ended.ending.made or timestamp())
        if ended.ending.cached_from is None:
            entries.note(ended.cache_key, records.run_id, place, ended.cache_parts)
    except (StoreError, OSError) as error:
        return f"not cached: {sentence(error)}"
    return None
