"""Retries, timeouts, interruption: real processes, real signals."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.waiting import LIMIT, is_alive, until

if TYPE_CHECKING:
    from tests.unit.exec.conftest import Project


def is_running(pid_file: Path) -> bool:
    return is_alive(int(pid_file.read_text()))


def test_a_failed_attempt_is_repeated_and_leaves_nothing_for_the_next(project: Project) -> None:
    script = """
        echo x >> tries
        test ! -e ${{ outputs.a }}
        test -d "$(dirname ${{ outputs.b }})"
        mkdir ${{ outputs.a }}; touch ${{ outputs.a }}/$(wc -l < tries)
        test $(wc -l < tries) -lt 2 || echo > ${{ outputs.b }}
        test $(wc -l < tries) -ge 3 || exit 7
    """
    end = project.exec("--step", "s", "--output", "a=model", "--output", "b=model", "--retry", "2", "--shell", script)
    assert end.returncode == 0, end.stderr
    assert end.stderr.splitlines() == [
        f"mlspec: step s: attempt {number} of 3 failed: its process ended with exit status 7; the next starts in 0 s"
        for number in (1, 2)
    ]
    assert project.files("s") == {"a", "a/3", "b", "_record.json"}
    assert (project.record("s")["attempts"], project.record("s")["exit_code"]) == (3, 0)


def test_the_limit_counts_retries_and_the_last_failure_is_the_steps(project: Project) -> None:
    last = project.fails("--step", "s", "--retry", "2", "--shell", "echo x >> tries; exit $(wc -l < tries)")
    assert last == "mlspec: step s failed: its process ended with exit status 3"
    assert (project.record("s")["attempts"], project.record("s")["exit_code"]) == (3, 3)


def test_an_attempt_with_wrong_outputs_is_a_failed_one(project: Project) -> None:
    script = "echo x >> tries; test $(wc -l < tries) -lt 2 || echo '{}' > ${{ outputs.m }}"
    project.done("--step", "s", "--output", "m=metrics", "--retry", "1", "--shell", script)
    assert project.record("s")["attempts"] == 2


def test_delays_grow_by_the_factor_up_to_the_longest(project: Project) -> None:
    start = time.monotonic()
    end = project.exec("--step", "s", "--retry", "3,delay=0.1,factor=3,max_delay=0.4", "--shell", "exit 1")
    assert [line.rpartition("in ")[2] for line in end.stderr.splitlines()[:3]] == ["0.1 s", "0.3 s", "0.4 s"]
    assert time.monotonic() - start > 0.8


def test_a_body_that_ends_with_99_has_failed(project: Project) -> None:
    assert "exit status 99" in project.fails("--step", "s", "--shell", "exit 99")


def test_a_body_ended_by_a_signal_has_failed_with_the_shells_number_for_it(project: Project) -> None:
    assert "ended by SIGKILL" in project.fails("--step", "s", "--shell", "kill -9 $$")
    assert project.record("s")["exit_code"] == 137


def test_a_timeout_ends_the_whole_process_group_of_each_attempt(project: Project) -> None:
    script = "sh -c 'echo $$ > grandchild; sleep 600' & echo $$ > child; echo x >> tries; sleep 600"
    last = project.fails("--step", "s", "--timeout", "2", "--retry", "1", "--shell", script)
    assert last == "mlspec: step s failed: it took longer than its timeout of 2 s"
    assert (project.root / "tries").read_text() == "x\nx\n"
    assert not is_running(project.root / "child")
    assert not is_running(project.root / "grandchild")


def test_a_group_that_ignores_the_polite_signal_is_ended_all_the_same(project: Project) -> None:
    script = "trap '' TERM; sh -c 'echo $$ > grandchild; sleep 600; sleep 600' & sleep 600; sleep 600"
    start = time.monotonic()
    assert "timeout" in project.fails("--step", "s", "--timeout", "2", "--shell", script)
    assert time.monotonic() - start > 2 + 5, "it had its time to clean up"
    assert not is_running(project.root / "grandchild")


def test_a_timeout_lets_the_body_clean_up(project: Project) -> None:
    script = "sh -c 'trap \"sleep 0.3; touch cleaned; exit\" TERM; while :; do sleep 0.05; done' & wait"
    project.fails("--step", "s", "--timeout", "2", "--shell", script)
    assert (project.root / "cleaned").exists()


def test_what_a_body_leaves_running_is_ended_with_it(project: Project) -> None:
    project.done("--step", "s", "--shell", "sleep 60 > /dev/null 2>&1 & echo $! > left")
    assert not is_running(project.root / "left")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT])
def test_an_interrupted_step_ends_its_body_and_says_so(project: Project, number: signal.Signals) -> None:
    words = ("--step", "s", "--output", "o=model", "--retry", "5")
    process = project.start(*words, "--shell", "echo > ${{ outputs.o }}; sh -c 'echo $$ > grandchild; sleep 600'; true")
    until(lambda: (project.root / "grandchild").exists() and (project.root / "grandchild").read_text() != "")
    process.send_signal(number)
    _, err = process.communicate(timeout=LIMIT)
    assert process.returncode == 1
    assert err == f"mlspec: step s failed: interrupted by {number.name}\n"
    assert not is_running(project.root / "grandchild")
    assert project.files("s") == {"_record.json"}
    record = project.record("s")
    assert (record["status"], record["error"], record["attempts"]) == ("failed", f"interrupted by {number.name}", 1)


def test_an_interruption_between_attempts_is_one_too(project: Project) -> None:
    process = project.start("--step", "s", "--retry", "1,delay=60", "--shell", "touch ran; exit 1")
    until((project.root / "ran").exists)
    time.sleep(0.3)
    process.send_signal(signal.SIGTERM)
    _, err = process.communicate(timeout=LIMIT)
    assert (process.returncode, err.splitlines()[-1]) == (1, "mlspec: step s failed: interrupted by SIGTERM")
    assert project.record("s")["error"] == "interrupted by SIGTERM"


def test_a_signal_that_the_parent_ignores_stays_ignored(project: Project) -> None:
    former = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        process = project.start("--step", "s", "--shell", "touch ran; sleep 0.5")
    finally:
        signal.signal(signal.SIGHUP, former)
    until((project.root / "ran").exists)
    process.send_signal(signal.SIGHUP)
    process.communicate(timeout=LIMIT)
    assert process.returncode == 0


def test_a_parent_that_ignores_the_end_of_children_does_not_hide_a_failure(project: Project) -> None:
    former = signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    try:
        process = project.start("--step", "s", "--shell", "exit 3")
    finally:
        signal.signal(signal.SIGCHLD, former)
    process.communicate(timeout=LIMIT)
    assert project.record("s")["exit_code"] == 3


def test_the_body_has_nothing_to_read_and_no_terminal_of_ours(project: Project) -> None:
    out = project.done("--step", "s", "--shell", "cat; ps -o sid= -p $$; echo $$")
    session, pid = out.split()
    assert session == pid != str(os.getsid(0))
