"""Random `kill -9` of the runner, its steps and their bodies: after `--resume` it is as if nothing had happened."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.crash.__main__ import attack


@pytest.mark.slow
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="processes are found in /proc")
def test_a_run_that_is_killed_again_and_again_ends_as_if_nothing_had_happened(tmp_path: Path) -> None:
    total, found = attack(tmp_path, kills=60, longest=3.0, seed=1)
    assert total >= 60
    assert found == []
