"""What a shell is told while someone types, as docs/editors.md sets it up."""

from __future__ import annotations

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


def said(command: list[str], **environment: str) -> str:
    done = subprocess.run(command, env=os.environ | {"PATH": PATH} | environment, capture_output=True, text=True, timeout=LIMIT)
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
        (["mlspec", "runs", "s"], ["show"]),
    ],
)
def test_bash_completes_words(words: list[str], expected: list[str]) -> None:
    script = f'{LINES["bash"]}\nCOMP_WORDS=("$@")\nCOMP_CWORD=$(($# - 1))\n_mlspec_completion mlspec\nprintf "%s\\n" "${{COMPREPLY[@]}}"'
    assert said(["bash", "-c", script, "bash", *words]).splitlines() == expected
