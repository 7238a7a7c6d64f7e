"""Files laid over each other: what wins, and that every value still knows where it was written."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from mlspec.source import Document, assemble, plain
from mlspec.source.assemble import MAX_INCLUDES


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def write(**files: str) -> None:
    for name, text in files.items():
        Path(f"{name}.yaml").write_text(text, encoding="utf-8", newline="")


def data(document: Document) -> Any:
    assert document.root is not None
    return plain(document.root)


def places(document: Document) -> list[tuple[str, str, int, int]]:
    return [(found.code, found.span.file, found.span.line, found.span.column) for found in document.findings]


def place(document: Document, *path: str | int) -> tuple[str, int, int]:
    assert document.root is not None
    node = document.root.get(*path)
    assert node is not None
    return node.span.file, node.span.line, node.span.column


def test_the_including_file_wins_over_the_included_in_their_order() -> None:
    write(
        one="a: 1\nb: {x: 1, y: 1}\nc: [1]\n",
        two="b: {y: 2, z: 2}\nd: 2\n",
        spec="include: [one.yaml, two.yaml]\nc: [3, 4]\nd: 3\n",
    )
    document = assemble("spec.yaml")
    assert data(document) == {"a": 1, "b": {"x": 1, "y": 2, "z": 2}, "c": [3, 4], "d": 3, "include": ["one.yaml", "two.yaml"]}
    assert place(document, "a") == ("one.yaml", 1, 4)
    assert place(document, "b", "x") == ("one.yaml", 2, 8)
    assert place(document, "b", "y") == ("two.yaml", 1, 8)
    assert place(document, "c", 1) == ("spec.yaml", 2, 8)
    assert document.root is not None and document.root.key_span("d").file == "spec.yaml"
    assert set(document.sources) == {"spec.yaml", "one.yaml", "two.yaml"}


def test_included_files_are_found_beside_the_file_that_includes_them(tmp_path: Path) -> None:
    (tmp_path / "org").mkdir()
    write(spec="include: [org/base.yaml]\n")
    Path("org/base.yaml").write_text("include: [more.yaml, ../top.yaml]\na: 1\n")
    Path("org/more.yaml").write_text("b: 2\n")
    write(top="c: 3\n")
    document = assemble("spec.yaml")
    assert document.findings == []
    assert place(document, "b") == ("org/more.yaml", 1, 4)
    assert place(document, "c") == ("top.yaml", 1, 4)


def test_null_removes_a_key() -> None:
    write(base="a: {b: 1, c: 2}\nd: 1\n", spec="include: [base.yaml]\na: {b: null}\nd: ~\n")
    assert data(assemble("spec.yaml")) == {"include": ["base.yaml"], "a": {"c": 2}}


def test_a_profile_lies_over_the_spec_and_settings_over_the_profile() -> None:
    write(spec="a: {b: 1, c: 1, d: 1}\nprofiles:\n  prod:\n    a: {c: 2, d: 2}\n")
    document = assemble("spec.yaml", profile="prod", sets=["a.d=3", "a.e.f=[x, 4]"])
    assert data(document)["a"] == {"b": 1, "c": 2, "d": 3, "e": {"f": ["x", 4]}}
    assert place(document, "a", "b") == ("spec.yaml", 1, 8)
    assert place(document, "a", "c") == ("spec.yaml", 4, 12)
    assert place(document, "a", "d") == ("--set[0]", 1, 5)
    assert place(document, "a", "e", "f", 1) == ("--set[1]", 1, 11)
    assert document.root is not None
    assert document.root.get("a").key_span("e") == document.root.get("a", "e").key_span("f")  # type: ignore[union-attr]
    assert document.sources["--set[1]"] == "a.e.f=[x, 4]"


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("a=4", 4),
        ("a=no", "no"),
        ("a=", ""),
        ("a=b=c", "b=c"),
        ("a='4'", "4"),
        ("a={b: [1]}", {"b": [1]}),
        (" a = 4", 4),
        ("a=null", None),
    ],
)
def test_settings_are_read_as_yaml(setting: str, value: Any) -> None:
    write(spec="b: 1\n")
    assert data(assemble("spec.yaml", sets=[setting])).get("a") == value


@pytest.mark.parametrize(
    ("setting", "code"),
    [("a", "MLS113"), ("=4", "MLS113"), ("a..b=4", "MLS113"), ("b.c=4", "MLS113"), ("a=[1", "MLS101"), ("a=!!str 4", "MLS108"),
     ("\x1b=4", "MLS113"), ("\udc80=4", "MLS113"), (".".join("a" * 70) + "=4", "MLS113"), ("a=\0", "MLS101"), ('a="\\0"', "MLS114")],
)  # fmt: skip
def test_settings_that_cannot_be_applied_change_nothing(setting: str, code: str) -> None:
    write(spec="b: 1\n")
    document = assemble("spec.yaml", sets=[setting])
    assert [finding.code for finding in document.findings] == [code]
    assert document.findings[0].span.file == "--set[0]"
    assert data(document) == {"b": 1}


def test_a_value_over_a_parameter_in_its_long_form_is_its_default() -> None:
    write(spec="params: {a: {type: integer, default: 1, maximum: 9}, b: 1, c: {default: 1}}\n")
    document = assemble("spec.yaml", sets=["params.a=5", "params.b=6", "params.c=null"])
    assert data(document) == {"params": {"a": {"type": "integer", "default": 5, "maximum": 9}, "b": 6}}
    assert place(document, "params", "a", "default") == ("--set[0]", 1, 10)


def test_circles_and_what_is_not_there() -> None:
    write(a="include: [b.yaml, a.yaml, c.yml, '']\nx: 1\n", b="include: [a.yaml]\ny: 1\n", c="z: 1\n")
    document = assemble("a.yaml")
    assert places(document) == [
        ("MLS111", "b.yaml", 1, 11),
        ("MLS111", "a.yaml", 1, 19),
        ("MLS110", "a.yaml", 1, 27),
        ("MLS110", "a.yaml", 1, 34),
    ]
    assert document.findings[2].hint == "did you mean `c.yaml`?"
    assert data(document)["x"] == data(document)["y"] == 1


def test_a_wrong_included_file_is_reported_where_it_is_wrong() -> None:
    write(spec="include: [wrong.yaml, list.yaml]\na: 1\n", wrong="a: [\n", list="- 1\n")
    assert places(assemble("spec.yaml")) == [("MLS101", "wrong.yaml", 2, 1), ("MLS109", "list.yaml", 1, 1)]


def test_not_more_than_a_hundred_files() -> None:
    write(part="a: 1\n", spec=f"include: [{'part.yaml, ' * (MAX_INCLUDES + 50)}]\n")
    assert [finding.code for finding in assemble("spec.yaml").findings] == ["MLS111"]


@pytest.mark.parametrize("name", ["a" * 1000, "a/" * 3000, ".", "spec.yaml/x"])
def test_names_that_no_file_can_have_are_not_there(name: str) -> None:
    write(spec=f"include: ['{name}']\na: 1\n")
    assert [finding.code for finding in assemble("spec.yaml").findings] == ["MLS110"]


@pytest.mark.parametrize(
    "name", ["/dev/zero", "..", "../home/adc.yaml", "link.yaml", "links/adc.yaml", "links/none.yaml", "link"]
)
def test_nothing_outside_the_project_is_included(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "home").mkdir()
    (tmp_path / "home/adc.yaml").write_text("params: {token: ya29}\n")
    (tmp_path / "project/specs").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "project/specs")
    Path("link.yaml").symlink_to(tmp_path / "home/adc.yaml")
    Path("link").symlink_to("link.yaml")
    Path("links").symlink_to("../../home")
    outside = name if name != "../home/adc.yaml" else "../../home/adc.yaml"
    write(spec=f"include: ['{outside}']\na: 1\n")
    for _ in range(2):
        document = assemble("spec.yaml")
        assert places(document) == [("MLS115", "spec.yaml", 1, 11)] or (name == ".." and (tmp_path / "project/.git").exists())
        assert "ya29" not in str(document.sources)
        (tmp_path / "project/.git").mkdir(exist_ok=True)


def test_parents_within_the_work_tree_may_be_included_but_git_itself_may_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "team/specs").mkdir(parents=True)
    (tmp_path / "org.yaml").write_text("a: 1\n")
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git/config").write_text("a: 2\n")
    monkeypatch.chdir(tmp_path / "team/specs")
    write(spec="include: [../../org.yaml, ../../.git/config]\n")
    document = assemble("spec.yaml")
    assert (places(document), data(document)["a"]) == ([("MLS115", "spec.yaml", 1, 27)], 1)


def test_a_folder_that_is_allowed_may_be_included_from(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "shared").mkdir()
    (tmp_path / "specs").mkdir()
    (tmp_path / "shared/base.yaml").write_text("a: 1\n")
    write(shared="a: 2\n")
    monkeypatch.chdir(tmp_path / "specs")
    write(spec="include: [../shared/base.yaml, ../shared.yaml]\n")
    document = assemble("spec.yaml", include_roots=["../shared"])
    assert (places(document), data(document)["a"]) == ([("MLS115", "spec.yaml", 1, 32)], 1)


def test_bytes_that_are_no_text() -> None:
    Path("spec.yaml").write_bytes("a: 1\nbé: ".encode() + b"\xe9\n")
    document = assemble("spec.yaml")
    assert places(document) == [("MLS101", "spec.yaml", 2, 5)]
    assert document.root is None


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_byte_order_mark_moves_nothing(end: str) -> None:
    write(spec=f"\ufeffa: 1{end}b: 2{end}")
    document = assemble("spec.yaml")
    assert place(document, "a") == ("spec.yaml", 1, 4)
    assert place(document, "b") == ("spec.yaml", 2, 4)
    assert not document.sources["spec.yaml"].startswith("\ufeff")


def test_an_unknown_profile_names_the_nearest() -> None:
    write(spec="a: 1\nprofiles: {prod: {a: 2}}\n")
    document = assemble("spec.yaml", profile="prd")
    assert places(document) == [("MLS112", "spec.yaml", 2, 1)]
    assert document.findings[0].hint == "did you mean `prod`?"
    assert data(document)["a"] == 1
