"""What the files of an MLflow Project say, to the byte and to MLflow."""

from __future__ import annotations

import shlex
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from syrupy.assertion import SnapshotAssertion

from mlspec import api
from mlspec.diagnostics import Span
from mlspec.ir.bodies import Shell
from mlspec.ir.declarations import Environment, Parameter, Resources
from mlspec.ir.model import Plan, Step
from mlspec.targets.mlproject import TARGET
from tests.targets.mlproject.plans import AWKWARD, CODE, SPEC


@pytest.fixture
def plan(tmp_path: Path) -> Plan:
    (tmp_path / "mlspec.yaml").write_text(SPEC, encoding="utf-8")
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "mine.py").write_text(CODE, encoding="utf-8")
    return api.plan(api.load(tmp_path / "mlspec.yaml"))


def files(plan: Plan) -> dict[str, str]:
    return {file.path: file.content for file in TARGET.emit(plan)}


def bare(*params: Parameter, **more: Any) -> Plan:
    span = Span("mlspec.yaml", 7, 3, 7, 4)
    steps = (Step("a", "a", "a", Shell("true"), params=tuple(each.name for each in params), span=span),)
    return replace(Plan("bare", "mlspec.yaml", "sha256:" + "0" * 64, steps, params=params), **more)


def test_files_are_as_reviewed(plan: Plan, snapshot: SnapshotAssertion) -> None:
    assert [finding.code for finding in TARGET.check(plan)] == []
    made = files(plan)
    assert list(made) == ["MLproject", "run.sh", "python_env.yaml"]
    assert made == snapshot


@pytest.mark.parametrize(
    ("kind", "default", "text"),
    [
        ("string", AWKWARD, AWKWARD),
        ("string", "", ""),
        ("string", "two\nlines\n\n", "two\nlines\n\n"),
        ("string", "1.0", "1.0"),
        ("string", "no", "no"),
        ("string", "\u2028\ufeff", "\u2028\ufeff"),
        ("boolean", False, "false"),
        ("integer", 10**30, str(10**30)),
        ("integer", -7, "-7"),
        ("number", 1e-07, "1e-07"),
        ("number", 1e22, "1e+22"),
        ("number", 2.0, "2.0"),
        ("list", [1, "a", None, True], '[1,"a",null,true]'),
        ("object", {"k": {"n": 0.5}}, '{"k":{"n":0.5}}'),
    ],
)
def test_mlflow_hands_a_default_on_as_mlspec_reads_it(kind: Any, default: Any, text: str) -> None:
    from mlflow.projects._project_spec import EntryPoint

    content = yaml.safe_load(files(bare(Parameter("on", kind, default)))["MLproject"])
    point = content["entry_points"]["main"]
    assert list(point["parameters"]) == ["on"]
    words = shlex.split(EntryPoint("main", **point).compute_command({}, None))
    assert words == ["sh", "run.sh", "-p", f"on={text}"]


def test_a_parameter_of_a_run_stays_one_word() -> None:
    from mlflow.projects._project_spec import EntryPoint

    point = yaml.safe_load(files(bare(Parameter("p", "string", "x")))["MLproject"])["entry_points"]["a"]
    words = shlex.split(EntryPoint("a", **point).compute_command({"p": AWKWARD}, None))
    assert words == ["sh", "run.sh", "--only", "a", "-p", f"p={AWKWARD}"]


def test_names_that_yaml_takes_for_something_else() -> None:
    steps = tuple(Step(name, name, name, Shell("true")) for name in ("on", "no", "y", "null", "true"))
    content = yaml.safe_load(files(bare(steps=steps, lifecycle="1e3"))["MLproject"])
    assert list(content["entry_points"]) == ["main", "on", "no", "y", "null", "true"]
    assert content["name"] == "1e3"


def test_a_matrix_is_one_entry_point(plan: Plan) -> None:
    names = list(yaml.safe_load(files(plan)["MLproject"])["entry_points"])
    assert names == ["main", "ingest", "fit", "flaky", "quality", "deploy", "cleanup"]


@pytest.mark.parametrize(
    ("environments", "expected"),
    [
        ([Environment("a", pythonpath=("src",))], {"dependencies": ["mlspec==0.1.0"]}),
        ([Environment("a", "3.12", ("x==1",))], {"python": "3.12", "dependencies": ["mlspec==0.1.0", "x==1"]}),
        ([Environment("a", "3.12", ("x==1",)), Environment("b", None, ("x==2",))], {"dependencies": ["mlspec==0.1.0"]}),
        ([Environment("a", "3.12"), Environment("b")], {"python": "3.12", "dependencies": ["mlspec==0.1.0"]}),
    ],
)
def test_the_environment_has_what_all_steps_share(
    environments: list[Environment], expected: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mlspec.targets.mlproject.emit.__version__", "0.1.0")
    steps = tuple(Step(each.name, each.name, each.name, Shell("true"), environment=each.name) for each in environments)
    made = bare(steps=steps, environments={each.name: each for each in [*environments, Environment("unused", "3.13")]})
    assert yaml.safe_load(files(made)["python_env.yaml"]) == expected


CHECK = ("--target", "mlproject", "--output", "..", "--check", "--quiet")


def test_options() -> None:
    options = {"mlproject": {"project": "../deep er", "profile": "it's", "mlspec": "mlspec @ https://example.com/mlspec.whl"}}
    made = files(bare(target_options=options))
    run = [shlex.split(line) for line in made["run.sh"].split("\n") if line.startswith(("mlspec", "exec"))]
    assert run == [
        [
            "mlspec",
            "compile",
            "../deep er/mlspec.yaml",
            "--profile=it's",
            *CHECK,
        ],
        ["exec", "mlspec", "run", "../deep er/mlspec.yaml", "--profile=it's", "$@"],
    ]
    assert yaml.safe_load(made["python_env.yaml"])["dependencies"] == ["mlspec @ https://example.com/mlspec.whl"]


def test_a_description_stays_a_comment() -> None:
    for text in ("two\nlines: x", "a\x85b", "a\u2028command: id"):
        steps = (Step("a", "a", "a", Shell("true"), description=text),)
        assert yaml.safe_load(files(bare(steps=steps))["MLproject"])["entry_points"]["a"] == {"command": "sh run.sh --only a"}


def step(**more: Any) -> Step:
    return Step("a", "a", "a", Shell("true"), span=Span("mlspec.yaml", 7, 3, 7, 4), **more)


@pytest.mark.parametrize(
    ("plan", "code", "severity"),
    [
        (bare(steps=(replace(step(), id="main", name="main"),)), "MLS570", "error"),
        (bare(steps=(step(resources=Resources(memory="4Gi")),)), "MLS532", "warning"),
        (
            bare(steps=(step(environment="e"),), environments={"e": Environment("e", image="a/b:1", span=step().span)}),
            "MLS533",
            "warning",
        ),
        (bare(Parameter("p", "string", "a\0b", span=step().span)), "MLS573", "error"),
    ],
)
def test_findings_point_at_the_spec(plan: Plan, code: str, severity: str) -> None:
    [finding] = TARGET.check(plan)
    assert (finding.code, finding.severity, finding.span.line) == (code, severity, 7)
    assert finding.hint
