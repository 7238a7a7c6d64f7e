"""Observers are a list: what must hold of each, in which order they are asked, and what becomes of their failures."""

from __future__ import annotations

import inspect
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from mlspec import observers
from mlspec.errors import Interrupted, StoreError
from mlspec.observers import Entry, notify
from mlspec.observers.base import EndedStep, Observer
from mlspec.store.timestamps import timestamp

if TYPE_CHECKING:
    from tests.unit.exec.conftest import Project

Make = Callable[..., EndedStep]
IMPORTS = """
import sys
from mlspec.exec.main import main
assert main(sys.argv[1:]) == 0
print(*[name.rpartition(".")[2] for name in sys.modules if name.startswith("mlspec.observers.")])
"""


def test_every_file_is_in_the_list_once_and_the_record_comes_first() -> None:
    files = {path.stem for path in Path(observers.__file__).parent.glob("*.py")} - {"__init__", "base"}
    modules = [entry.module for entry in observers.OBSERVERS]
    assert sorted(modules) == sorted(files)
    assert modules[0] == "record"
    assert [entry.module for entry in observers.OBSERVERS if entry.required] == ["record"]


@pytest.mark.parametrize("entry", observers.OBSERVERS, ids=lambda entry: entry.module)
def test_every_module_is_an_observer(entry: Entry) -> None:
    module = import_module(f"mlspec.observers.{entry.module}")
    for name in ("applies", "observe"):
        expected = inspect.signature(getattr(Observer, name))
        parameters = [parameter for parameter in expected.parameters.values() if parameter.name != "self"]
        assert inspect.signature(getattr(module, name)) == expected.replace(parameters=parameters)


def test_a_step_imports_the_observers_that_it_needs_and_no_more(project: Project) -> None:
    def imported(*words: str) -> set[str]:
        command = [sys.executable, "-c", IMPORTS, "--run-id", "r", "--store", "store", *words]
        end = subprocess.run(command, cwd=project.root, env=project.environment, capture_output=True, text=True)
        assert end.returncode == 0, end.stderr
        return set(end.stdout.split())

    step = ("--step", "s", "--output", "o=model", "--shell", "echo > ${{ outputs.o }}")
    assert imported(*step) == {"base", "record"}
    assert imported("--cache", *step) == {"base", "record", "cache"}
    assert imported("--tracking", "http://127.0.0.1:9", *step) == {"base", "record", "step_facts", "mlflow"}


@contextmanager
def _uninterrupted(_: float) -> Iterator[None]:
    raise AssertionError("this observer is short")
    yield


def _install(monkeypatch: pytest.MonkeyPatch, *entries: tuple[Entry, Callable[[EndedStep], str | None]]) -> None:
    for entry, observe in entries:
        module: Any = SimpleNamespace(applies=lambda _: True, observe=observe)
        monkeypatch.setitem(sys.modules, f"mlspec.observers.{entry.module}", module)
    monkeypatch.setattr(observers, "OBSERVERS", tuple(entry for entry, _ in entries))


def _raising(error: BaseException) -> Callable[[EndedStep], str | None]:
    def observe(_: EndedStep) -> str | None:
        raise error

    return observe


def test_what_an_observer_returns_or_raises_is_a_warning_and_the_others_go_on(
    monkeypatch: pytest.MonkeyPatch, ended: Make
) -> None:
    _install(
        monkeypatch,
        (Entry("quiet"), lambda _: None),
        (Entry("warning"), lambda _: "not sent: nobody listens"),
        (Entry("store"), _raising(StoreError("the store is out of reach"))),
        (Entry("file"), _raising(FileNotFoundError(2, "No such file or directory", "x"))),
        (Entry("bug"), _raising(KeyError("x"))),
        (Entry("off", lambda _: False), _raising(AssertionError())),
        (Entry("last"), lambda ended: f"of {ended.invocation.step}"),
    )
    warnings: list[str] = []
    end = ended()
    notify(end, warnings.append, _uninterrupted)
    assert warnings == [
        "not sent: nobody listens",
        "store: the store is out of reach",
        "file: x: No such file or directory",
        "bug: KeyError: 'x'",
        "of s",
    ]
    started = timestamp(end.ending.started)
    assert end.records.warnings({("s", None): {"started": started}}) == {("s", None): warnings}
    assert end.records.warnings({("s", None): {"started": "of a later start"}}) == {}


def test_what_a_required_observer_raises_ends_the_list(monkeypatch: pytest.MonkeyPatch, ended: Make) -> None:
    _install(
        monkeypatch,
        (Entry("first", required=True), _raising(StoreError("the disk is full"))),
        (Entry("second"), lambda _: "seen"),
    )
    warnings: list[str] = []
    with pytest.raises(StoreError, match="the disk is full"):
        notify(ended(), warnings.append)
    assert warnings == []


def test_only_an_observer_that_says_so_is_interrupted(monkeypatch: pytest.MonkeyPatch, ended: Make) -> None:
    inside = False

    @contextmanager
    def interruptible(seconds: float) -> Iterator[None]:
        nonlocal inside
        inside = seconds == 9
        try:
            yield
        finally:
            inside = False

    def observe(_: EndedStep) -> str | None:
        if inside:
            raise Interrupted("SIGTERM")
        return "not interrupted"

    _install(monkeypatch, (Entry("long", seconds=9), observe), (Entry("short"), observe))
    warnings: list[str] = []
    notify(ended(), warnings.append, interruptible)
    assert warnings == ["long: interrupted by SIGTERM", "not interrupted"]
