"""What a reviewer sees of a change, and what lineage KFP will see."""

from __future__ import annotations

import difflib
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from mlspec import api
from mlspec.ir.model import Plan
from mlspec.targets.base import HEADER_LINES
from mlspec.targets.kubeflow import TARGET

EXAMPLES = sorted((Path(__file__).parents[3] / "examples").glob("*/mlspec.yaml"))
SPEC = """
apiVersion: mlspec/v1
kind: Lifecycle
metadata: {name: review}
params: {seed: 7, min_auc: 0.75}
store: s3://acme/store
steps:
  ingest:
    run: make ${{ outputs.table }}
    outputs: {table: dataset}
  train:
    run: fit --seed ${{ params.seed }} ${{ inputs.table }} ${{ outputs.model }} ${{ outputs.metrics }}
    inputs: {table: ingest.table}
    outputs: {model: model, metrics: metrics}
  quality: {gate: [train.metrics.auc >= params.min_auc]}
  publish:
    needs: [quality]
    run: publish ${{ inputs.model }} ${{ with.note }} ${{ outputs.receipt }}
    inputs: {model: train.model}
    with: {note: as is}
    outputs: {receipt: report}
    when: params.seed > 0.0
"""


def body(folder: Path, spec: str) -> list[str]:
    path = folder / "mlspec.yaml"
    path.write_text(spec, encoding="utf-8")
    return api.compile(api.plan(api.load(path)), "kubeflow")[0].content.splitlines()[HEADER_LINES:]


def changed(folder: Path, old: str, new: str) -> list[str]:
    """The lines that a change takes out or puts in, beside the header."""
    lines = [
        line
        for line in difflib.unified_diff(body(folder, old), body(folder, new), n=0)
        if line[0] in "+-" and line[:3] not in ("+++", "---")
    ]
    assert lines, "there is no difference"
    return lines


def test_a_parameters_default_is_its_own_line_and_the_digest(tmp_path: Path) -> None:
    lines = changed(tmp_path, SPEC, SPEC.replace("seed: 7", "seed: 8"))
    assert len([line for line in lines if line[0] == "+"]) <= TARGET.review_limits["default"]
    assert any("defaultValue: 8" in line for line in lines)
    assert [line for line in lines if "defaultValue" not in line] == []


def test_what_processes_share_stands_once_and_moves_with_no_step(tmp_path: Path) -> None:
    environments = "environments: {b: {image: b:1, pythonpath: [src]}, a: {image: a:1}}\ntracking: {uri: http://mlflow}\n"
    spec = SPEC.replace("steps:\n", environments + "steps:\n", 1).replace("  train:\n", "  train:\n    environment: b\n")
    lines = [line.strip() for line in body(tmp_path, spec)]
    for option in ("lifecycle", "run-id", "store", "executor-input", "environment", "pythonpath"):
        assert sum(f"--{option}=" in line for line in lines) == 1, option
    assert [line for line in lines if line.endswith(("b:1", "a:1"))] == ["image: &image-of-b b:1"]
    first = "steps:\n  first: {run: 'true', environment: a}\n"
    change = changed(tmp_path, spec, spec.replace("steps:\n", first, 1))
    assert [line for line in change if line[0] == "-"] == []
    assert "+        image: &image-of-a a:1" in change


def test_a_comment_says_what_the_block_does_not(tmp_path: Path) -> None:
    described = (
        SPEC.replace("publish:\n", "publish:\n    description: Sends it off\n") + "  many: {matrix: {n: [1]}, run: 'true'}\n"
    )
    comments = [line.strip() for line in body(tmp_path, described) if line.startswith(" ") and line.strip().startswith("# ")]
    assert [comment for comment in comments if "*name" not in comment] == ["# Sends it off", "# many[n=1]"]


