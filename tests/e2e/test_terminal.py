"""What people see of a run in a terminal: a real one, read as it draws."""

from __future__ import annotations

import fcntl
import getpass
import json
import os
import pty
import re
import signal
import subprocess
import sys
import termios
from contextlib import suppress
from pathlib import Path

import pytest

from tests.waiting import LIMIT, until

SPEC = """apiVersion: mlspec/v1
kind: Lifecycle
metadata: {name: demo}
steps:
  train:
    run: |
      printf 'epoch 1 of 3\\nepoch 2 of 3 \\033[31m東京\\n'
      while [ ! -e go ]; do sleep 0.1; done
  after: {needs: [train], run: "true"}
"""


class Terminal:
    """A terminal of 60 columns in which mlspec runs; `text` is all that it was sent."""

    def __init__(self, project: Path, *words: str, **variables: str) -> None:
        self._ours, theirs = pty.openpty()
        environ = {**os.environ, "TERM": "xterm", "COLUMNS": "60"} | variables
        self.process = subprocess.Popen(
            [sys.executable, "-m", "mlspec", "run", *words],
            cwd=project,
            env=environ,
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
        )
        os.close(theirs)
        os.set_blocking(self._ours, False)
        self._sent = b""

    def type(self, text: str) -> None:
        os.write(self._ours, text.encode())

    def read(self) -> str:
        with suppress(OSError):  # nothing more, or nobody is left who writes
            self._sent += os.read(self._ours, 1 << 16)
        return self.text

    @property
    def text(self) -> str:
        return self._sent.decode(errors="replace")

    def shows(self, pattern: str) -> None:
        until(lambda: re.search(pattern, self.read()) is not None)

    def end(self) -> str:
        def over() -> bool:
            self.read()
            return self.process.poll() is not None

        until(over)
        self.read()
        os.close(self._ours)
        return self.text

    def screen(self) -> list[str]:
        """What is left to see: lines that were taken away are not."""
        seen: list[str] = []
        for line in re.sub(r"\x1b\[[0-9;]*m", "", self.text).replace("\r", "").split("\n"):
            gone = line.count("\x1b[A\x1b[2K")
            seen = seen[: len(seen) - gone] if gone else seen
            seen.append(line.replace("\x1b[A\x1b[2K", ""))
        return seen


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "mlspec.yaml").write_text(SPEC, encoding="utf-8")
    return tmp_path


def test_a_running_step_shows_its_time_and_its_last_line(project: Path) -> None:
    terminal = Terminal(project)
    terminal.shows(r"… train [1-9]\d* s  epoch 2 of 3 東京")
    (project / "go").touch()
    assert "\x1b[31m" not in terminal.end()
    screen = terminal.screen()
    assert not [line for line in screen if line.startswith("…")], screen
    assert [line for line in screen if line.startswith("✓ train")], screen
    assert screen[-2].endswith("succeeded"), screen


@pytest.mark.parametrize(("words", "variables"), [(["-q"], {}), (["-v"], {}), ([], {"TERM": "dumb"})])
def test_who_asks_for_less_or_for_all_lines_sees_no_foot(project: Path, words: list[str], variables: dict[str, str]) -> None:
    (project / "go").touch()
    (project / "mlspec.yaml").write_text(SPEC.replace("while", "sleep 1.5\n      while"), encoding="utf-8")
    text = Terminal(project, *words, **variables).end()
    assert "… train" not in text and "\x1b[2K" not in text


def test_an_interrupt_leaves_a_clean_screen(project: Path) -> None:
    terminal = Terminal(project)
    terminal.shows(r"… train \d+ s  epoch")
    terminal.process.send_signal(signal.SIGINT)
    terminal.end()
    assert terminal.process.wait(LIMIT) == 130
    screen = terminal.screen()
    assert not [line for line in screen if line.startswith("…")], screen
    assert [line for line in screen if "for the rest: mlspec run --resume" in line], screen


def test_the_foot_says_how_much_is_left_once_a_run_has_shown_how_long_its_steps_take(tmp_path: Path) -> None:
    (tmp_path / "mlspec.yaml").write_text(SPEC)
    (tmp_path / "go").touch()
    first = Terminal(tmp_path)
    assert "left" not in first.end()
    (tmp_path / "go").unlink()
    (record,) = tmp_path.glob(".mlspec/store/demo/2*/after/_record.json")
    noted = json.loads(record.read_text())
    noted["started"], noted["ended"] = "2026-01-01T00:00:00.000Z", "2026-01-01T02:05:00.000Z"
    record.write_text(json.dumps(noted))
    again = Terminal(tmp_path)
    again.shows(r"about 2 h 05 min left")
    (tmp_path / "go").touch()
    again.end()
    assert "left" not in "\n".join(again.screen())


