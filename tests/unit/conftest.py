"""What tests of more than one package need."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests import wheels


@pytest.fixture
def wheel(tmp_path: Path) -> Path:
    """A package that an environment can be built of without an index."""
    return wheels.tinymodule(tmp_path)
