"""Every code the sources use has a page, every page a code, and all pages one form."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import mlspec
from mlspec.checking.catalogue import catalogue
from mlspec.diagnostics.explain import OWN, SECTIONS, Catalogue
from mlspec.diagnostics.retired import RETIRED
from mlspec.targets.base import targets

SOURCES = Path(mlspec.__file__).parent
PAGES = catalogue()
USED = {code for path in SOURCES.rglob("*.py") for code in re.findall(r"\"(MLS\d{3})\"", path.read_text("utf-8"))}


def test_every_code_has_a_page() -> None:
    assert sorted(USED - set(PAGES.codes)) == []


def test_every_page_has_a_code() -> None:
    assert sorted(set(PAGES.codes) - USED) == []


def test_titles_are_unique() -> None:
    titles = [PAGES.page(code).title for code in PAGES.codes]
    assert sorted(titles) == sorted(set(titles))


@pytest.mark.parametrize("code", PAGES.codes)
def test_a_page_has_its_parts(code: str) -> None:
    text = PAGES.page(code).text
    assert re.findall(r"^## (.*)$", text, re.MULTILINE) == list(SECTIONS)
    assert text.endswith("\n")
    assert not text.endswith("\n\n")
    assert all(part.strip() for part in re.split(r"^#.*$", text, flags=re.MULTILINE)[2:]), "a part is empty"


@pytest.mark.parametrize("folder", PAGES.folders, ids=lambda folder: folder.parent.name)
def test_only_pages_are_in_a_folder(folder: Path) -> None:
    names = [path.name for path in folder.iterdir()]
    assert names
    assert [name for name in names if not re.fullmatch(r"MLS\d{3}\.md", name)] == []


def test_every_part_has_its_own_pages() -> None:
    """A code has one page, in the folder of the part whose sources find it; what several parts find is nobody's own."""
    stems = [path.stem for folder in PAGES.folders for path in folder.glob("*.md")]
    assert sorted(stems) == list(PAGES.codes)
    for folder in PAGES.folders:
        if folder != OWN:
            found = " ".join(path.read_text("utf-8") for path in folder.parent.rglob("*.py"))
            assert [path.stem for path in folder.glob("*.md") if f'"{path.stem}"' not in found] == []
    for name, target in targets().items():
        assert target.catalogue in PAGES.folders, name


def test_a_code_of_one_target_is_no_page_of_all() -> None:
    sources = {name: list((SOURCES / "targets" / name).rglob("*.py")) for name in targets()}
    elsewhere = "".join(
        path.read_text("utf-8") for path in SOURCES.rglob("*.py") if not any(path in found for found in sources.values())
    )
    alone = {page.stem for page in OWN.glob("*.md") if f'"{page.stem}"' not in elsewhere}
    assert alone == set(), "these belong into the catalogue of the target that finds them"


@pytest.mark.parametrize(("old", "new"), RETIRED.items())
def test_a_retired_code_is_explained_and_leads_to_what_it_is_now(old: str, new: str) -> None:
    assert new not in RETIRED
    assert "retired" in PAGES.page(old).title
    assert f"[{new}]({new}.md)" in PAGES.page(old).text
    assert not [path for path in SOURCES.rglob("*.py") if f'"{old}"' in path.read_text("utf-8") and path.stem != "retired"]


def test_another_package_brings_codes_with_a_prefix_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "ARGO001.md").write_text("# ARGO001: a template without a name\n\n## What\n")
    (tmp_path / "MLS501.md").write_text("# MLS501: something else\n")
    (tmp_path / "README.md").write_text("# No page\n")
    pages = Catalogue((OWN, tmp_path))
    assert pages.codes[0] == "ARGO001"
    assert pages.page("ARGO001").title == "a template without a name"
    assert pages.code_of("argo001") == "ARGO001"
    assert pages.nearest_code("ARGO0O1") == "ARGO001"
    assert pages.page("MLS501") == PAGES.page("MLS501"), "nobody gives a code of ours another meaning"
    assert "README" not in pages.codes


def test_a_page_under_another_name_is_malformed(tmp_path: Path) -> None:
    (tmp_path / "ARGO001.md").write_text("# ARGO002: of another code\n")
    with pytest.raises(ValueError, match="ARGO001"):
        Catalogue((tmp_path,)).page("ARGO001")


@pytest.mark.parametrize("word", ["MLS501", "mls501", "501", " 501 "])
def test_a_code_may_be_written_short(word: str) -> None:
    assert PAGES.code_of(word) == "MLS501"


@pytest.mark.parametrize("word", ["", "MLS", "MLS000", "5010", "MLS50", "train", "٥٠١"])
def test_what_is_no_code(word: str) -> None:
    assert PAGES.code_of(word) is None


def test_an_unknown_code_has_a_nearest_one() -> None:
    assert PAGES.nearest_code("MLS5O1") == "MLS501"
    assert PAGES.nearest_code("5O1") == "MLS501"
    assert PAGES.nearest_code("hello") is None
    assert PAGES.nearest_code("MLS999") is None, "a code of another group means something else"


def test_an_unknown_page_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        PAGES.page("MLS000")