ASKS = SPEC.replace("  after:", "  sign_off: {needs: [quick], approval: {message: Promote?, timeout: TIME}}\n  after:").replace(
    "needs: [train]", "needs: [sign_off]"
)
QUICK = """  quick: {run: "echo '{\\"auc\\": 0.9}' > ${{ outputs.m }}", outputs: {m: metrics}}
"""


def asking(project: Path, *words: str, time: str = "1h", **variables: str) -> Terminal:
    (project / "mlspec.yaml").write_text(ASKS.replace("TIME", time) + QUICK, encoding="utf-8")
    terminal = Terminal(project, *words, **variables)
    terminal.shows(r"approve sign_off\? \[yes/no\]")
    return terminal


def answer(project: Path) -> dict[str, object]:
    (record,) = (project / ".mlspec/store/demo").glob("*/sign_off/_record.json")
    found: dict[str, object] = json.loads(record.read_text())["approval"]
    return found


@pytest.mark.parametrize(("typed", "said", "status"), [("maybe\nyes\n", "approved", 0), ("N\n", "refused", 1)])
def test_a_question_is_answered_where_it_is_shown_while_others_run_on(
    project: Path, typed: str, said: str, status: int
) -> None:
    terminal = asking(project)
    assert "? sign_off: Promote?" in terminal.text
    assert "quick.m.auc = 0.9" in terminal.text, "what it is decided upon"
    terminal.type(typed)
    terminal.shows(r"[✓✗]\S* sign_off")
    terminal.shows(r"… train")  # its foot is there again
    (project / "go").touch()
    terminal.end()
    assert terminal.process.returncode == status
    found = answer(project)
    assert (found["answer"], found["by"], "quick.m.auc = 0.9" in str(found["evidence"])) == (said, getpass.getuser(), True)
    assert set(found["seen"]) == {"quick.m"}  # type: ignore[call-overload]


def test_a_question_that_is_answered_elsewhere_or_too_late_is_asked_no_more(project: Path) -> None:
    terminal = asking(project, time="2s")
    terminal.shows(r"✗\S* sign_off +failed")
    assert "nobody answered in time" in terminal.text
    (project / "go").touch()
    terminal.end()
    assert answer(project)["answer"] == "unanswered"
    again = Terminal(project, "--resume", "latest")
    again.shows(r"approve sign_off\?")
    approve = [sys.executable, "-m", "mlspec", "approve", "latest", "sign_off"]
    assert subprocess.run(approve, cwd=project, stdout=subprocess.DEVNULL).returncode == 0
    again.shows(r"✓\S* sign_off")
    again.end()
    assert (again.process.returncode, answer(project)["answer"]) == (0, "approved")


def test_an_interrupt_ends_a_run_that_waits_for_an_answer(project: Path) -> None:
    terminal = asking(project)
    terminal.process.send_signal(signal.SIGINT)
    terminal.end()
    assert terminal.process.wait(LIMIT) == 130


def test_a_narrow_terminal_shows_the_graph_in_order_and_how_far_it_is(tmp_path: Path) -> None:
    steps = "".join(f"  s{number}: {{run: 'while [ ! -e {tmp_path}/go ]; do sleep 0.1; done'}}\n" for number in range(300))
    (tmp_path / "mlspec.yaml").write_text(f"apiVersion: mlspec/v1\nkind: Lifecycle\nmetadata: {{name: wide}}\nsteps:\n{steps}")
    terminal = Terminal(tmp_path, "-j", "12", COLUMNS="24", LINES="7")
    terminal.shows(r"12 running, 288 to")
    shown = re.sub(r"\x1b\[[0-9;]*[mAK]", "", terminal.text).replace("\r", "").split("\n")
    assert max(map(len, shown)) <= 60 and [line for line in shown if line.startswith("…")], shown
    foot = terminal.screen()[-7:]
    assert [line.split()[1] for line in foot if line.startswith("…")] == ["s0", "s1", "s2", "s3"], foot
    assert "  and 8 more" in foot
    terminal.process.send_signal(signal.SIGINT)
    terminal.end()
