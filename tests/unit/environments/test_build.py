"""Which interpreter an environment gets; real virtual environments, from a wheel made here, without a network."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from mlspec.engine.events import EnvironmentBuilding
from mlspec.environments import installers
from mlspec.environments.build import EnvironmentBuildError, interpreter
from mlspec.environments.identity import identity
from mlspec.environments.installed import satisfied
from mlspec.ir.declarations import Environment
from tests.unit.engine.conftest import Project
from tests.unit.engine.plans import call, plan, step

HERE = f"{sys.version_info[0]}.{sys.version_info[1]}"


def answers(python: Path) -> tuple[str, str]:
    """What the module says when imported, and when run by its script."""
    commands = [[str(python), "-c", "import tinymodule; print(tinymodule.ANSWER)"], [str(python.parent / "tiny")]]
    said = [subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip() for command in commands]
    return said[0], said[1]


@pytest.mark.parametrize(
    ("python", "requirements", "expected"),
    [
        (None, ("pytest",), True),
        (HERE, ("pytest>=1", "pydantic>=2,<3"), True),
        (HERE, ("pytest<1",), False),
        (HERE, ("no-such-distribution-here",), False),
        (HERE, ("no-such-distribution-here; sys_platform == 'plan9'",), True),
        (HERE, ("pytest @ https://example.com/pytest.whl",), False),
        (HERE, ("not a requirement",), False),
        ("2.7", (), False),
        ("3", (), True),
        (f"{HERE}.999", (), False),
    ],
)
def test_whether_this_interpreter_does(python: str | None, requirements: tuple[str, ...], expected: bool) -> None:
    assert satisfied(Environment("e", python=python, requirements=requirements)) is expected


def test_an_environment_with_nothing_but_a_pythonpath_builds_nothing(tmp_path: Path) -> None:
    environment = Environment("e", pythonpath=("src",), image="example.com/e:1")
    assert interpreter(environment, tmp_path, pytest.fail) == Path(sys.executable)
    assert identity(environment) is None
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("installer", ["uv", pytest.param("pip", marks=pytest.mark.slow)])
def test_an_environment_is_built_once(tmp_path: Path, wheel: Path, monkeypatch: pytest.MonkeyPatch, installer: str) -> None:
    if installer == "pip":
        monkeypatch.setattr(installers, "uv", lambda: None)
    environment = Environment("ml", requirements=(f"tinymodule @ {wheel.as_uri()}",))
    built: list[str] = []
    before = os.umask(0o027)
    try:
        python = interpreter(environment, tmp_path, built.append)
    finally:
        os.umask(before)
    assert stat.S_IMODE(python.parents[1].stat().st_mode) == 0o750, "those it is shared with may use it"
    assert answers(python) == ("42", "42")
    wheel.unlink()
    assert interpreter(environment, tmp_path, built.append) == python
    assert built == ["ml"]


def test_a_failed_build_says_why_and_leaves_nothing(tmp_path: Path) -> None:
    environment = Environment("ml", requirements=(f"tinymodule @ {(tmp_path / 'gone.whl').as_uri()}",))
    with pytest.raises(
        EnvironmentBuildError, match=r"(?s)the environment `ml` cannot be made, for its requirement `tinymodule @ .*gone\.whl"
    ):
        interpreter(environment, tmp_path, lambda _: None)
    assert [path.suffix for path in (tmp_path / ".mlspec" / "environments").iterdir()] == [".lock"]


def test_a_step_runs_in_its_environment_and_the_cache_knows_which(project: Project, wheel: Path) -> None:
    project.write("src/mine.py", "import tinymodule\ndef make(o): o.write_text(str(tinymodule.ANSWER))\n")

    def ran(note: str) -> tuple[dict[str, str], bool, int]:
        environment = Environment("ml", requirements=(f"tinymodule @ {wheel.as_uri()}{note}",), pythonpath=("src",))
        spec = plan(call("make", "mine:make", environment="ml", outputs={"o": "artifact"}), environments={"ml": environment})
        done = project.run(spec)
        assert project.read(spec, done, "make", "o") == "42"
        building = [event for event in done.events if isinstance(event, EnvironmentBuilding)]
        return done.states, done.ended["make"].cached, len(building)

    assert ran("") == ({"make": "succeeded"}, False, 1)
    assert ran("") == ({"make": "succeeded"}, True, 0)
    assert ran("#egg=tinymodule") == ({"make": "succeeded"}, False, 1)


def test_an_environment_that_cannot_be_made_leaves_no_run(project: Project) -> None:
    spec = plan(step("a", environment="ml"), environments={"ml": Environment("ml", python="2.1")})
    with pytest.raises(EnvironmentBuildError, match="environment `ml`"):
        project.run(spec)
    assert project.runs(spec).ids() == []
