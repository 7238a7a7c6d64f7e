"""The record of an ended step and its failure marker."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from mlspec.errors import StoreError
from mlspec.invocation.model import Start
from mlspec.ir.bodies import Instance
from mlspec.observers import record
from mlspec.observers.base import EndedStep

Make = Callable[..., EndedStep]


def test_every_end_is_recorded(ended: Make) -> None:
    for status in ("succeeded", "failed", "skipped"):
        end = ended(status)
        assert record.applies(end)
        assert record.observe(end) is None
        found = end.records.read("s")
        assert found is not None
        assert (found["status"], found["instance"]) == (status, None)


def test_an_instance_is_recorded_as_the_matrix_has_it(ended: Make) -> None:
    end = ended("failed", instance=Instance(2, (("depth", 4),)))
    record.observe(end)
    found = end.records.read("s", 2)
    assert found is not None
    assert found["instance"] == {"depth": 4}
    assert end.records.failures() == ["s.2"]


def test_a_failure_is_marked_until_the_step_ends_well(ended: Make) -> None:
    failed = ended("failed")
    record.observe(failed)
    assert failed.records.failures() == ["s"]
    record.observe(ended("succeeded"))
    assert failed.records.failures() == []
    record.observe(ended("failed", start=Start(final=True)))
    assert failed.records.failures() == []


def test_a_record_that_cannot_be_written_is_the_failure_of_the_step(ended: Make, tmp_path: Path) -> None:
    (tmp_path / "store").write_text("a file")
    with pytest.raises(StoreError):
        record.observe(ended())
