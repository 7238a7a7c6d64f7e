"""What a reviewer sees of a change, in each form that the file can have."""

from __future__ import annotations

import difflib
from collections import Counter
from pathlib import Path

import pytest

from mlspec import api
from mlspec.targets.base import HEADER_LINES
from mlspec.targets.jenkins import TARGET

pytestmark = pytest.mark.usefixtures("form")

SPEC = """
apiVersion: mlspec/v1
kind: Lifecycle
metadata: {name: review}
params: {seed: 7, min_auc: 0.75, keep: [a, b]}
steps:
  ingest:
    run: make ${{ outputs.table }} ${{ outputs.parts }}
    outputs: {table: dataset, parts: values}
  train:
    run: fit --seed ${{ params.seed }} ${{ inputs.table }} ${{ outputs.model }} ${{ outputs.metrics }}
    inputs: {table: ingest.table}
    outputs: {model: model, metrics: metrics}
    retry: {limit: 2, delay: 30s}
  quality: {gate: [train.metrics.auc >= params.min_auc]}
  fair: {gate: [train.metrics.gap < 0.1], otherwise: skip}
  publish:
    needs: [quality, fair]
    run: publish ${{ inputs.model }} ${{ with.note }} ${{ outputs.receipt }}
    inputs: {model: train.model}
    with: {note: "it's as is"}
    outputs: {receipt: report}
    when: params.seed > 0.0
  each:
    foreach: ingest.parts.names
    parallel: 2
    run: echo ${{ item }} ${{ params.keep }}
  grid:
    matrix: {depth: [1, 2]}
    needs: [train]
    run: echo ${{ matrix.depth }}
finally:
  bye: {run: "echo ${{ run.status }}"}
"""


def body(folder: Path, spec: str) -> list[str]:
    path = folder / "mlspec.yaml"
    path.write_text(spec, encoding="utf-8")
    return api.compile(api.plan(api.load(path)), "jenkins")[0].content.splitlines()[HEADER_LINES:]


def changed(folder: Path, old: str, new: str) -> tuple[list[str], list[str]]:
    """The lines that a change takes out and those that it puts in, beside the header."""
    assert old != new
    lines = [line for line in difflib.unified_diff(body(folder, old), body(folder, new), n=0) if line[:3] not in ("+++", "---")]
    assert lines, "there is no difference"
    return [line[1:] for line in lines if line[0] == "-"], [line[1:] for line in lines if line[0] == "+"]


@pytest.mark.parametrize(
    ("old", "new"), [("seed: 7", "seed: 8"), ("min_auc: 0.75", "min_auc: 0.8"), ("keep: [a, b]", "keep: [a, c]")]
)
def test_a_parameters_default_is_one_line(tmp_path: Path, old: str, new: str) -> None:
    out, into = changed(tmp_path, SPEC, SPEC.replace(old, new))
    assert len(out) == len(into) == 1 == TARGET.review_limits["default"]
    assert "defaultValue: " in into[0]


@pytest.mark.parametrize("leaf", ["publish", "each", "bye"])
def test_a_renamed_leaf_moves_its_own_lines(tmp_path: Path, leaf: str) -> None:
    out, into = changed(tmp_path, SPEC, SPEC.replace(f"  {leaf}:", "  announce:"))
    assert len(into) <= TARGET.review_limits["renaming"], into
    assert len(out) == len(into)
    assert all(leaf in line for line in out) and all("announce" in line for line in into)


def test_a_renamed_matrix_moves_the_lines_of_its_instances(tmp_path: Path) -> None:
    _, into = changed(tmp_path, SPEC, SPEC.replace("  grid:", "  announce:"))
    assert len(into) + 1 <= 2 * TARGET.review_limits["renaming"], into


NEW = {
    "reads": "  profile:\n    run: profile ${{ inputs.t }}\n    inputs: {t: ingest.table}\n",
    "alone": "  alone: {run: echo alone}\n",
    "foreach": "  some:\n    foreach: [1, 2]\n    run: echo ${{ item }}\n",
    "matrix": "  many:\n    matrix: {n: [1, 2]}\n    needs: [train]\n    run: echo ${{ matrix.n }}\n",
    "gate": "  late: {gate: [train.metrics.auc < 1.0], otherwise: skip}\n",
}


BRACKETS = {"}", "stages {", "parallel {"}
"""Around stages that come to stand side by side."""


@pytest.mark.parametrize("place", ["  ingest:\n", "  quality:", "  grid:\n", "finally:"])
@pytest.mark.parametrize("new", NEW)
def test_a_new_step_touches_no_other_steps_block(tmp_path: Path, form: str, new: str, place: str) -> None:
    """A step's block is its stage and its function, or its entry; its stage may come to stand in a branch."""
    out, into = changed(tmp_path, SPEC, SPEC.replace(place, NEW[new] + place))
    arrangement = [line for line in out if form == "data" and line.startswith('["')]
    counted = [line for line in out if "without need" in line or "mlspec plan" in line]
    around = [line for line in out if "and others'" in line or "stage('from " in line or line.strip() in BRACKETS]
    own = Counter(line.strip() for line in out) - Counter(line.strip() for line in [*arrangement, *counted, *around])
    assert own - Counter(line.strip() for line in into) == Counter()


def test_the_employment_example_is_at_most_245_lines() -> None:
    path = Path(__file__).resolve().parents[3] / "examples/employment/pipelines/jenkins/employment.Jenkinsfile"
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 245
