"""What tests of more than one package need."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import settings

from tests import wheels

settings.register_profile("any machine", deadline=None)  # how long an example takes is the machine's matter
settings.load_profile("any machine")


@pytest.fixture
def wheel(tmp_path: Path) -> Path:
    """A package that an environment can be built of without an index."""
    return wheels.tinymodule(tmp_path)
