"""A step that is started by a pipeline of another spec than the files it finds."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mlspec.exec.pipeline import check_pipeline
from mlspec.invocation.from_plan import invocation
from mlspec.ir.bodies import Approval, Output
from mlspec.targets.jenkins.target import TARGET
from tests.conformance.texts import texts
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
        ({"script": SCRIPT.replace(" > ran", ">ran")}, True),
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


@pytest.mark.parametrize("more", [0, 200])
@pytest.mark.parametrize(("told", "fails"), [((), True), (("sign make",), False), (("sign make", "also make"), True)])
def test_an_approval_that_the_files_have_and_the_pipeline_has_not(
    project: Project, told: tuple[str, ...], fails: bool, more: int
) -> None:
    made = plan(
        "x",
        step("make", "true", outputs=(Output("o", "artifact"),)),
        step("sign", "", upstream="make", body=Approval("Sure?")),
        step("s", "touch ran", upstream="sign"),
        *[step(f"s{number}", "true") for number in range(more)],
        store="s3://acme/store",
    )
    project.write(FILE, TARGET.emit(made)[0].content)
    words = ("--step", "s", "--shell", "touch ran", "--pipeline", FILE, *[word for one in told for word in ("--approved", one)])
    if fails:
        assert "are of different specs" in project.fails(*words)
    else:
        project.done(*words)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(texts, min_size=1, max_size=4), texts.filter(str.strip), st.sampled_from([0, 200]))
def test_what_the_files_say_is_what_the_step_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, values: list[str], script: str, more: int
) -> None:
    with_ = tuple((f"k{number}", value) for number, value in enumerate(values))
    made = plan("x", step("s", script, with_=with_), *[step(f"s{number}", "true") for number in range(more)])
    told = invocation(made, made.steps[0])
    monkeypatch.chdir(tmp_path)
    Path(FILE).parent.mkdir(parents=True, exist_ok=True)
    Path(FILE).write_text(TARGET.emit(made)[0].content, encoding="utf-8", newline="")
    check_pipeline(told._replace(run=told.run._replace(pipeline=FILE)))


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
