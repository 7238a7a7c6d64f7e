"""How a step ends, as far as that is known.

In: nothing. Out: a value that the step process and observers fill in, and of which `records` makes a record. Owns what can be known of an
end; never decides anything, never reaches a store. Standard library only.
Change it together with docs/step-process.md.
"""

from __future__ import annotations

import time
from typing import Any

from mlspec.terms import EndStatus, Json


class Ending:
    """What is known of a step so far, and in the end its record."""

    def __init__(self) -> None:
        self.status: EndStatus = "failed"
        self.error: str | None = None
        self.attempts = 0
        """With those of processes that vanished, which `lost` counts."""
        self.lost = 0
        self.exit_code: int | None = None
        self.started = time.time()
        self.inputs: dict[str, Any] = {}
        self.values: dict[str, Any] = {}
        """The files that its conditions and texts read, as `inputs` says it of its inputs."""
        self.outputs: dict[str, Any] = {}
        self.with_: dict[str, Any] = {}
        self.cached_from: str | None = None
        self.approval: dict[str, Any] | None = None
        """Of an approval: how it was answered, by whom and when, and what they saw."""
        self.made = ""
        """When the outputs that it has from the run `cached_from` were made."""
        self.cache_key: str | None = None
        """What it has in common with equal steps, once the cache was searched."""
        self.changes: Json = None
        """Why no earlier run could lend its outputs, where there is one that nearly could (`exec.changes`)."""
