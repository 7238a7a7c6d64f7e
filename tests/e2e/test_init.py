"""Starter projects: written, checked, compiled and run as a user would, each command a process of its own."""

from __future__ import annotations

import ast
import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from mlspec.cli.init import _TAKEN, SCHEMA, TEMPLATES, label, package
from mlspec.targets.base import targets

ROOT = Path(__file__).resolve().parents[2]
SOURCES = ROOT / "templates/init"


def mlspec(*words: str | Path, cwd: Path, status: int = 0) -> subprocess.CompletedProcess[str]:
    """Run the command line; its end must be `status`."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MLSPEC_")}
    done = subprocess.run(
        [sys.executable, "-m", "mlspec", *map(str, words)],
        cwd=cwd,
        env=environment | {"NO_COLOR": "1"},
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == status, f"{words} ended with {done.returncode}:\n{done.stdout}\n{done.stderr}"
    return done


def files(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture
def project(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A starter project in a folder whose name is no name for a lifecycle."""
    mlspec("init", "Credit Default", "--template", request.param, cwd=tmp_path)
    return tmp_path / "Credit Default"


every_template = pytest.mark.parametrize("project", TEMPLATES, indirect=True)
runnable = [
    pytest.param("minimal", "max_error=0.5"),
    pytest.param("tabular", "min_auc=0.999", marks=pytest.mark.slow),
    pytest.param("pytorch", "min_accuracy=1", marks=[pytest.mark.slow, pytest.mark.torch]),
]
"""And what to type for a run that its gate stops."""


def test_there_is_a_folder_for_each_template() -> None:
    assert {path.name for path in SOURCES.iterdir()} == {*TEMPLATES, "spec-only"}
    assert set(TEMPLATES) == {"minimal", "tabular", "pytorch"}


@every_template
def test_a_project_is_what_a_team_would_commit(project: Path) -> None:
    written = files(project)
    assert {"README.md", ".gitignore", "mlspec.yaml", SCHEMA, "src/credit_default/__init__.py"} <= set(written)
    spec = written["mlspec.yaml"].decode()
    assert spec.startswith(f"# yaml-language-server: $schema={SCHEMA}\n")
    assert "\n  name: credit-default\n" in spec
    assert written[SCHEMA] == (ROOT / SCHEMA).read_bytes()
    left = [name for name, text in written.items() if b"project-name" in text or b"project_name" in text]
    assert left == []


@every_template
def test_it_validates_without_a_warning_and_compiles_to_every_target(project: Path) -> None:
    assert mlspec("validate", "--strict", cwd=project).stdout == "mlspec.yaml: valid\n"
    assert mlspec("compile", "-q", "-t", "airflow", cwd=project).stderr == ""
    names = [word for name in targets() for word in ("-t", name)]
    mlspec("compile", *names, cwd=project)
    mlspec("compile", "--check", *names, cwd=project)
    assert {path.name for path in (project / "pipelines").iterdir()} == set(targets())


