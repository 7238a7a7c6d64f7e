"""Which environments are interchangeable, and that every target and a local run ask the same function."""

from __future__ import annotations

import hashlib

import pytest

from mlspec.engine.commands import Commands
from mlspec.engine.frontier import Task
from mlspec.environments.identity import identity
from mlspec.invocation.from_plan import cache_on
from mlspec.invocation.model import Cache
from mlspec.ir.declarations import Environment
from tests.unit.engine.conftest import Project
from tests.unit.engine.plans import call, plan

ML = Environment("ml", python="3.11", requirements=("b==2", "a==1"), image="i:1", pythonpath=("src",))


def hashed(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:12]


@pytest.mark.parametrize(
    ("environment", "image", "text"),
    [
        (ML, None, '[null,"3.11",["a==1","b==2"]]'),
        (ML, "i:1", '["i:1","3.11",["a==1","b==2"]]'),
        (Environment("e", requirements=("a",)), "i:1", '["i:1",null,["a"]]'),
        (None, "i:1", '["i:1",null,[]]'),
    ],
)
def test_what_the_digest_is_of(environment: Environment | None, image: str | None, text: str) -> None:
    """Generated files hold it: another value would make every user's pipelines stale."""
    assert identity(environment, image) == hashed(text)


def test_nothing_has_no_identity() -> None:
    assert identity(None) is identity(Environment("e", pythonpath=("src",), image="i:1")) is None


def test_it_changes_with_what_is_installed_only() -> None:
    assert identity(Environment("other", python="3.11", requirements=("a==1", "b==2"))) == identity(ML)
    assert identity(Environment("ml", python="3.12", requirements=("a==1", "b==2"))) != identity(ML)
    assert identity(Environment("ml", python="3.11", requirements=("a==1",))) != identity(ML)
    assert identity(ML, "i:2") != identity(ML, "i:1") != identity(ML)


def test_a_local_run_and_an_orchestrator_give_the_same_digest(project: Project) -> None:
    options = {"airflow": {"cache": True}}
    made = call("make", "mine:make", environment="ml", outputs={"o": "artifact"})
    spec = plan(made, environments={"ml": ML}, target_options=options)
    command = Commands(spec, project.runs(spec), "R", "2026-11-30T03:00:00Z", {}, lambda _: []).arguments(
        Task("make"), None, None
    )
    assert f"ml@{identity(ML)}" in command
    assert cache_on(spec, spec.by_id["make"], "airflow", lambda: None) == Cache(identity(ML))
