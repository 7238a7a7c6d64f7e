"""The entry of a step in the cache. Which steps are equal is tested with the step process."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from mlspec.ir.bodies import Instance
from mlspec.observers import cache, record
from mlspec.observers.base import EndedStep
from mlspec.store.cache import CacheEntries

if TYPE_CHECKING:
    from tests.unit.exec.conftest import Project

Make = Callable[..., EndedStep]


def test_steps_that_were_searched_for_and_succeeded_are_noted(ended: Make) -> None:
    assert cache.applies(ended("succeeded", cache_key="k"))
    assert not cache.applies(ended("succeeded"))
    assert not cache.applies(ended("failed", cache_key="k"))
    assert not cache.applies(ended("skipped", cache_key="k"))


def test_an_entry_names_the_run_and_the_instance(ended: Make) -> None:
    end = ended(cache_key="k", instance=Instance(1))
    end.ending.cache_key = "k"
    record.observe(end)
    assert cache.observe(end) is None
    found = CacheEntries(end.records.store, "lifecycle").find("k")
    assert found is not None
    assert (found[0], found[1]["instance"]) == ("r", 1)


def test_an_entry_that_cannot_be_written_is_a_warning(ended: Make, tmp_path: Path) -> None:
    blocking = tmp_path / "store/lifecycle/_cache"
    blocking.parent.mkdir(parents=True)
    blocking.write_text("a file")
    warning = cache.observe(ended(cache_key="k"))
    assert warning is not None
    assert warning.startswith("not cached: ")
    assert "_cache" in warning


def test_a_step_process_reports_the_warning_and_succeeds(project: Project) -> None:
    project.write("store/lifecycle/_cache", "a file")
    end = project.exec("--cache", "--step", "s", "--output", "o=model", "--shell", "echo > ${{ outputs.o }}")
    assert end.returncode == 0
    (warning,) = end.stderr.splitlines()
    assert warning.startswith("mlspec: step s: not cached: ")
    assert project.record("s")["status"] == "succeeded"
