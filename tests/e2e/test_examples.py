"""The examples give no advice to apologise for: they are valid and compile without a word, nothing of it silenced."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from mlspec.cli.main import main

EXAMPLES = sorted((Path(__file__).parents[2] / "examples").glob("*/mlspec.yaml"))
TARGETS = ("kubeflow", "airflow", "jenkins")


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.parent.name)
def test_an_example_is_valid_and_compiles_without_a_word(
    path: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = path.read_text(encoding="utf-8")
    spec = yaml.safe_load(text)
    assert "lint" not in spec and "mlspec: ignore" not in text
    assert main(["validate", str(path)]) == 0
    assert capsys.readouterr() == (f"{path}: valid\n", "")
    for profile in (None, *spec.get("profiles", {})):
        words = [
            "compile",
            "--quiet",
            str(path),
            "-o",
            str(tmp_path / str(profile)),
            *(["--profile", profile] if profile else []),
        ]
        for target in TARGETS:
            words += ["-t", target]
        assert main(words) == 0
        assert capsys.readouterr() == ("", "")
