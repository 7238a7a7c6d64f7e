"""What reaches a store: packages that requirements list, in files and in files that these name."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlspec.cli.main import main

SPEC = """\
apiVersion: mlspec/v1
kind: Lifecycle
metadata: {name: demo}
store: gs://acme/store
environments:
  ml: {requirements: {file: requirements/ml.txt}}
steps:
  a: {run: "true", environment: ml}
"""


@pytest.mark.parametrize(
    ("lines", "lacks"),
    [
        ("scikit-learn==1.8.0\n", True),
        ("scikit-learn==1.8.0\nGCSFS==2026.9.0 ; python_version > '3'\n", False),
        ("-r https://acme.example/base.txt\n", False),  # nobody knows
    ],
)
def test_a_file_of_requirements_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], lines: str, lacks: bool
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("requirements").mkdir()
    Path("mlspec.yaml").write_text(SPEC)
    Path("requirements/ml.txt").write_text("-r base.txt\n")
    Path("requirements/base.txt").write_text(lines)
    assert main(["validate"]) == 0
    assert ("the image of `ml` lacks gcsfs, which `gs://` needs" in capsys.readouterr().out) == lacks
