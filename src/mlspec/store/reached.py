"""Whether the tracking server of a run can be reached: found out once, by whichever of its step processes comes first.

In: the records of a run. Out: why logging need not be tried again, or None. Owns the file in which step processes tell each
other; never talks to a server. Standard library only. Change it when there is another reason to try once more.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from mlspec.errors import StoreError
from mlspec.store import layout
from mlspec.store.filesystem import LocalStore
from mlspec.store.records import Records


class Reached:
    """What is known of the server in this try of a run, for a step with these secrets.

    A server that refused a step may take one with other credentials; one that is away is away for all.
    """

    def __init__(self, records: Records, secrets: tuple[str, ...], tracker: str = "tracking") -> None:
        self._store = records.store
        self._file = layout.tracking(records.run, tracker)
        self._run_try = records.run_try
        self._secrets = sorted(secrets)

    def failure(self) -> str | None:
        """Why it is of no use to try; None where it may be."""
        for failure in self._read()["failures"]:
            if failure["secrets"] in (None, self._secrets):
                return str(failure["reason"])
        return None

    def note_failure(self, reason: str, *, of_secrets: bool) -> None:
        """Tell all steps to come, or those with the same secrets, that it is of no use."""
        known = self._read()
        known["failures"].append({"secrets": self._secrets if of_secrets else None, "reason": reason})
        self._write(known)

    def note_success(self) -> None:
        """Tell all steps to come that they need not wait for one another."""
        known = self._read()
        if not known["reached"]:
            self._write({**known, "reached": True})

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Let the first step of the run find out alone, while others wait; a store that cannot lock lets all of them try."""
        if not isinstance(self._store, LocalStore) or self._read()["reached"]:
            yield
            return
        import fcntl

        try:
            descriptor = os.open(self._store.path(self._file), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
        except OSError:
            yield
            return
        try:
            with suppress(OSError):  # some network file systems lock nothing
                fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)

    def _read(self) -> dict[str, Any]:
        nothing: dict[str, Any] = {"version": 1, "run_try": self._run_try, "reached": False, "failures": []}
        try:
            found = json.loads(self._store.read(self._file) or b"null")
            if found["run_try"] == self._run_try and isinstance(found["failures"], list):
                return {
                    **nothing,
                    "reached": bool(found["reached"]),
                    "failures": [_failure(item) for item in found["failures"]],
                }
        except (StoreError, ValueError, KeyError, TypeError):  # nobody has asked yet, or it is being written at this moment
            pass
        return nothing

    def _write(self, known: dict[str, Any]) -> None:
        """Write in place where others may hold a lock on the file, which is the file's and not its name's."""
        content = json.dumps(known, ensure_ascii=False).encode("utf-8", "backslashreplace")
        with suppress(StoreError, OSError):  # then the next step tries, too
            if isinstance(self._store, LocalStore):
                self._store.path(self._file).write_bytes(content)
            else:
                self._store.write(self._file, content)


def _failure(item: Any) -> dict[str, Any]:
    return {"secrets": item["secrets"], "reason": str(item["reason"])}
