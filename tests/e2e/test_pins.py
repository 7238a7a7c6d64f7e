"""The pins: plain, sorted, of one version each, and the very ones that the examples ask for."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from mlspec.cli.main import main
from mlspec.environments.lines import logical

ROOT = Path(__file__).resolve().parents[2]
LINES = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
PINS = dict(line.split("==") for line in LINES)
EXAMPLES = sorted((ROOT / "examples").glob("*/mlspec.yaml"))


def test_every_line_is_a_name_and_a_version() -> None:
    assert [line for line in LINES if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*==[0-9][0-9a-z.]*", line)] == []


def test_they_are_sorted_and_each_name_is_there_once() -> None:
    assert sorted(LINES) == LINES
    assert len(PINS) == len(LINES)


@pytest.mark.parametrize("spec", EXAMPLES, ids=lambda path: path.parent.name)
def test_an_example_is_locked_to_the_pins(spec: Path) -> None:
    """`make pins` locks it; else its runs would build an environment of their own, of a gigabyte."""
    assert main(["lock", "--check", "--quiet", str(spec)]) == 0
    locked = [line.split()[0] for path in (spec.parent / "locks").glob("*.txt") for line in logical(path.read_text())]
    found = dict(line.split("==") for line in locked)
    assert found
    assert {name: version for name, version in found.items() if PINS.get(name, version) != version} == {}


@pytest.mark.parametrize("spec", EXAMPLES, ids=lambda path: path.parent.name)
def test_an_example_needs_no_environment_of_its_own(spec: Path) -> None:
    """Else `make demo` would make a second environment, with everything in it once more."""
    environments = yaml.safe_load(spec.read_text(encoding="utf-8")).get("environments", {})
    wanted = {line for environment in environments.values() for line in environment.get("requirements", [])}
    assert wanted <= set(LINES), wanted - set(LINES)
