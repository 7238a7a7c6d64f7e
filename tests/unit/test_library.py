"""mlspec as a library: four functions, in a process of its own as its users have it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

SPEC = """apiVersion: mlspec/v1
kind: Lifecycle
metadata: {name: demo}
params: {word: hello}
steps:
  say:
    run: echo ${{ params.word }} > ${{ outputs.text }}; cat here.txt
    outputs: {text: report}
"""
STATEMENTS = {
    "as people write it": "import mlspec; plan = mlspec.plan(mlspec.load(spec))",
    "from the package": "from mlspec import load, plan as make; plan = make(load(spec))",
    "after the subpackage": "import mlspec.ir.model, mlspec; plan = mlspec.plan(mlspec.load(spec))",
}


def python(code: str, folder: Path) -> str:
    done = subprocess.run([sys.executable, "-c", code], cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture
def spec(tmp_path: Path) -> Path:
    path = tmp_path / "project" / "mlspec.yaml"
    path.parent.mkdir()
    path.write_text(SPEC)
    (path.parent / "here.txt").write_text("here")
    return path


@pytest.mark.parametrize("statements", STATEMENTS.values(), ids=STATEMENTS.keys())
def test_a_spec_becomes_a_plan_and_files(spec: Path, statements: str) -> None:
    code = f"spec = {str(spec)!r}; {statements}; from mlspec import compile; print([f.path for f in compile(plan, 'airflow')])"
    assert python(code, spec.parent) == "['demo.py']\n"


def test_a_run_takes_place_where_the_spec_is(spec: Path, tmp_path: Path) -> None:
    code = f"import mlspec; print(mlspec.run(mlspec.plan(mlspec.load({str(spec)!r})), params={{'word': 'bye'}}).status)"
    assert python(code, tmp_path) == "succeeded\n"
    assert [path.read_text() for path in spec.parent.glob(".mlspec/store/demo/*/say/text")] == ["bye\n"]
    assert not (tmp_path / ".mlspec").exists()


def test_an_error_says_what_is_wrong_and_where(spec: Path) -> None:
    spec.write_text(SPEC.replace("params.word", "params.wort"))
    code = f"""
import mlspec
try:
    mlspec.load({str(spec)!r})
except mlspec.SpecError as error:
    print(error, [finding.code for finding in error.findings])
"""
    said = python(code, spec.parent)
    assert f"{spec}:7:26: error MLS302: there is no parameter `wort`" in said and "['MLS302', 'MLS417']" in said


def test_the_step_process_does_not_load_the_library(tmp_path: Path) -> None:
    code = "import sys, mlspec.exec.main; print('pydantic' in sys.modules, 'mlspec.api' in sys.modules)"
    assert python(code, tmp_path) == "False False\n"


def test_a_check_loads_what_it_uses(spec: Path) -> None:
    unused = (
        "mlspec.ir.model",
        "mlspec.library.model",
        "importlib.metadata",
        "networkx",
        "jinja2",
        "lark",
        "celpy",
    )
    code = f"""
import sys
from mlspec.cli.main import main
main(["validate", {str(spec)!r}])
print([name for name in {unused} if name in sys.modules])
"""
    assert python(code, spec.parent).splitlines()[-1] == "[]"
