"""The worst that one file can ask for: a verdict, within 500 MB, and long before the processor time runs out."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.fuzz.hostile import TEXTS

MEGABYTES = 500
SECONDS = 30
"""Of processor time, after which the system ends what would not end: each text takes a second or less (`make bench`)."""


@pytest.mark.slow
@pytest.mark.parametrize("name", TEXTS)
def test_a_hostile_text_costs_little(name: str, tmp_path: Path) -> None:
    (tmp_path / "mlspec.yaml").write_text(TEXTS[name](), encoding="utf-8")
    with (tmp_path / "out").open("wb") as out:
        measured = subprocess.run(
            [sys.executable, "-S", "-c", MEASURED, sys.executable], cwd=tmp_path, stdout=subprocess.PIPE, stderr=out, check=True
        )
    status, kilobytes = map(int, measured.stdout.split())
    text = (tmp_path / "out").read_text(encoding="utf-8")
    assert status in (0, 1), text[-2000:]
    assert "Traceback" not in text
    assert kilobytes / 1024 <= MEGABYTES


MEASURED = f"""
import os, resource, subprocess, sys

def limited():
    resource.setrlimit(resource.RLIMIT_CPU, ({SECONDS}, {SECONDS}))
    resource.setrlimit(resource.RLIMIT_AS, (2 << 30, 2 << 30))

process = subprocess.Popen([sys.argv[1], "-m", "mlspec", "validate"], stdout=sys.stderr, preexec_fn=limited)
_, status, used = os.wait4(process.pid, 0)
print(os.waitstatus_to_exitcode(status), used.ru_maxrss)
"""
"""Starts it from a small process: what one has used counts with what it was forked from, and the tests' own is large by then."""
