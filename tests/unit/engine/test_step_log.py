"""A flood of log: within a size on disk, whatever is written in memory, and both ends of it kept."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from mlspec.engine.step_log import HEAD_BYTES, SEGMENT_BYTES, StepLog

MEGABYTE = 2**20


def test_a_log_of_usual_size_is_whole(tmp_path: Path) -> None:
    log = StepLog(tmp_path / "logs" / "a.txt")
    log.write(b"one\n")
    log.write(b"two\n")
    log.close()
    log.write(b"too late\n")
    again = StepLog(log.path)  # the process is started once more
    again.write(b"three\n")
    again.close()
    assert log.path.read_bytes() == b"one\ntwo\nthree\n"
    assert (log.fault, again.fault) == ("", "")


@pytest.mark.parametrize("size", [HEAD_BYTES, HEAD_BYTES + SEGMENT_BYTES, HEAD_BYTES + 2 * SEGMENT_BYTES + 100])
def test_nothing_is_cut_out_before_it_must_be(tmp_path: Path, size: int) -> None:
    log, content = StepLog(tmp_path / "a.txt"), os.urandom(size)
    for start in range(0, size, 1_000_003):
        log.write(content[start : start + 1_000_003])
    log.close()
    kept = log.path.read_bytes()
    assert (kept == content) or (size > HEAD_BYTES + 2 * SEGMENT_BYTES and kept.endswith(content[-SEGMENT_BYTES:]))
    assert list(tmp_path.iterdir()) == [log.path]


def test_of_a_flood_the_ends_are_kept_and_what_is_between_is_counted(tmp_path: Path) -> None:
    log, total = StepLog(tmp_path / "a.txt"), 0
    for number in range(60 * 16):
        line = f"{number:08}".encode() * (MEGABYTE // 16 // 8 - 1) + b"\n"
        total += len(line)
        log.write(line)
    log.close()
    kept = log.path.read_bytes()
    assert len(kept) < HEAD_BYTES + 2 * SEGMENT_BYTES + 2 * MEGABYTE // 16 + 200
    head, _, rest = kept.partition(b"\nmlspec: ")
    count, _, tail = rest.partition(b" bytes are cut out here: of a log this long the beginning and the end are kept\n")
    assert (len(head), len(head) + len(tail) + int(count.replace(b",", b""))) == (HEAD_BYTES, total)
    assert (kept[:8], tail[-9:], len(tail) >= SEGMENT_BYTES) == (b"00000000", b"00000959\n", True)


SPEC = """\
apiVersion: mlspec/v1
kind: Lifecycle
metadata: {name: life}
params: {megabytes: 1}
steps:
  flood: {run: "head -c ${{ params.megabytes }}M /dev/zero | tr '\\\\0' LETTER; echo; echo the end"}
"""
MEASURED = """
import os, subprocess, sys
process = subprocess.Popen([sys.executable, "-m", "mlspec", "run", "-p", f"megabytes={sys.argv[1]}"], stdout=sys.stderr)
print(os.wait4(process.pid, 0)[2].ru_maxrss)
"""


@pytest.mark.slow
@pytest.mark.parametrize("letter", ["x", "'\\\\n'"], ids=["one line", "short lines"])
def test_memory_does_not_grow_with_what_steps_write(tmp_path: Path, letter: str) -> None:
    (tmp_path / "mlspec.yaml").write_text(SPEC.replace("LETTER", letter))

    def peak(megabytes: int) -> float:
        words = [sys.executable, "-S", "-c", MEASURED.replace("sys.executable", repr(sys.executable)), str(megabytes)]
        return int(subprocess.run(words, cwd=tmp_path, stdout=subprocess.PIPE, check=True).stdout) / 1024

    small, large = peak(1), peak(64 if letter == "x" else 8)
    assert large < small + 24, "the queue of lines that wait to be shown, and no more"
    logs = sorted(path.stat().st_size for path in tmp_path.glob(".mlspec/store/life/*/flood/_log.txt"))
    assert logs[-1] < 18 * MEGABYTE
    assert all(b"the end" in path.read_bytes()[-100:] for path in tmp_path.glob(".mlspec/store/life/*/flood/_log.txt"))
