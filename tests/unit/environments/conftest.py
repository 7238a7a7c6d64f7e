"""A wheel made here: environments are built from it without a network."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest


@pytest.fixture
def wheel(tmp_path: Path) -> Path:
    """A wheel of one module, `tinymodule`."""
    path = tmp_path / "tinymodule-1.0-py3-none-any.whl"
    info = "tinymodule-1.0.dist-info"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("tinymodule.py", "ANSWER = 42\n")
        archive.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\nName: tinymodule\nVersion: 1.0\n")
        archive.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nGenerator: t\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr(f"{info}/RECORD", "")
    return path
