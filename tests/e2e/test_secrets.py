"""Secrets in local runs: who sees them, and that no file and no terminal has their values."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.e2e.test_cli import mlspec

SPEC = """\
apiVersion: mlspec/v1
kind: Lifecycle
metadata: {name: quiet}
secrets: {one: {env: ONE}, two: {env: TWO}, token: {env: MLFLOW_TRACKING_TOKEN}}
steps:
  both: {run: 'echo "one=${ONE-none} two=${TWO-none}"', secrets: [one, two]}
  first:
    run: |
      echo "one=${ONE-none} two=${TWO-none} token=${MLFLOW_TRACKING_TOKEN-none}"
      echo swordfish > ${{ outputs.note }}
      printf 'first hun'; sleep 0.2; printf 'ter2\\n'
    secrets: [one]
    outputs: {note: artifact}
  none: {run: 'echo "one=${ONE-none} two=${TWO-none}"; cat ${{ inputs.note }}', inputs: {note: first.note}}
  bad: {run: "echo $TWO; exit 3", secrets: [two], needs: [both, none]}
"""
VALUES = {"ONE": "hunter2", "TWO": "swordfish", "MLFLOW_TRACKING_TOKEN": "opensesame"}


@pytest.mark.parametrize("tracking", ["", 'tracking: {uri: "http://127.0.0.1:9", experiment: x}\n'])
def test_a_step_sees_the_secrets_it_lists_and_nobody_their_values(tmp_path: Path, tracking: str) -> None:
    (tmp_path / "mlspec.yaml").write_text(SPEC.replace("steps:", f"{tracking}steps:"))
    done = mlspec("run", "-v", cwd=tmp_path, env=VALUES)
    shown = [line.strip() for line in done.stdout.splitlines() if " | " in line]
    assert "both | one=*** two=***" in shown
    assert "first | one=*** two=none token=none" in shown
    assert "first | first ***" in shown
    assert "none | one=none two=none" in shown
    assert "none | ***" in shown  # a step that does not list it prints what another one gave away
    note = next(tmp_path.glob(".mlspec/store/quiet/*/first/note"))
    assert note.read_text() == "swordfish\n"  # an output is the step's own
    everything = done.stdout + done.stderr + mlspec("runs", "show", cwd=tmp_path, env=VALUES).stdout
    everything += "".join(path.read_text() for path in tmp_path.glob(".mlspec/store/**/*") if path.is_file() and path != note)
    assert not [value for value in VALUES.values() if value in everything]


def test_validate_repeats_no_value(tmp_path: Path) -> None:
    text = (
        "apiVersion: mlspec/v1\nkind: Lifecycle\nmetadata: {name: a}\nsecrets:\n  a: hunter2\n  b: {env: B, default: hunter2}\n"
    )
    text += "  c: [hunter2, {env: hunter2}]\n  d: {env: [hunter2!]}\nsteps: {s: {run: 'true', secrets: [a]}}\n"
    (tmp_path / "mlspec.yaml").write_text(text)
    for form in ("text", "json", "sarif", "github"):
        done = mlspec("validate", "--format", form, cwd=tmp_path)
        assert done.returncode == 1
        assert "hunter2" not in done.stdout + done.stderr, done.stdout
