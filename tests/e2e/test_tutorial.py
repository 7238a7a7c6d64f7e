"""The tutorial, followed as a user would: its files are written, its commands run in one shell, their output is what it shows.

In a `console` block a line `$ …` is a command; what follows is what it prints, where `…` stands for any text and a line `…` for any
lines. A command must end well unless the next one is `echo $?`. A fence with a title is a file; `(at the end)` adds to it.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]
PARTS = [
    ROOT / "docs/tutorial" / name for name in ("index.md", "1-spec.md", "2-run.md", "3-gate.md", "4-compile.md", "5-review.md")
]
FENCE = re.compile(r"^```(\w+)(?: title=\"([^\"]+)\")?\n(.*?)^```$", re.MULTILINE | re.DOTALL)
END = "--- ended "


class Shell:
    """One shell for all commands, as a reader has one."""

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        self._shell = subprocess.Popen(
            ["bash", "--norc"],
            cwd=folder,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def run(self, command: str) -> tuple[int, str]:
        """What a command ended with, and all that it printed."""
        assert self._shell.stdin and self._shell.stdout
        self._shell.stdin.write(f"{{ {command}\n}} </dev/null\nstatus=$?; echo; echo '{END}'$status; (exit $status)\n")
        self._shell.stdin.flush()
        lines: list[str] = []
        for line in self._shell.stdout:
            if line.startswith(END):
                return int(line.removeprefix(END)), "".join(lines).rstrip("\n")
            lines.append(line)
        raise AssertionError(f"the shell has ended in {command!r}:\n{''.join(lines)}")

    def close(self) -> None:
        assert self._shell.stdin and self._shell.stdout
        self._shell.stdin.close()
        self._shell.wait(timeout=60)
        self._shell.stdout.close()


def commands(block: str) -> list[tuple[str, str]]:
    """The commands of a console block, each with what it is to print."""
    found: list[tuple[str, list[str]]] = []
    for line in block.splitlines():
        if line.startswith("$ "):
            found.append((line.removeprefix("$ "), []))
        else:
            found[-1][1].append(line)
    return [(command, "\n".join(lines)) for command, lines in found]


def pattern(shown: str) -> str:
    """What is shown as a regular expression."""
    parts = [".*(?:\n.*)*?" if line == "…" else re.escape(line).replace("…", ".*") for line in shown.splitlines()]
    return "\n".join(parts).replace("\n.*(?:\n.*)*?", "(?:\n.*)*?") + r"\s*"


@pytest.fixture
def shell(tmp_path: Path) -> Iterator[Shell]:
    """A shell in which `pip install mlspec` finds this checkout as a wheel, and what that needs in the environment of the tests."""
    wheels = tmp_path / "wheels"
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(wheels)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    inherited = ("HOME", "LANG", "LC_ALL", "TMPDIR")
    environment = {name: os.environ[name] for name in inherited if name in os.environ}
    environment |= {
        "PATH": os.pathsep.join([str(Path(sys.executable).resolve().parent), "/usr/local/bin", "/usr/bin", "/bin"]),
        "PIP_NO_INDEX": "1",
        "PIP_NO_DEPS": "1",
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "PIP_FIND_LINKS": str(wheels),
        "NO_COLOR": "1",
    }
    opened = Shell(tmp_path, environment)
    yield opened
    opened.close()


def test_the_tutorial_does_what_it_says(shell: Shell, tmp_path: Path) -> None:
    for part in PARTS:
        for language, title, body in FENCE.findall(part.read_text(encoding="utf-8")):
            if language == "console":
                follow(shell, body, part.name)
                if (
                    "pip install" in body
                ):  # what mlspec needs is that of the tests: what an index serves is no matter of this one
                    shell.run(f"export PYTHONPATH={next(path for path in sys.path if path.endswith('site-packages'))}")
            elif title:
                folder = Path(shell.run("pwd")[1])
                path = folder / title.removesuffix(" (at the end)")
                path.parent.mkdir(parents=True, exist_ok=True)
                before = (
                    path.read_text(encoding="utf-8").rstrip("\n") + "\n\n"
                    if title != path.relative_to(folder).as_posix()
                    else ""
                )
                path.write_text(before + body.removeprefix("\n" if before else ""), encoding="utf-8")
    assert (tmp_path / "models/bikes.json").is_file()


def follow(shell: Shell, block: str, part: str) -> None:
    """Type the commands of a block, and compare."""
    typed = commands(block)
    for number, (command, shown) in enumerate(typed):
        status, printed = shell.run(command)
        asked = number + 1 < len(typed) and typed[number + 1][0] == "echo $?"
        assert asked or status == 0, f"{part}: {command} ended with {status}:\n{printed}"
        if shown or "…" not in block:
            assert re.fullmatch(pattern(shown), printed), f"{part}: {command}\n--- printed\n{printed}\n--- shown\n{shown}"
