"""The folder that made-up specs lie in, with what they refer to."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture(scope="module", autouse=True)
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder with what specs refer to; tests run in it, so that every path in a finding is relative."""
    folder = tmp_path_factory.mktemp("project")
    (folder / "src" / "credit").mkdir(parents=True)
    (folder / "src" / "credit" / "train.py").write_text("def main(table, model=None, depth=4): ...\nprepare = main\n")
    (folder / "broken.py").write_text("def main(:\n")
    (folder / "data").mkdir()
    (folder / "data" / "loans.csv").write_text("a,b\n1,2\n")
    (folder / "requirements.txt").write_text("scikit-learn==1.8.0\nnumpy\n")
    (folder / "base.yaml").write_text("params: {depth: 4}\nsteps: {ingest: {run: a, outputs: {table: dataset}}}\n")
    (folder / "circle.yaml").write_text("include: [circle.yaml]\n")
    (folder / "wrong.yaml").write_text("steps: [\n")
    (folder / "latin.yaml").write_bytes(b"params: {a: \xe9}\n")
    before = Path.cwd()
    os.chdir(folder)
    yield folder
    os.chdir(before)
