"""A step behind branches, run alone: it takes the output that an earlier run has."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlspec.cli.main import main

SPEC = """\
apiVersion: mlspec/v1
kind: Lifecycle
metadata: {name: any}
params: {large: false}
steps:
  large: {when: params.large, run: "echo large > ${{ outputs.model }}", outputs: {model: model}}
  small: {when: "!params.large", run: "echo small > ${{ outputs.model }}", outputs: {model: model}}
  test: {inputs: {model: {any: [large.model, small.model]}}, run: "cp ${{ inputs.model }} seen.txt"}
"""


def test_a_step_that_runs_alone_takes_what_there_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mlspec.yaml").write_text(SPEC)
    assert main(["run", "--only", "test"]) != 0, "no run has any"
    assert main(["run"]) == 0
    (tmp_path / "seen.txt").unlink()
    assert main(["run", "--only", "test"]) == 0
    assert (tmp_path / "seen.txt").read_text() == "small\n"
