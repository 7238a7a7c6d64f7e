"""A retired code silences what it has become."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from mlspec.cli.main import main
from mlspec.diagnostics.retired import RETIRED

SPEC = """
apiVersion: mlspec/v1
kind: Lifecycle
metadata: {{name: demo}}
{lint}
environments:
  ml: {{image: "acme/ml@sha256:{digest}", pythonpath: [.]}} {comment}
defaults: {{environment: ml}}
steps:
  train: {{run: "true", resources: {{cpu: 1}}}} {comment}
"""


def said(folder: Path, target: str, capsys: pytest.CaptureFixture[str], lint: str = "", comment: str = "") -> list[str]:
    spec = folder / "mlspec.yaml"
    spec.write_text(SPEC.format(lint=lint, comment=comment, digest="0" * 64))
    assert main(["compile", str(spec), "-t", target, "--quiet"]) == 0
    return re.findall(r"MLS5\d\d", capsys.readouterr().err)


def test_one_finding_has_one_code_on_every_target(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert said(tmp_path, "airflow", capsys) == ["MLS533", "MLS532"]
    assert said(tmp_path, "mlproject", capsys) == ["MLS533", "MLS532"]
    assert said(tmp_path, "jenkins", capsys) == ["MLS532"]


@pytest.mark.parametrize("target", ["airflow", "jenkins", "mlproject"])
@pytest.mark.parametrize(("old", "new"), RETIRED.items())
def test_a_retired_code_silences_what_it_is_now(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], target: str, old: str, new: str
) -> None:
    assert new not in said(tmp_path, target, capsys, lint=f"lint: {{ignore: [{old}]}}")
    assert new not in said(tmp_path, target, capsys, comment=f"# mlspec: ignore {old}")


def test_a_retired_code_silences_nothing_else(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert said(tmp_path, "mlproject", capsys, lint="lint: {ignore: [MLS571]}") == ["MLS533"]
    assert said(tmp_path, "mlproject", capsys, lint="lint: {ignore: [MLS572]}") == ["MLS532"]
