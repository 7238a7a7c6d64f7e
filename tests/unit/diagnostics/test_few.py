"""Very many findings of a kind: the first are shown, the rest is a number, in every format."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mlspec.cli.main import main

KEYS, OTHERS = 1500, 3
HEAD = "apiVersion: mlspec/v1\nkind: Lifecycle\nmetadata: {name: a}\nsteps: {a: {run: x, retry: {limit: -1}}}\n"
SPEC = HEAD + "".join(f"k{number}: 1\n" for number in range(KEYS)) + "x-a: {" + "a: 1, " * (OTHERS + 1) + "}\n"


@pytest.mark.parametrize(
    ("form", "listed", "left_out"),
    [
        ("text", 100, "… and 1,400 more of MLS201 in mlspec.yaml"),
        ("github", 100, "::notice title=mlspec::… and 1,400 more of MLS201 in mlspec.yaml"),
        ("json", 1000, '"count": 500'),
        ("sarif", 1000, "\\u2026 and 500 more of MLS201 in mlspec.yaml"),
    ],
)
def test_many_of_a_kind_are_counted(
    form: str, listed: int, left_out: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mlspec.yaml").write_text(SPEC)
    assert main(["validate", "--format", form]) == 1
    text = capsys.readouterr().out
    assert left_out in text
    assert text.count("unknown key `k") == listed
    assert text.count("is out of range") == 1, "another kind is not crowded out"
    if form == "text":
        assert text.rstrip().endswith(f"{KEYS + 1 + OTHERS} errors in 1 file")
    if form == "json":
        summary = json.loads(text)["summary"]
        assert summary["errors"] == KEYS + 1 + OTHERS
        assert summary["left_out"] == [{"code": "MLS201", "file": "mlspec.yaml", "count": 500}]
