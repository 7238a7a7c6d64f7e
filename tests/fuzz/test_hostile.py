"""The worst that one file can ask for: a verdict, within 500 MB, and long before the processor time runs out."""

from __future__ import annotations

import os
import resource
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
        process = subprocess.Popen(
            [sys.executable, "-m", "mlspec", "validate"], cwd=tmp_path, stdout=out, stderr=out, preexec_fn=_limited
        )
        _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    text = (tmp_path / "out").read_text(encoding="utf-8")
    assert process.returncode in (0, 1), text[-2000:]
    assert "Traceback" not in text
    assert used.ru_maxrss / 1024 <= MEGABYTES


def _limited() -> None:
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    resource.setrlimit(resource.RLIMIT_AS, (2 << 30, 2 << 30))