def test_a_process_is_passed_nothing_twice(tmp_path: Path) -> None:
    ir = yaml.safe_load("\n".join(body(tmp_path, SPEC + LEAVES)))
    for label, executor in ir["deploymentSpec"]["executors"].items():
        arguments = [*executor["container"]["command"], *executor["container"]["args"]]
        assert arguments[:2] == ["mlspec", "exec"]
        assert len(arguments) == len(set(arguments)), label
        assert ("--final" in arguments) == (label == "exec-bye")


LEAVES = """
  each:
    foreach: [a, b]
    parallel: 2
    run: echo ${{ item }} > ${{ outputs.out }}
    inputs: {t: ingest.table}
    outputs: {out: artifact}
    when: item != "b"
  grid: {matrix: {n: [1]}, run: "echo ${{ matrix.n }}", needs: [train]}
  late: {gate: [train.metrics.auc > 0.5], otherwise: skip}
finally:
  bye: {run: "echo ${{ run.status }} ${{ params.seed }}"}
"""


@pytest.mark.parametrize("leaf", ["publish", "each", "grid", "late", "bye"])
def test_a_renamed_leaf_moves_its_own_lines(tmp_path: Path, leaf: str) -> None:
    spec = SPEC + LEAVES
    old, new = (Counter(body(tmp_path, text)) for text in (spec, spec.replace(f"  {leaf}:", "  announce:")))
    assert 5 < (new - old).total() <= TARGET.review_limits["renaming"]
    assert (old - new).total() == (new - old).total()
    assert all("announce" in line for line in new - old)


@pytest.mark.parametrize(
    "step",
    [
        "  profile:\n    run: profile ${{ inputs.t }}\n    inputs: {t: ingest.table}\n",
        "  each:\n    foreach: [1, 2]\n    run: echo ${{ item }}\n",
        "  many:\n    matrix: {n: [1, 2]}\n    needs: [train]\n    run: echo ${{ matrix.n }}\n",
    ],
)
def test_a_new_step_touches_no_other_steps_block(tmp_path: Path, step: str) -> None:
    for place in ("  ingest:\n", "  quality:"):
        lines = changed(tmp_path, SPEC, SPEC.replace(place, step + place))
        assert [line for line in lines if line[0] == "-"] == []


def test_the_employment_example_is_at_most_420_lines() -> None:
    path = EXAMPLES[0].parents[1] / "employment" / "pipelines" / "kubeflow" / "employment.yaml"
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 420


def tasks_of(ir: dict[str, Any]) -> dict[str, Any]:
    """Every task of every DAG, by the DAG and its own name."""
    dags = {"root": ir["root"], **{name: part for name, part in ir["components"].items() if "dag" in part}}
    return {f"{dag}/{name}": task for dag, part in dags.items() for name, task in part["dag"]["tasks"].items()}


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.parent.name)
def test_every_artifact_that_a_step_reads_leads_to_the_step_that_made_it(path: Path) -> None:
    """Lineage is what KFP makes of these wires; outputs of instances go by the store."""
    plan = replace(api.plan(api.load(path, sets=["triggers=null"])), notifications=(), monitor=None, on_failure="stop")
    ir = next(yaml.safe_load_all(TARGET.emit(plan)[0].content))
    wires = {
        (wire["taskOutputArtifact"]["producerTask"], wire["taskOutputArtifact"]["outputArtifactKey"], name.rpartition("/")[2])
        for name, task in tasks_of(ir).items()
        for wire in task.get("inputs", {}).get("artifacts", {}).values()
    }
    assert wires == reads_of(plan)


def reads_of(plan: Plan) -> set[tuple[str, str, str]]:
    found = set()
    for step in plan.all_steps():
        for read in (*step.inputs, *step.values):
            if hasattr(read.source, "steps") and not read.source.dynamic:
                found |= {(_task(above), read.source.output, _task(step.id)) for above in read.source.steps}
    return found


def _task(step_id: str) -> str:
    return step_id.replace("_", "-")
