"""What the spec says and a run here does not do is said before it starts."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlspec.cli.main import main

SPEC = """\
apiVersion: mlspec/v1
kind: Lifecycle
metadata: {name: small}
environments: {ml: {image: "python:3.11", pythonpath: [.]}}
steps:
  fit: {run: "true", resources: {cpu: 2}, environment: ml}
  more: {run: "true", resources: {gpu: 1}}
notifications: [{events: [failed], to: {email: [a@example.com]}}]
monitor:
  steps: {drift: {run: "echo '{\\"x\\": 1}' > ${{ outputs.m }}", outputs: {m: metrics}}}
  retrain: drift.m.x > 0
"""
SAID = {
    "notifications": "`mlspec run` tells nobody",
    "steps.fit.resources": "`mlspec run` neither keeps nor limits the resources of `fit` and 1 more",
    "environments.ml.image": "`mlspec run` starts no container: steps in `ml` run in the Python of mlspec itself",
}


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NO_COLOR", "1")


@pytest.mark.parametrize("words", [(), ("-q",)])
def test_a_run_says_what_it_leaves_out(capsys: pytest.CaptureFixture[str], words: tuple[str, ...]) -> None:
    Path("mlspec.yaml").write_text(SPEC)
    assert main(["run", *words]) == 0
    said = capsys.readouterr().err
    assert said.count("warning MLS507") == len(SAID)
    for path, message in SAID.items():
        assert f"warning MLS507: {message}\n" in said
        assert f"= at {path}\n" in said


def test_a_monitoring_run_says_that_it_starts_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    Path("mlspec.yaml").write_text(SPEC)
    assert main(["run", "--pipeline", "monitor"]) == 0
    said = capsys.readouterr().err
    assert "mlspec.yaml:11:12: warning MLS507: `mlspec run` does not start the lifecycle again" in said


def test_it_can_be_silenced_and_a_plain_spec_says_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    Path("mlspec.yaml").write_text(SPEC + "lint: {ignore: [MLS507]}\n")
    assert main(["run"]) == 0
    Path("mlspec.yaml").write_text(SPEC.split("environments")[0] + "steps: {fit: {run: 'true'}}\n")
    assert main(["run"]) == 0
    assert "MLS507" not in capsys.readouterr().err
