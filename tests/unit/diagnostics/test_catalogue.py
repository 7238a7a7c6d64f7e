"""Every code the sources use has a page, every page a code, and all pages one form."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import mlspec
from mlspec.diagnostics.explain import SECTIONS, code_of, codes, nearest_code, page

SOURCES = Path(mlspec.__file__).parent
USED = {code for path in SOURCES.rglob("*.py") for code in re.findall(r"\"(MLS\d{3})\"", path.read_text("utf-8"))}


def test_every_code_has_a_page() -> None:
    assert sorted(USED - set(codes())) == []


def test_every_page_has_a_code() -> None:
    assert sorted(set(codes()) - USED) == []


def test_titles_are_unique() -> None:
    titles = [page(code).title for code in codes()]
    assert sorted(titles) == sorted(set(titles))


@pytest.mark.parametrize("code", codes())
def test_a_page_has_its_parts(code: str) -> None:
    text = page(code).text
    assert re.findall(r"^## (.*)$", text, re.MULTILINE) == list(SECTIONS)
    assert text.endswith("\n")
    assert not text.endswith("\n\n")
    assert all(part.strip() for part in re.split(r"^#.*$", text, flags=re.MULTILINE)[2:]), "a part is empty"


def test_only_pages_are_in_the_folder() -> None:
    names = [path.name for path in (SOURCES / "diagnostics" / "catalogue").iterdir()]
    assert [name for name in names if not re.fullmatch(r"MLS\d{3}\.md", name)] == []


@pytest.mark.parametrize("word", ["MLS501", "mls501", "501", " 501 "])
def test_a_code_may_be_written_short(word: str) -> None:
    assert code_of(word) == "MLS501"


@pytest.mark.parametrize("word", ["", "MLS", "MLS000", "5010", "MLS50", "train", "٥٠١"])
def test_what_is_no_code(word: str) -> None:
    assert code_of(word) is None


def test_an_unknown_code_has_a_nearest_one() -> None:
    assert nearest_code("MLS5O1") == "MLS501"
    assert nearest_code("5O1") == "MLS501"
    assert nearest_code("hello") is None
    assert nearest_code("MLS999") is None, "a code of another group means something else"


def test_an_unknown_page_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        page("MLS000")
