"""`mlspec reproduce`: runs of real repositories, done again."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.e2e.test_cli import mlspec

EXAMPLES = sorted((Path(__file__).parents[2] / "examples").glob("*/mlspec.yaml"))

SPEC = """\
apiVersion: mlspec/v1
kind: Lifecycle
metadata: {name: again}
params: {n: 3, wild: false}
store: out
steps:
  make:
    run: |
      cat ${{ inputs.raw }} ${{ inputs.kept }} > ${{ outputs.table }}
      seq ${{ params.n }} >> ${{ outputs.table }}
      if [ ${{ params.wild }} = true ]; then date +%N >> ${{ outputs.table }}; fi
    inputs: {raw: {path: data/raw.csv}, kept: {path: kept.csv}}
    outputs: {table: dataset}
  tell: {stage: service, run: "echo told >> ../told.txt", needs: [make]}
  each:
    needs: [tell]
    foreach: [1, 2]
    run: "tail -${{ item }} ${{ inputs.t }} > ${{ outputs.o }}"
    inputs: {t: make.table}
    outputs: {o: artifact}
profiles: {more: {params: {n: 5}}}
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "repository" / "team"
    (folder / "data").mkdir(parents=True)
    (folder / "mlspec.yaml").write_text(SPEC)
    (folder / "data" / "raw.csv").write_text("a\n")
    (folder / "kept.csv").write_text("k\n")
    (folder / ".gitignore").write_text("data\n")
    commit(folder)
    return folder


def commit(folder: Path) -> None:
    git = ["git", "-c", "user.name=a", "-c", "user.email=a@example.com"]
    for words in (["init", "-q", "."], ["add", "-A"], ["commit", "-q", "-m", "x"]):
        top = folder.parent if words[0] == "init" else folder
        subprocess.run([*git, *words], cwd=top, check=True, capture_output=True)


def test_a_run_is_done_again_as_it_was_and_what_differs_is_named(project: Path) -> None:
    assert mlspec("run", "-q", "--profile", "more", "--set", "params.n=6", cwd=project).returncode == 0
    told = project.parent / "told.txt"
    assert told.read_text() == "told\n"
    (project / "mlspec.yaml").write_text(SPEC.replace("seq ${{ params.n }}", "seq 99"))
    commit(project)  # what there is now is of no interest
    words = ["reproduce", "latest", "--profile", "more", "--format", "json"]
    done = mlspec(*words, cwd=project)
    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads(done.stdout)
    assert {(one["step"], one["name"]) for one in found["compared"]} == {
        ("make", "input raw"),
        ("make", "input kept"),
        ("make", "table"),
        ("each[0]", "o"),
        ("each[1]", "o"),
    }
    assert all(one["same"] and one["then"].startswith("sha256:") for one in found["compared"])
    assert list(found["not_repeated"]) == ["tell"]
    assert told.read_text() == "told\n", "nothing is told again"
    assert len(mlspec("runs", "list", "--profile", "more", cwd=project).stdout.splitlines()) <= 2, "it is no run of the project"

    (project / "data" / "raw.csv").write_text("b\n")
    done = mlspec(*words[:-2], "-q", cwd=project)
    assert done.returncode == 1
    assert "note: the input data/raw.csv is in no commit, and is not what it was" in done.stdout
    assert "DIFFERENT" in done.stdout and "2 of 5 differ" in done.stdout


def test_what_cannot_be_done_again_is_refused_with_a_reason(project: Path, tmp_path: Path) -> None:
    (project / "new file.py").touch()
    assert mlspec("run", "-q", "-p", "wild=true", cwd=project).returncode == 0
    done = mlspec("reproduce", "latest", cwd=project)
    assert (done.returncode, done.stdout) == (1, "")
    assert "changes that no commit has: new file.py" in done.stderr
    commit(project)
    assert mlspec("run", "-q", "--no-cache", "-p", "wild=true", cwd=project).returncode == 0
    kept = tmp_path / "kept"
    done = mlspec("reproduce", "latest", "--keep", str(kept), cwd=project)
    assert done.returncode == 1 and "DIFFERENT" in done.stdout
    assert (kept / "team" / "mlspec.yaml").read_text() == SPEC
    assert mlspec("reproduce", "never", cwd=project).returncode == 2


@pytest.mark.slow
@pytest.mark.parametrize("spec", EXAMPLES, ids=lambda path: path.parent.name)
def test_two_clean_clones_on_one_lock_make_an_example_byte_for_byte(spec: Path, tmp_path: Path) -> None:
    folder = tmp_path / "repository" / spec.parent.name
    shutil.copytree(spec.parent, folder, ignore=shutil.ignore_patterns(".mlspec", "__pycache__"))
    commit(folder)
    unregistered = ["-p", "promote=false"] if "\n  promote:" in spec.read_text(encoding="utf-8") else []
    done = mlspec("run", "-q", "--locked", *unregistered, cwd=folder)
    assert done.returncode == 0, done.stdout + done.stderr
    done = mlspec("reproduce", "latest", "-q", cwd=folder)
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r": all \d\d are the same$", done.stdout, re.MULTILINE)
