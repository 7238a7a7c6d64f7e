"""Two branches change different things of one spec: what git makes of the generated files, and what mlspec makes of that."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from mlspec.cli.main import main

SPEC = """\
apiVersion: mlspec/v1
kind: Lifecycle
metadata: {name: merged}

params:
  depth: 4
  seed: 7

store: /srv/store

steps:
  first:
    run: python first.py
    outputs: {table: dataset}
  middle:
    run: python middle.py ${{ params.depth }}
    inputs: {table: first.table}
    outputs: {model: model}
  last:
    run: python last.py ${{ params.seed }}
    inputs: {model: middle.model}

targets: {airflow: {}, jenkins: {}, kubeflow: {}}
"""
CHANGES = [
    (("python first.py", "python first.py --fast"), ("python last.py", "python last.py --slow")),
    (("/srv/store", "/srv/other"), ("python last.py", "python last.py --slow")),
    (("  middle:", "  extra:\n    run: python extra.py\n\n  middle:"), ("python last.py", "python last.py --slow")),
    (
        ("store: /srv", "secrets: {key: {env: KEY, airflow: {variable: k}, jenkins: {credentials: k}}}\n\nstore: /srv"),
        ("seed: 7", "seed: 8"),
    ),
    (("depth: 4", "depth: 6"), ("python last.py", "python last.py --slow")),
]
"""Each leaves the lines of the other alone."""


@pytest.fixture(autouse=True)
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    # git starts the driver as users have it: `mlspec` on the PATH.
    commands = tmp_path / ".commands"
    commands.mkdir()
    (commands / "mlspec").write_text(f'#!/bin/sh\nexec {sys.executable} -m mlspec "$@"\n')
    (commands / "mlspec").chmod(0o755)
    monkeypatch.setenv("PATH", f"{commands}{os.pathsep}{os.environ['PATH']}")
    git("init", "-q", "-b", "main")
    (tmp_path / ".git/info/exclude").write_text(".commands/\n.mlspec/\n")
    for key, value in (("user.name", "A"), ("user.email", "a@example.com")):
        git("config", key, value)
    Path("mlspec.yaml").write_text(SPEC)
    return tmp_path


def git(*words: str, fails: bool = False) -> str:
    done = subprocess.run(["git", *words], capture_output=True, text=True, check=False)
    assert (done.returncode != 0) == fails, done.stdout + done.stderr
    return done.stdout


def commit() -> None:
    assert main(["compile", "-q"]) == 0
    git("add", "-A")
    git("commit", "-q", "-m", "x")


def branches(one: tuple[str, str], other: tuple[str, str]) -> str:
    """Both changes on branches of their own; the spec with both."""
    commit()
    for name, (old, new) in (("one", one), ("other", other)):
        git("checkout", "-q", "-b", name, "main")
        Path("mlspec.yaml").write_text(SPEC.replace(old, new))
        commit()
    return SPEC.replace(*one).replace(*other)


@pytest.mark.parametrize("driver", [False, True])
@pytest.mark.parametrize(("one", "other"), CHANGES)
def test_what_does_not_conflict_in_the_spec_does_not_in_generated_files(
    one: tuple[str, str], other: tuple[str, str], driver: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    if driver:
        Path(".gitattributes").write_text("pipelines/** linguist-generated merge=mlspec-generated\n")
        assert main(["merge-generated", "--install"]) == 0
    both = branches(one, other)
    git("merge", "-q", "--no-edit", "one")
    assert Path("mlspec.yaml").read_text() == both
    capsys.readouterr()
    assert main(["compile", "--check"]) == 0, "what git made of them is what the spec says"
    before = generated()
    assert main(["compile"]) == 0
    assert "updated" not in capsys.readouterr().out
    assert generated() == before


def generated() -> dict[str, str]:
    """All files, but for the checksums."""
    files = [path for path in Path("pipelines").rglob("*") if path.is_file() and path.name != ".gitattributes"]
    return {path.as_posix(): path.read_text() for path in files}


def test_what_git_merged_may_be_compiled_anew_and_is_then_known(capsys: pytest.CaptureFixture[str]) -> None:
    branches(*CHANGES[0])
    git("merge", "-q", "--no-edit", "one")
    Path("mlspec.yaml").write_text(Path("mlspec.yaml").read_text().replace("seed: 7", "seed: 9"))
    assert main(["compile"]) == 0
    for path in sorted(Path("pipelines").glob("*/merged*")):
        path.write_text(path.read_text() + "\n")
    assert main(["compile"]) == 1
    assert capsys.readouterr().err.count("was edited by hand") == 3


@pytest.mark.parametrize("is_committed", [True, False])
def test_what_somebody_edits_after_a_merge_is_kept(capsys: pytest.CaptureFixture[str], is_committed: bool) -> None:
    branches(*CHANGES[0])
    git("merge", "-q", "--no-edit", *([] if is_committed else ["--no-commit"]), "one")
    assert main(["compile", "--check"]) == 0
    path = Path("pipelines/airflow/merged.py")
    path.write_text(path.read_text().replace("--fast", "--by-hand"))
    if is_committed:
        git("commit", "-q", "-a", "-m", "by hand")
    assert main(["compile"]) == 1
    assert "pipelines/airflow/merged.py may have been edited by hand" in capsys.readouterr().err
    assert "--by-hand" in path.read_text()
    assert main(["compile", "--force"]) == 0
    assert "--by-hand" not in path.read_text()


def test_changes_of_the_same_lines_conflict_and_are_made_again(capsys: pytest.CaptureFixture[str]) -> None:
    Path(".gitattributes").write_text("pipelines/** merge=mlspec-generated\n")
    assert main(["merge-generated", "--install"]) == 0
    branches(("first.py", "a.py"), ("first.py", "b.py"))
    git("merge", "-q", "one", fails=True)
    assert len(git("diff", "--name-only", "--diff-filter=U").split()) == 4, "and no checksums"
    Path("mlspec.yaml").write_text(SPEC.replace("first.py", "c.py"))
    capsys.readouterr()
    assert main(["compile"]) == 0
    assert capsys.readouterr().err.count("held both sides of a merge") == 3
    assert main(["compile", "--check"]) == 0


def test_leftovers_of_a_merge_are_removed() -> None:
    branches(("first.py", "a.py"), ("first.py", "b.py"))
    git("merge", "-q", "one", fails=True)
    Path("mlspec.yaml").write_text(SPEC.replace("jenkins: {}, ", ""))
    assert main(["compile"]) == 0
    assert not Path("pipelines/jenkins").exists()


def test_a_file_with_the_ends_of_windows_is_not_edited(capsys: pytest.CaptureFixture[str]) -> None:
    git("config", "core.autocrlf", "true")
    commit()
    for path in git("ls-files", "pipelines").split():
        Path(path).unlink()
    git("checkout", "-q", "--", "pipelines")
    assert b"\r\n" in Path("pipelines/airflow/merged.py").read_bytes()
    assert main(["compile", "--check"]) == 0
    Path("mlspec.yaml").write_text(SPEC.replace("depth: 4", "depth: 5"))
    assert main(["compile"]) == 0
    assert "edited" not in capsys.readouterr().err
    Path("pipelines/airflow/merged.py").write_bytes(Path("pipelines/airflow/merged.py").read_bytes() + b"# mine\r\n")
    assert main(["compile"]) == 1


def test_init_sets_the_driver_up(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["init"]) == 0
    assert "set up     git's merge of generated files" in capsys.readouterr().out
    assert git("config", "merge.mlspec-generated.driver") == "mlspec merge-generated %O %A %B %P\n"
    assert "merge=mlspec-generated" in git("check-attr", "merge", "pipelines/airflow/x.py").replace(": ", "=")
