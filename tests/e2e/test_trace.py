"""`mlspec run` says which files of the project steps read that nobody declared: named in their text, or seen opened."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

SPEC = """\
apiVersion: mlspec/v1
kind: Lifecycle
metadata: {name: traced}
steps:
  script:
    inputs: {declared: {path: declared}}
    run: |
      name=hidden
      cat data/$name.csv declared/*.csv > ${{ outputs.table }}
      echo > scratch.txt && cat scratch.txt
    outputs: {table: artifact}
  function:
    call: work:make
    with: {name: hidden}
    outputs: {model: artifact}
  named: {run: "cat data/named.csv > ${{ outputs.table }}", outputs: {table: artifact}}
"""
WORK = """\
import os
from pathlib import Path

import near


def make(model, name):
    text = (Path("data") / (name + ".csv")).read_text()
    Path("made.txt").write_text(text)
    model.write_text(Path("made.txt").read_text() + near.WORD)
    os.listdir("data")
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    for name in ("data/hidden.csv", "data/named.csv", "declared/a.csv"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("1\n")
    (tmp_path / "near.py").write_text("WORD = 'x'\n")
    (tmp_path / "work.py").write_text(WORK)
    (tmp_path / "mlspec.yaml").write_text(SPEC)
    return tmp_path


def run(project: Path, *words: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "mlspec", "run", *words], cwd=project, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr + done.stdout
    return done.stdout


def warnings(text: str) -> dict[str, str]:
    found = [line.removeprefix("warning: ").partition(": ") for line in text.splitlines() if line.startswith("warning: ")]
    return {step: message for steps, _, message in found for step in steps.split(", ")}


@pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed")
def test_what_steps_open_and_nobody_declared(project: Path) -> None:
    for _ in range(2):  # the modules are compiled then
        told = warnings(run(project, "--trace", "-q"))
        assert told["script"].startswith("opened data/hidden.csv: ")
        assert told["function"].startswith("opened data/hidden.csv: ")
        assert told["named"].startswith("the script names `data/named.csv`")
        assert "add `inputs: {named: {path: data/named.csv}}`" in told["named"]
        assert "mlspec.yaml:" in told["named"]
        assert set(told) == {"script", "function", "named"}


def test_without_strace_scripts_run_all_the_same(project: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in ("sh", "cat", "git"):
        if path := shutil.which(name):
            (folder / name).symlink_to(path)
    monkeypatch.setenv("PATH", str(folder))
    text = run(project, "--trace")
    assert "it was not seen which files it opened: strace is not installed here" in text
    assert "opened data/hidden.csv" in text


def test_nobody_looks_on_unasked(project: Path) -> None:
    assert set(warnings(run(project))) == {"named"}
    assert "from the cache" not in run(project, "--trace")
