"""mlspec as a library, as a notebook uses it: what stands in docs/python.md is run."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

import mlspec

PAGE = Path(__file__).resolve().parents[2] / "docs" / "python.md"
SPEC = """apiVersion: mlspec/v1
kind: Lifecycle
metadata: {name: credit-default}
params: {seed: 7}
steps:
  make: {run: "echo 1 > ${{ outputs.table }}", outputs: {table: dataset}, stage: data}
  train:
    run: "echo ${{ with.depth }} ${{ params.seed }} > ${{ outputs.model }}"
    inputs: {table: make.table}
    with: {depth: 4}
    outputs: {model: model}
  evaluate:
    matrix: {part: [1, 2]}
    run: 'echo "{\\"auc\\": 0.8"${{ matrix.part }}"}" > ${{ outputs.metrics }}'
    inputs: {model: train.model}
    outputs: {metrics: metrics}
  quality: {gate: ["evaluate.metrics.auc.all(a, a > 0.5)"]}
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "mlspec.yaml").write_text(SPEC, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_page_is_true(project: Path) -> None:
    (code,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    text = (
        SPEC.replace("    matrix: {part: [1, 2]}\n", "")
        .replace('0.8"${{ matrix.part }}"', "0.83")
        .replace(".all(a, a > 0.5)", " > 0.5")
    )
    (project / "mlspec.yaml").write_text(text, encoding="utf-8")
    names: dict[str, Any] = {}
    exec(code, names)
    run = names["run"]
    assert (run.status, dict(run.metrics)) == ("succeeded", {"evaluate.metrics.auc": 0.83})
    assert run.outputs["train.model"].read_text() == "6 8\n"
    assert names["spec"].steps["train"].outputs == {"model": "model"}


def test_a_spec_is_planned_first(project: Path) -> None:
    spec: Any = mlspec.load("mlspec.yaml")
    for act in (lambda: mlspec.run(spec), lambda: mlspec.compile(spec, "airflow")):
        with pytest.raises(TypeError, match=r"takes a plan, and this is a spec: write mlspec\.plan\(spec\)"):
            act()


def test_a_spec_and_a_run_are_tables_to_look_at(project: Path) -> None:
    spec = mlspec.load("mlspec.yaml")
    assert repr(spec) == "credit-default: 4 steps, from mlspec.yaml"
    assert [line.split() for line in repr(spec.steps).splitlines()][:2] == [
        ["4", "steps"],
        ["make", "data", "run", "echo", "1", ">", "${{", "outputs.table", "}}", "table"],
    ]
    assert "<td>train</td>" in spec.steps._repr_html_() and "<td>make.table</td>" in spec.steps._repr_html_()
    run = mlspec.run(mlspec.plan(spec))
    assert repr(run).splitlines()[0] == f"run {run.run_id} succeeded"
    assert "<td>evaluate[part=2]</td>" in run._repr_html_()
    assert dict(run.metrics) == {"evaluate[part=1].metrics.auc": 0.81, "evaluate[part=2].metrics.auc": 0.82}
    assert "evaluate[part=2].metrics.auc  0.82" in repr(run.metrics)
    assert run.outputs["evaluate[part=2].metrics"].is_file()


def test_outputs_are_found_from_any_folder(
    project: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path_factory.mktemp("elsewhere"))
    run = mlspec.run(mlspec.plan(mlspec.load(project / "mlspec.yaml")))
    assert run.outputs["train.model"].read_text() == "4 7\n"
    assert run.outputs["train.model"].is_relative_to(project)


def test_html_of_a_hostile_spec_is_text(project: Path) -> None:
    text = SPEC.replace("echo 1", "echo '<script>alert(1)</script>'")
    (project / "mlspec.yaml").write_text(text, encoding="utf-8")
    shown = mlspec.load("mlspec.yaml").steps._repr_html_()
    assert "<script>" not in shown and "&lt;script&gt;" in shown


@pytest.mark.parametrize("name", ["load", "plan", "compile", "run"])
def test_help_has_an_example(name: str) -> None:
    assert name in dir(mlspec)
    assert ">>> " in (getattr(mlspec, name).__doc__ or "")
