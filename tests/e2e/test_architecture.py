"""docs/architecture.md is true: its files are there, and what it says carries a value on stands in them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "src" / "mlspec"
TEXT = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
WALK = re.findall(r"^\| `(src/[^`]+)` \| `([^`]+)` \|", TEXT, re.MULTILINE)
ROOMS = re.findall(r"^\| `(\w+(?:\.py|/))` \|", TEXT, re.MULTILINE)


@pytest.mark.parametrize(("file", "name"), WALK)
def test_the_value_passes_here(file: str, name: str) -> None:
    assert name in (ROOT / file).read_text(encoding="utf-8")


def test_the_walk_is_one() -> None:
    assert len(WALK) > 12


def test_every_room_is_described_and_no_other() -> None:
    there = {f"{path.name}/" if path.is_dir() else path.name for path in SOURCE.iterdir() if path.name[0] not in "_."}
    small = {"durations.py", "errors.py", "py.typed", "quantities.py", "resources.py"}
    assert set(ROOMS) == there - small


@pytest.mark.parametrize("document", [TEXT, CONTRIBUTING], ids=["architecture", "contributing"])
def test_paths_that_are_named_are_there(document: str) -> None:
    named = set(re.findall(r"`([\w./-]+\.(?:py|md|toml|j2)|[\w./-]+/)`", document)) - {"MLSnnn.md"}
    bases = (ROOT, SOURCE, ROOT / "tests", SOURCE / "targets" / "kubeflow")  # a recipe names the files of any target
    assert not [word for word in sorted(named) if not any((base / word).exists() for base in bases)]
