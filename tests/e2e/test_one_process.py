"""A notebook or a server: one process loads many specs, again and again, from many folders and in threads."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import mlspec

SPECS = 500
SPEC = """apiVersion: mlspec/v1
kind: Lifecycle
metadata: {{name: spec-{number}}}
include: [base.yaml]
steps:
  make: {{call: "steps:make_{number}", outputs: {{table: artifact}}}}
  read: {{inputs: {{table: make.table}}, run: "wc -c < ${{{{ inputs.table }}}}; echo {number}"}}
"""


def write(folder: Path, number: int) -> Path:
    folder.mkdir(parents=True)
    (folder / "mlspec.yaml").write_text(SPEC.format(number=number))
    (folder / "base.yaml").write_text(f"params: {{seed: {number}}}\nlint: {{ignore: [MLS407]}}\n")
    (folder / "steps.py").write_text(f"def make_{number}(table):\n    table.write_text('{number}')\n")
    return folder / "mlspec.yaml"


def compiled(path: Path) -> tuple[str, int, str]:
    plan = mlspec.plan(mlspec.load(path))
    [file] = mlspec.compile(plan, "airflow")
    return plan.lifecycle, plan.param("seed").default, file.content


def test_five_hundred_specs_of_different_folders_in_threads(tmp_path: Path) -> None:
    paths = [write(tmp_path / f"folder-{number % 7}" / f"{number}", number) for number in range(SPECS)]
    alone = [compiled(path) for path in paths[:20]]
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(compiled, paths))
    assert [(name, seed) for name, seed, _ in found] == [(f"spec-{number}", number) for number in range(SPECS)]
    assert found[:20] == alone
    assert all(f"make_{number}" in text for number, (_, _, text) in enumerate(found))


def test_code_that_was_mended_is_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path / "project", 1)
    code = path.with_name("steps.py")
    good = code.read_text()
    code.write_text("def other(table): pass\n")
    with pytest.raises(mlspec.SpecError, match="MLS403"):
        mlspec.load(path)
    code.write_text(good)
    assert compiled(path)[1] == 1
    path.with_name("base.yaml").write_text("params: {seed: 2}\nlint: {ignore: [MLS407]}\n")
    assert compiled(path)[1] == 2
    monkeypatch.chdir(path.parent)
    code.write_text("def other(table): pass\n")
    with pytest.raises(mlspec.SpecError, match="MLS403"):
        mlspec.load("mlspec.yaml")
    write(tmp_path / "elsewhere", 1)
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert compiled(Path("mlspec.yaml"))[0] == "spec-1"
    assert os.fspath(mlspec.load("mlspec.yaml").folder) == "."
