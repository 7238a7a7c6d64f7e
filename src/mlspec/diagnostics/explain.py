"""The catalogue: a page for every code.

In: a code. Out: its page, read from `catalogue/MLSnnn.md` beside this module.
Owns the form of a page (`# MLS204: title`, then What, Why, Example and Fix); never prints.
Change it when a page must have another part.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from mlspec.diagnostics.nearest import nearest

SECTIONS = ("What", "Why", "Example", "Fix")
_FOLDER = Path(__file__).parent / "catalogue"
_TITLE = re.compile(r"# (MLS\d{3}): (\S.*)")


@dataclass(frozen=True, slots=True)
class Page:
    """What `mlspec explain` says about a code. `text` is the whole page in Markdown, its title line included."""

    code: str
    title: str
    text: str


@cache
def codes() -> tuple[str, ...]:
    """Return every code that has a page, sorted."""
    return tuple(sorted(path.stem for path in _FOLDER.glob("MLS*.md")))


@cache
def page(code: str) -> Page:
    """Return the page of `code`. Raises `KeyError` when there is none, `ValueError` when its title is malformed."""
    if code not in codes():
        raise KeyError(code)
    text = (_FOLDER / f"{code}.md").read_text(encoding="utf-8")
    title = _TITLE.fullmatch(text.split("\n", 1)[0])
    if title is None or title[1] != code:
        raise ValueError(f"the page of {code} does not begin with '# {code}: title'")
    return Page(code, title[2], text)


def code_of(word: str) -> str | None:
    """Return the code that `word` names: `MLS204`, `mls204` or `204`; None when the catalogue has no such code."""
    found = re.fullmatch(r"(?:MLS)?(\d{3})", word.strip(), re.IGNORECASE | re.ASCII)
    code = f"MLS{found[1]}" if found else ""
    return code if code in codes() else None


def nearest_code(word: str) -> str | None:
    """Return the code of the same group (`2xx`) that is nearest to an unknown one, if any is near."""
    code = (word if word.upper().startswith("MLS") else f"MLS{word}").upper()
    return nearest(code, [known for known in codes() if known[:4] == code[:4]])