@pytest.mark.parametrize(("project", "stop"), runnable, indirect=["project"])
def test_it_runs_and_its_gate_stops_what_its_readme_says(
    project: Path, stop: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLSPEC_CACHE", str(tmp_path / "cache"))
    mlspec("run", cwd=project)
    run = json.loads(mlspec("runs", "show", "latest", "--format", "json", cwd=project).stdout)
    assert run["status"] == "succeeded"
    assert {state["status"] for state in run["steps"].values()} == {"succeeded"}
    assert not (tmp_path / "cache").exists(), "its pins are not those of constraints.txt, so it made an environment"
    assert re.search(
        rf"^mlspec run -p {re.escape(stop)} +# stops at the gate$", (project / "README.md").read_text(), re.MULTILINE
    )
    mlspec("run", "-p", stop, cwd=project, status=1)
    run = json.loads(mlspec("runs", "show", "latest", "--format", "json", cwd=project).stdout)
    assert [name for name, state in run["steps"].items() if state["status"] == "failed"] == ["quality"]


def test_it_writes_the_same_bytes_each_time(tmp_path: Path) -> None:
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        mlspec("init", "demo", cwd=tmp_path / folder)
    assert files(tmp_path / "one") == files(tmp_path / "two")


def test_the_current_folder_is_the_default_and_names_the_project(tmp_path: Path) -> None:
    here = tmp_path / "churn"
    here.mkdir()
    (here / "notes.txt").write_text("mine", encoding="utf-8")
    out = mlspec("init", cwd=here).stdout
    assert "created    mlspec.yaml" in out
    assert "cd " not in out
    assert "name: churn\n" in (here / "mlspec.yaml").read_text(encoding="utf-8")
    assert (here / "notes.txt").read_text(encoding="utf-8") == "mine"


def test_what_to_do_next_can_be_pasted(tmp_path: Path) -> None:
    out = mlspec("init", "my project", cwd=tmp_path).stdout
    assert "  cd 'my project'\n" in out


def test_in_a_repository_it_writes_what_is_missing_and_replaces_nothing(tmp_path: Path) -> None:
    demo = tmp_path / "demo"
    (demo / "src").mkdir(parents=True)
    (demo / "src/own.py").write_text("mine", encoding="utf-8")
    (demo / "README.md").symlink_to("nowhere")
    (demo / ".gitignore").write_bytes(b"node_modules\r\n*.log")
    (demo / ".gitattributes").write_text("*.png binary\n", encoding="utf-8")
    out = mlspec("init", "demo", cwd=tmp_path).stdout
    assert [line.split(" demo/")[0].strip() for line in out.splitlines() if " demo/" in line] == [
        *("added to", "added to", "kept", "created", "created", "created", "created", "created")
    ]
    assert "README.md says" not in out, "it is another one's"
    written = files(demo)
    assert written[".gitignore"] == b"node_modules\r\n*.log\r\n.mlspec/\r\n"
    assert written[".gitattributes"] == b"*.png binary\npipelines/** linguist-generated merge=mlspec-generated\n"
    assert written["src/own.py"] == b"mine" and (demo / "README.md").is_symlink()
    mlspec("run", cwd=demo)


def test_beside_a_spec_it_writes_no_code(tmp_path: Path) -> None:
    (tmp_path / "mlspec.yaml").write_text("mine", encoding="utf-8")
    mlspec("init", cwd=tmp_path)
    assert set(files(tmp_path)) == {"mlspec.yaml", ".gitignore", ".gitattributes", SCHEMA}
    assert (tmp_path / "mlspec.yaml").read_text(encoding="utf-8") == "mine"


@pytest.mark.parametrize("ignored", [".mlspec", "/.mlspec/", "**/.mlspec/", "  .mlspec/  "])
def test_what_git_knows_already_is_not_said_again(ignored: str, tmp_path: Path) -> None:
    (tmp_path / ".gitignore").write_text(f"{ignored}\n", encoding="utf-8")
    assert "kept       .gitignore" in mlspec("init", cwd=tmp_path).stdout
    assert (tmp_path / ".gitignore").read_text(encoding="utf-8") == f"{ignored}\n"


def test_a_spec_alone_runs_and_compiles(tmp_path: Path) -> None:
    mlspec("init", "demo", "--spec-only", cwd=tmp_path)
    demo = tmp_path / "demo"
    assert set(files(demo)) == {"mlspec.yaml", ".gitignore", ".gitattributes", SCHEMA}
    assert mlspec("validate", "--strict", cwd=demo).stdout == "mlspec.yaml: valid\n"
    mlspec("run", cwd=demo)
    mlspec("compile", "-q", *(word for name in targets() for word in ("-t", name)), cwd=demo)


def test_git_does_not_see_what_runs_leave_behind(tmp_path: Path) -> None:
    """Whatever the project ignores: `.mlspec` ignores itself."""
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    mlspec("init", cwd=tmp_path)
    (tmp_path / ".gitignore").unlink()
    mlspec("run", cwd=tmp_path)
    seen = subprocess.run(
        ["git", "status", "--short", "-uall"], cwd=tmp_path, check=True, capture_output=True, text=True
    ).stdout
    assert ".mlspec/" not in seen and "mlspec.yaml" in seen


def test_a_second_call_changes_nothing(tmp_path: Path) -> None:
    mlspec("init", "demo", cwd=tmp_path)
    before = files(tmp_path)
    assert "created" not in mlspec("init", "demo", "--template", "tabular", cwd=tmp_path).stdout
    assert files(tmp_path) == before


@pytest.mark.parametrize(("directory", "blamed"), [("file", "file"), ("file/demo", "file"), ("demo", "demo/src")])
def test_a_file_where_a_folder_must_go_is_named(directory: str, blamed: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine", encoding="utf-8")
    (tmp_path / "demo").mkdir()
    (tmp_path / "demo/src").write_text("mine", encoding="utf-8")
    before = files(tmp_path)
    assert mlspec("init", directory, cwd=tmp_path, status=1).stderr.splitlines()[0] == f"{blamed} is not a folder"
    assert files(tmp_path) == before


def test_a_place_that_cannot_be_written_to_is_an_error_of_one_line(tmp_path: Path) -> None:
    done = mlspec("init", "a" * 300, cwd=tmp_path, status=1)
    assert done.stderr.startswith("Error: ")
    assert "File name too long" in done.stderr


@pytest.mark.parametrize("words", [["--template", "keras"], ["one", "two"], ["--tempalte", "minimal"]])
def test_wrong_usage(words: list[str], tmp_path: Path) -> None:
    mlspec("init", *words, cwd=tmp_path, status=2)
    assert files(tmp_path) == {}


def test_help_names_every_template(tmp_path: Path) -> None:
    out = mlspec("init", "--help", cwd=tmp_path).stdout
    assert all(f"  {name} " in out and what in out for name, what in TEMPLATES.items())


@pytest.mark.parametrize(
    ("folder", "lifecycle", "module"),
    [
        ("Credit Default", "credit-default", "credit_default"),
        ("churn_2024", "churn-2024", "churn_2024"),
        ("2024 churn", "2024-churn", "project_2024_churn"),
        ("json", "json", "json_project"),
        ("class", "class", "class_project"),
        ("Torch", "torch", "torch_project"),
        ("模型", "lifecycle", "lifecycle"),
        ("x" * 39 + "-y", "x" * 39, "x" * 39),
        ("", "lifecycle", "lifecycle"),
    ],
)
def test_names_are_made_from_the_folder(folder: str, lifecycle: str, module: str) -> None:
    assert label(folder) == lifecycle
    assert package(lifecycle) == module


def test_a_project_hides_no_package_that_its_code_imports() -> None:
    imported = set()
    for path in SOURCES.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module] if isinstance(node, ast.ImportFrom) and node.module else []
            imported |= {name.split(".")[0] for name in names}
    assert len(imported) > 5
    assert imported - set(sys.stdlib_module_names) - {"project_name"} <= _TAKEN


def test_their_pins_are_ours() -> None:
    ours = set((ROOT / "constraints.txt").read_text(encoding="utf-8").split())
    groups = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["dependency-groups"]
    ours |= {line.removesuffix("+cpu") for line in groups["torch"]}
    for path in SOURCES.rglob("requirements.txt"):
        lines = [line for line in path.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
        assert set(lines) <= ours, path


def test_files_get_the_modes_the_umask_gives(tmp_path: Path) -> None:
    before = os.umask(0o077)
    try:
        mlspec("init", tmp_path / "demo", cwd=tmp_path)
    finally:
        os.umask(before)
    modes = {path.stat().st_mode & 0o777 for path in tmp_path.rglob("*")}
    assert modes == {0o700, 0o600}
