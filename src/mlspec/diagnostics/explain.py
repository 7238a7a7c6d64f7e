"""The catalogue: a page for every code.

In: folders, a code. Out: its page, read from `MLSnnn.md` in one of them. Owns the form of a code (a prefix of capitals and three
digits) and of a page (`# MLS204: title`, then What, Why, Example and Fix); never prints, never knows who brings a folder.
Change it when a page must have another part.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from mlspec.diagnostics.nearest import nearest

SECTIONS = ("What", "Why", "Example", "Fix")
OWN = Path(__file__).parent / "catalogue"
"""The pages of codes that belong to no part which brings its own."""
PREFIX = "MLS"
"""That of our own codes, which may be left out."""

_CODE = re.compile(r"[A-Z]{2,8}\d{3}", re.ASCII)
_WORD = re.compile(r"([A-Z]{2,8})?(\d{3})", re.ASCII)
_TITLE = re.compile(r"# (\S+): (\S.*)")


@dataclass(frozen=True, slots=True)
class Page:
    """What `mlspec explain` says about a code. `text` is the whole page in Markdown, its title line included."""

    code: str
    title: str
    text: str


@dataclass(frozen=True)
class Catalogue:
    """The pages of several folders. Of two pages of one code, that of the first folder is shown."""

    folders: tuple[Path, ...] = (OWN,)

    @cached_property
    def codes(self) -> tuple[str, ...]:
        """Every code that has a page, sorted."""
        return tuple(sorted(self._files))

    @cached_property
    def _files(self) -> dict[str, Path]:
        pages = [path for folder in reversed(self.folders) for path in folder.glob("*.md")]
        return {path.stem: path for path in pages if _CODE.fullmatch(path.stem)}

    def page(self, code: str) -> Page:
        """The page of `code`. Raises `KeyError` when there is none, `ValueError` when its title is malformed."""
        text = self._files[code].read_text(encoding="utf-8")
        title = _TITLE.fullmatch(text.split("\n", 1)[0])
        if title is None or title[1] != code:
            raise ValueError(f"the page of {code} does not begin with '# {code}: title'")
        return Page(code, title[2], text)

    def file(self, code: str) -> Path:
        """The file of its page; raises `KeyError` when there is none."""
        return self._files[code]

    def code_of(self, word: str) -> str | None:
        """The code that `word` names: `MLS204`, `mls204` or `204`; None when the catalogue has no such code."""
        found = _WORD.fullmatch(word.strip().upper())
        code = f"{found[1] or PREFIX}{found[2]}" if found else ""
        return code if code in self._files else None

    def nearest_code(self, word: str) -> str | None:
        """The code of the same group (`2xx`) that is nearest to an unknown one, if any is near."""
        known = tuple({code[:-3] for code in self.codes})
        code = word.upper() if word.upper().startswith(known) else f"{PREFIX}{word.upper()}"
        return nearest(code, [other for other in self.codes if other[:-2] == code[: len(other) - 2]])
