"""What a reviewer sees of a change."""

from __future__ import annotations

import difflib
from pathlib import Path

import pytest

from mlspec import api
from mlspec.targets.base import HEADER_LINES
from mlspec.targets.mlproject import TARGET

SPEC = """
apiVersion: mlspec/v1
kind: Lifecycle
metadata: {name: review}
params: {seed: 7, note: "it's {me}", keep: [a, b]}
environments: {ml: {python: "3.11", requirements: [packaging==25.0]}}
defaults: {environment: ml}
steps:
  ingest: {run: "make ${{ params.seed }} ${{ outputs.t }}", outputs: {t: values}}
  train: {run: "fit ${{ params.seed }} ${{ params.note }} ${{ inputs.t }}", inputs: {t: ingest.t}}
  grid: {matrix: {n: [1, 2]}, run: "echo ${{ params.seed }} ${{ matrix.n }}", needs: [train]}
  each: {foreach: ingest.t.names, run: "echo ${{ item }} ${{ params.keep }}"}
  quality: {gate: [params.seed > 3], needs: [train]}
finally:
  bye: {run: "echo ${{ params.seed }}"}
"""


def changed(folder: Path, old: str, new: str) -> dict[str, tuple[list[str], list[str]]]:
    """By file, the lines that a change takes out and those that it puts in, beside the header."""
    assert old != new
    made = []
    for spec in (old, new):
        (folder / "mlspec.yaml").write_text(spec, encoding="utf-8")
        files = api.compile(api.plan(api.load(folder / "mlspec.yaml")), "mlproject")
        made.append({file.path: file.content.splitlines()[HEADER_LINES:] for file in files})
    found = {}
    for path, before in made[0].items():
        lines = [line for line in difflib.unified_diff(before, made[1][path], n=0) if line[:3] not in ("+++", "---")]
        found[path] = [line[1:] for line in lines if line[0] == "-"], [line[1:] for line in lines if line[0] == "+"]
    assert any(out or into for out, into in found.values())
    return found


@pytest.mark.parametrize(("old", "new"), [("seed: 7", "seed: 8"), ("it's {me}", "no more"), ("[a, b]", "[a, c]")])
def test_a_parameters_default_is_one_line(tmp_path: Path, old: str, new: str) -> None:
    found = changed(tmp_path, SPEC, SPEC.replace(old, new))
    assert {path: (len(out), len(into)) for path, (out, into) in found.items()} == {
        "MLproject": (TARGET.review_limits["default"], TARGET.review_limits["default"]),
        "run.sh": (0, 0),
        "python_env.yaml": (0, 0),
    }


@pytest.mark.parametrize("leaf", ["grid", "each", "quality", "bye"])
def test_a_renamed_leaf_is_its_entry_point(tmp_path: Path, leaf: str) -> None:
    out, into = changed(tmp_path, SPEC, SPEC.replace(f"  {leaf}:", "  announce:"))["MLproject"]
    assert len(out) == len(into) == TARGET.review_limits["renaming"]


@pytest.mark.parametrize("place", ["  ingest:", "  each:", "finally:"])
def test_a_new_step_touches_nothing_else(tmp_path: Path, place: str) -> None:
    new = '  profile: {run: "echo ${{ params.seed }} ${{ inputs.t }}", inputs: {t: ingest.t}}\n'
    found = changed(tmp_path, SPEC, SPEC.replace(place, new + place))
    assert [out for out, _ in found.values()] == [[], [], []]
