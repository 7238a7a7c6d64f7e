"""What a shell is told while someone types, as docs/editors.md sets it up."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.waiting import LIMIT

DOCUMENT = Path(__file__).parents[2] / "docs" / "editors.md"
LINES = dict(re.findall(r"^\| (bash|zsh|fish) \|.*\| `(.+)` \|$", DOCUMENT.read_text(encoding="utf-8"), re.MULTILINE))
PATH = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"


def said(command: list[str], cwd: Path | None = None, **environment: str) -> str:
    environ = os.environ | {"PATH": PATH} | environment
    done = subprocess.run(command, env=environ, cwd=cwd, capture_output=True, text=True, timeout=LIMIT)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


@pytest.mark.parametrize(
    ("shell", "start"), [("bash", "_mlspec_completion()"), ("zsh", "#compdef mlspec"), ("fish", "function ")]
)
def test_each_shell_gets_a_script(shell: str, start: str) -> None:
    assert f"_MLSPEC_COMPLETE={shell}_source mlspec" in LINES[shell]
    assert said(["mlspec"], _MLSPEC_COMPLETE=f"{shell}_source").startswith(start)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["mlspec", "comp"], ["compile"]),
        (["mlspec", "compile", "--prof"], ["--profile"]),
        (["mlspec", "init", "--template", "t"], ["tabular"]),
        (["mlspec", "runs", "s"], ["show", "sync"]),
        (["mlspec", "explain", "pol"], ["policies"]),
        (["mlspec", "explain", "steps.train.ret"], ["steps.train.retry"]),
        (["mlspec", "explain", "MLS60"], ["MLS601", "MLS602", "MLS603", "MLS604", "MLS605"]),
    ],
)
def test_bash_completes_words(words: list[str], expected: list[str]) -> None:
    assert completed(words) == expected


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["mlspec", "compile", "-t", "j"], ["jenkins"]),
        (["mlspec", "plan", "-t", "air"], ["airflow"]),
        (["mlspec", "explain", "MLS31"], [f"MLS31{digit}" for digit in range(10)]),
        (["mlspec", "run", "--only", "t"], ["train", "train[depth=2]", "train[depth=4]"]),
        (["mlspec", "run", "--profile", "p"], ["prod"]),
        (["mlspec", "run", "-p", "s"], ["seed="]),
        (["mlspec", "run", "--resume", "R"], ["R2", "R1"]),
        (["mlspec", "runs", "show", ""], ["latest", "R2", "R1"]),
        (["mlspec", "approve", "latest", "s"], ["sign_off"]),
        (["mlspec", "env", "build", ""], ["ml"]),
        (["mlspec", "run", "broken.yaml", "--only", ""], []),
    ],
)
def test_what_the_spec_and_the_store_know_is_offered(words: list[str], expected: list[str], tmp_path: Path) -> None:
    (tmp_path / "mlspec.yaml").write_text(SPEC, encoding="utf-8")
    (tmp_path / "broken.yaml").write_text("steps: [", encoding="utf-8")
    for number, run in enumerate(("R1", "R2")):
        record = {"status": "succeeded", "attempts": 1, "started": f"2026-01-0{number + 1}T00:00:00.000Z", "error": None}
        place = tmp_path / f".mlspec/store/demo/{run}/train/0/_record.json"
        place.parent.mkdir(parents=True)
        place.write_text(json.dumps({**record, "outputs": {}, "cached_from": None}), encoding="utf-8")
    assert completed(words, cwd=tmp_path) == expected


SPEC = """apiVersion: mlspec/v1
kind: Lifecycle
metadata: {name: demo}
params: {seed: 7}
environments: {ml: {pythonpath: [src]}}
steps:
  train: {matrix: {depth: [2, 4]}, run: "echo ${{ params.seed }}", environment: ml}
  sign_off: {needs: [train], approval: {message: Go on?}}
profiles: {prod: {params: {seed: 8}}}
"""


def completed(words: list[str], **where: Path) -> list[str]:
    """What bash offers for the last word."""
    script = f'{LINES["bash"]}\nCOMP_WORDS=("$@")\nCOMP_CWORD=$(($# - 1))\n_mlspec_completion mlspec\nprintf "%s\\n" "${{COMPREPLY[@]}}"'
    return [line for line in said(["bash", "-c", script, "bash", *words], **where).splitlines() if line]
