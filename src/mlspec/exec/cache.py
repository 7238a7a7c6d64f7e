"""Equal steps are run once.

In: a step about to run. Out: the outputs of an equal step of an earlier run, copied; the key of this step.
Owns what equal means: step, body, `with`, inputs' digests, outputs, environment, values read and code all the same.
Never shares files between runs and never notes an entry (see `observers.cache`). Standard library only.
Change it when something else can change what a step makes.
"""

from __future__ import annotations

import json
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import mlspec
from mlspec.errors import StepError, StoreError
from mlspec.exec import code
from mlspec.exec.artifacts import Outputs
from mlspec.exec.bodies import interpreter
from mlspec.exec.evaluation import Scope
from mlspec.invocation.model import Invocation
from mlspec.ir.bodies import Gate, Shell, Uses
from mlspec.store.cache import CacheEntries
from mlspec.store.digests import digest_of
from mlspec.store.records import Ending, Records


class Cache:
    """The cache as one step sees it."""

    def __init__(self, invocation: Invocation, records: Records, outputs: Outputs) -> None:
        self._invocation = invocation
        self._entries = CacheEntries(records.store, invocation.run.lifecycle)
        self._outputs = outputs
        self.key: str | None = None
        """What equal steps have in common, once `restore` has searched for it."""

    def restore(self, ending: Ending, scope: Scope) -> bool:
        """Put an equal step's outputs where this step's would be made; returns whether there are such.

        `ending` has the step's `with` and inputs; it gets the run that the outputs are from.
        """
        if not self._applies():
            return False
        try:
            self.key = _key(self._invocation, ending, scope)
        except OSError:  # code that may not be read is equal to nothing
            return False
        try:
            found = self._entries.find(self.key)
            if found is None:
                return False
            run_id, record = found
            self._outputs.prepare()
            self._outputs.restore(record["outputs"])
            self._outputs.check()
            ending.cached_from = record["cached_from"] or run_id
        except (StepError, StoreError, OSError, ValueError, KeyError, TypeError):  # removed or altered since: as good as none
            self._outputs.discard()
            return False
        return True

    def _applies(self) -> bool:
        """Steps without outputs are run for what else they do."""
        body = self._invocation.body
        if self._invocation.cache is None or not self._invocation.wiring.outputs or isinstance(body, Gate):
            return False
        return not isinstance(body, Uses) or code.is_own(body.name)


def _key(invocation: Invocation, ending: Ending, scope: Scope) -> str:
    import hashlib

    body, environment = invocation.body, invocation.environment
    assert body is not None, "what runs has a body"
    reads_run = isinstance(body, Shell) and "run." in body.script
    equal: dict[str, Any] = {
        "version": 3,
        "step": invocation.step,
        "body": [type(body).__name__, *body],
        "with": ending.with_,
        "inputs": {name: _digests(record) for name, record in ending.inputs.items()},
        "outputs": {output.name: output.type for output in invocation.wiring.outputs},
        "environment": [environment.name, environment.digest],
        "python": None if environment.digest is not None else _python(invocation),
        "process": invocation.cache.digest if invocation.cache is not None else None,
        "values": scope.used(),
        "run": [invocation.run.run_id, invocation.start.run_status] if reads_run else None,
        "mlspec": mlspec.__version__ if isinstance(body, Uses) else None,
        "code": digest_of(code.files(invocation, ending.with_)),
    }
    return hashlib.sha256(json.dumps(equal).encode()).hexdigest()


def _digests(record: Any) -> Any:
    return [one["digest"] for one in record] if isinstance(record, list) else record["digest"]


def _python(invocation: Invocation) -> list[Any]:
    """Who says nothing of what an environment is made of gets one that is equal only to itself."""
    path = interpreter(invocation)
    return ["this", *sys.version_info[:3], _packages()] if path == sys.executable else [path]


def _packages() -> list[str]:
    """What is installed here, as the folders that say so are named: package and version."""
    found: set[str] = set()
    for folder in sys.path:
        with suppress(OSError):  # a ZIP file, or not there
            found |= {path.name for path in Path(folder).iterdir() if path.name.endswith((".dist-info", ".egg-info"))}
    return sorted(found)
