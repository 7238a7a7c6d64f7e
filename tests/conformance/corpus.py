"""Drawn lifecycles as files: the spec as mlspec reads it, below the description it was made from.

In: a drawn lifecycle, or a file. Out: the other. Owns the form of the files in `corpus/`; never draws. Change it when a file should
say more about itself.
"""

from __future__ import annotations

import json
import textwrap
from pathlib import Path
from typing import cast

from tests.conformance.drawn import Life
from tests.conformance.oracle import foresee
from tests.conformance.render import project

FOLDER = Path(__file__).parent / "corpus"
_MARK = "#| "


def written(life: Life, title: str) -> str:
    """The file of a lifecycle: what it is there for, what must come of it, its description, its spec."""
    prophecy = foresee(life)
    states = ", ".join(f"{one} {'|'.join(sorted(expected.states))}" for one, expected in prophecy.steps.items())
    states = states or f"no step starts, for params.{prophecy.refused} does not take what the run gives it"
    drawn = json.dumps(life, ensure_ascii=True, separators=(",", ":"))
    lines = [
        f"# {title}",
        f"# The run {prophecy.status}.",
        *textwrap.wrap(states, 120, initial_indent="# ", subsequent_indent="#   ", break_long_words=False),
    ]
    lines += [_MARK + drawn[start : start + 120] for start in range(0, len(drawn), 120)]
    return "\n".join(lines) + "\n" + project(life)["mlspec.yaml"]


def read(path: Path) -> Life:
    """The description in a file."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return cast(Life, json.loads("".join(line.removeprefix(_MARK) for line in lines if line.startswith(_MARK))))


def title_of(path: Path) -> str:
    """What a file is there for."""
    return path.read_text(encoding="utf-8").splitlines()[0].removeprefix("# ")
