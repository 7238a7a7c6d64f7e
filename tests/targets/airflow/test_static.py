"""What formatters, linters, type checkers and Python itself say of DAG files: of every plan of these tests, and of every
example and conformance spec with each of the three runners.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from mlspec import api
from mlspec.diagnostics import has_errors
from mlspec.ir.model import Plan
from mlspec.targets.airflow import TARGET
from tests.targets.airflow.plans import CREDIT
from tests.targets.airflow.specs import PLANS

ROOT = Path(__file__).resolve().parents[3]
REAL = [path for folder in ("examples", "tests/conformance/specs") for path in sorted((ROOT / folder).glob("*/mlspec.yaml"))]
RUNNERS = {
    "bash": {"runner": "bash"},
    "docker": {"runner": "docker", "image": "ghcr.io/acme/steps:1", "network": "host"},
    "kubernetes": {"runner": "kubernetes", "image": "ghcr.io/acme/steps:1", "namespace": "ml"},
}


def real() -> Iterator[tuple[str, Plan]]:
    """Every real spec with each runner, by a name for its file."""
    for path in REAL:
        if "# refused: airflow " in path.read_text(encoding="utf-8"):
            continue
        plan = api.plan(api.load(path))
        for runner, options in RUNNERS.items():
            given = plan.target_options.get("airflow", {})
            made = replace(plan, target_options={"airflow": {**given, **options}}, store="s3://acme/store")
            assert not has_errors(TARGET.check(made)), f"{path} does not compile for {runner}"
            yield f"{path.parent.name}_{runner}", made


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("written")
    three = replace(CREDIT, target_options={"airflow": {"version": 3}})
    by_hand = {made.lifecycle.replace("-", "_"): made for made in PLANS.values()}
    for name, made in {**by_hand, "three": three, **dict(real())}.items():
        [file] = TARGET.emit(made)
        (folder / f"{name}.py").write_text(file.content, encoding="utf-8")
    return folder


def ruff(*arguments: str, cwd: Path) -> None:
    done = subprocess.run([Path(sys.executable).with_name("ruff"), *arguments], cwd=cwd, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("length", ["88", "120"])
def test_the_formatter_has_nothing_to_change(written: Path, length: str) -> None:
    ruff("format", "--isolated", "--check", "--line-length", length, ".", cwd=written)


def test_the_linter_finds_nothing_that_airflow_deprecates(written: Path) -> None:
    ruff("check", "--isolated", "--preview", "--select", "AIR,E4,E7,E9,F,I,B,UP,W", ".", cwd=written)


@pytest.mark.airflow
@pytest.mark.slow
def test_the_type_checker_finds_nothing(written: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "mypy", "--config-file", os.devnull, "--follow-imports", "silent", "--strict"]
    # The Kubernetes client has no types.
    command += ["--disable-error-code", "import-untyped", "--disable-error-code", "no-untyped-call"]
    files = sorted(str(path) for path in written.glob("*.py"))
    done = subprocess.run([*command, "--cache-dir", str(tmp_path), *files], cwd=written, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


@pytest.mark.airflow
@pytest.mark.slow
def test_python_itself_warns_of_nothing(written: Path, tmp_path: Path) -> None:
    """All files in one process, for most of the time is the import of Airflow; its provider for Kubernetes warns of itself."""
    environment = {"AIRFLOW_HOME": str(tmp_path / "home"), "PATH": os.environ["PATH"]}
    code = (
        "import runpy, sys, warnings\n"
        "import airflow.providers.cncf.kubernetes.operators.pod\n"
        "warnings.simplefilter('error')\n"
        "for file in sys.argv[1:]: runpy.run_path(file)\n"
    )
    files = sorted(path.name for path in written.glob("*.py"))
    command = [sys.executable, "-c", code, *files]
    done = subprocess.run(command, cwd=written, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
