"""The package as others get it: built, installed outside the checkout without any extra, and used there.

In: this checkout. Out: nothing but a verdict.
Owns what a wheel and an sdist must contain and that the core needs no orchestrator; never looks into the code.
Change it when something new must ship.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]
SPEC = """\
apiVersion: mlspec/v1
kind: Lifecycle
metadata: {name: packaged}
steps:
  make:
    run: echo 1 > ${{ outputs.table }}
    outputs: {table: dataset}
  read:
    run: cat ${{ inputs.table }}
    inputs: {table: make.table}
"""


def run(*command: str | Path, cwd: Path, status: int = 0) -> str:
    """Run a command away from the checkout's paths; return what it printed."""
    environment = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "VIRTUAL_ENV")}
    done = subprocess.run(
        [str(word) for word in command], cwd=cwd, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == status, f"{command} ended with {done.returncode}:\n{done.stdout}\n{done.stderr}"
    return done.stdout


def build(source: Path, kind: str, into: Path) -> Path:
    """Build the wheel or the sdist of a source tree; return the file."""
    run(sys.executable, "-m", "hatchling", "build", "-t", kind, "-d", into, cwd=source)
    (built,) = into.glob("*.whl" if kind == "wheel" else "*.tar.gz")
    return built


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(ROOT, "wheel", tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module")
def sdist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(ROOT, "sdist", tmp_path_factory.mktemp("sdist"))


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A virtual environment outside the checkout that holds the wheel and its dependencies only."""
    folder = tmp_path_factory.mktemp("core") / "venv"
    run(ROOT / "scripts" / "install", folder, wheel, cwd=ROOT)
    return folder


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "mlspec.yaml").write_text(SPEC, encoding="utf-8")
    return tmp_path


def shipped(folder: str) -> set[str]:
    """The files of a folder that git knows and that are there, relative to the root."""
    return {name for name in run("git", "ls-files", folder, cwd=ROOT).splitlines() if (ROOT / name).is_file()}


def test_wheel_contains_everything_that_is_read_at_run_time(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        metadata = next(name for name in names if name.endswith(".dist-info/METADATA"))
        about = archive.read(metadata).decode()
    code = {name.removeprefix("src/") for name in shipped("src/mlspec")}
    data = {f"mlspec/{name}" for name in shipped("templates") | shipped("schemas") if not name.endswith(".gitkeep")}
    assert code | data <= names
    assert {"mlspec/py.typed", "mlspec/schemas/mlspec.v1.schema.json"} <= names
    assert any(name.startswith("mlspec/templates/") for name in names)
    assert any(name.endswith("licenses/LICENSE") for name in names)
    assert "License-Expression: Apache-2.0" in about
    assert not any(name.startswith(("tests/", "benchmarks/", "examples/")) for name in names)


def test_sdist_makes_the_same_wheel(sdist: Path, wheel: Path, tmp_path: Path) -> None:
    with tarfile.open(sdist) as archive:
        archive.extractall(tmp_path, filter="data")
    (source,) = tmp_path.iterdir()
    assert (source / "LICENSE").is_file()
    again = build(source, "wheel", tmp_path)
    with zipfile.ZipFile(wheel) as first, zipfile.ZipFile(again) as second:
        assert {i.filename: i.CRC for i in first.infolist()} == {i.filename: i.CRC for i in second.infolist()}


def test_installed_wheel_validates_and_compiles_for_every_target(installed: Path, project: Path) -> None:
    mlspec = installed / "bin" / "mlspec"
    assert run(mlspec, "--version", cwd=project).strip().startswith("mlspec")
    run(mlspec, "validate", cwd=project)
    targets = json.loads(run(mlspec, "targets", "--format", "json", cwd=project))
    assert {"kubeflow", "airflow", "jenkins"} <= set(targets)
    run(mlspec, "compile", *(word for target in targets for word in ("-t", target)), cwd=project)
    for target in targets:
        assert list((project / "pipelines" / target).iterdir()), target


def test_installed_wheel_reports_a_finding_with_its_explanation(installed: Path, project: Path) -> None:
    (project / "mlspec.yaml").write_text(SPEC.replace("run: cat", "rum: cat"), encoding="utf-8")
    printed = run(installed / "bin" / "mlspec", "validate", cwd=project, status=1)
    code = printed.split("error ")[1].split(":")[0]
    assert printed.startswith("mlspec.yaml:9:5: error MLS")
    assert run(installed / "bin" / "mlspec", "explain", code, cwd=project).startswith(f"# {code}: ")


def test_installed_wheel_runs_a_lifecycle(installed: Path, project: Path) -> None:
    run(installed / "bin" / "mlspec", "run", cwd=project)
    (table,) = (project / ".mlspec" / "store" / "packaged").glob("*/make/table")
    assert table.read_text(encoding="utf-8") == "1\n"


def test_core_installs_no_orchestrator_and_no_framework(installed: Path) -> None:
    code = "import importlib.metadata as m; print(*sorted(d.name.lower() for d in m.distributions()))"
    names = set(run(installed / "bin" / "python", "-c", code, cwd=installed).split())
    assert "mlspec" in names
    assert not names & {"kfp", "mlflow", "mlflow-skinny", "apache-airflow", "scikit-learn", "pandas", "numpy"}
