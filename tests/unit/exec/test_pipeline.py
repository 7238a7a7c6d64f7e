"""A step that is started by a pipeline of another spec than the files it finds."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from mlspec.targets.jenkins.target import TARGET
from tests.targets.built import plan, step
from tests.unit.exec.conftest import Project

FILE = "pipelines/jenkins/x.Jenkinsfile"
PROD = ("--profile", "prod", "--set", "store='s'")
SCRIPT = "echo 'it''s \\ \"é\"' '\\n' $HOME > ran\n\n: \\\n  '--no-option'\n"
TOLD = ("--shell", SCRIPT, "--with", 'deep={"a":["it\'s","\\n\\u00e9"]}', "--with", "n=1", "--timeout", "10m")


def jenkinsfile(layers: tuple[str, ...] = (), more: int = 0, **changed: Any) -> str:
    told = {"with_": (("deep", {"a": ["it's", "\né"]}), ("n", 1)), "timeout": 600.0} | changed
    others = [step(f"s{number}", "true", timeout=60.0) for number in range(more)]
    made = plan("x", step("s", told.pop("script", SCRIPT), **told), step("t", "true", timeout=1.0), *others)
    return TARGET.emit(replace(made, layers=layers))[0].content


@pytest.mark.parametrize("more", [0, 200])  # so many are data
@pytest.mark.parametrize(
    ("changed", "fails"),
    [
        ({}, False),
        ({"script": "rm -rf /"}, True),
        ({"with_": (("deep", {"a": ["it's", "\né"]}), ("n", 2))}, True),
        ({"with_": (("deep", {"a": ["it's", "\né"]}), ("n", 1), ("m", 1))}, True),
        ({"timeout": None}, True),
        ({"when": "1 > 0"}, True),
    ],
)
def test_files_of_another_spec_are_refused(project: Project, changed: dict[str, Any], fails: bool, more: int) -> None:
    project.write(FILE, jenkinsfile(more=more, **changed))
    words = ("--step", "s", *TOLD, "--pipeline", FILE)
    if fails:
        assert f"the pipeline that runs and {FILE} in the files here are of different specs" in project.fails(*words)
    else:
        project.done(*words)
    assert (project.root / "ran").exists() is not fails


@pytest.mark.parametrize(
    ("layers", "told", "fails"),
    [
        ((), FILE, True),
        (PROD, FILE, False),  # the file there is another profile's
        (PROD, f"{FILE} --profile prod --set \"store='s'\"", True),
        ((), "pipelines/jenkins/y.Jenkinsfile", False),
        ((), "'", False),
    ],
)
def test_a_file_of_another_profile_says_nothing(project: Project, layers: tuple[str, ...], told: str, fails: bool) -> None:
    project.write(FILE, jenkinsfile(layers))
    words = ("--step", "s", "--shell", "other", "--pipeline", told)
    if fails:
        assert "are of different specs" in project.fails(*words)
    else:
        assert "are of different specs" not in project.fails(*words)


def test_a_file_that_is_none_of_ours_says_nothing(project: Project) -> None:
    for text in ("", "spec\n", "a\nb: 'c\n2\n", "\xff\x00"):
        project.write(FILE, text)
        project.done("--step", "s", "--shell", "true", "--pipeline", FILE)
