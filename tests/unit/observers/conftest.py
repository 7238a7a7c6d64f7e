"""Step processes to run, as for the tests of the step process itself, and ended steps without a process."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mlspec.invocation.model import Invocation, Run
from mlspec.observers.base import EndedStep
from mlspec.store.ending import Ending
from mlspec.store.filesystem import open_store
from mlspec.store.records import Records
from mlspec.terms import EndStatus
from tests.unit.exec.conftest import project

__all__ = ["project"]


@pytest.fixture
def ended(tmp_path: Path) -> Callable[..., EndedStep]:
    """Make the end of the step `s` of the run `r`, with what a test says of its invocation."""
    records = Records(open_store(str(tmp_path / "store")), "lifecycle", "r")

    def make(status: EndStatus = "succeeded", cache_key: str | None = None, **of_invocation: Any) -> EndedStep:
        ending = Ending()
        ending.status, ending.attempts = status, 1
        invocation = Invocation("s", run=Run(run_id="r", store=str(tmp_path / "store")), **of_invocation)
        return EndedStep(invocation, ending, records, cache_key=cache_key)

    return make
