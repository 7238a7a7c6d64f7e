"""One spec run three times on an engine with the target's `cache` on: what its steps take from the store, and what they do anew.

In: a target, and how its engine runs a plan. Out: nothing, or a failed assertion. Owns what caching means alike on every engine;
never knows one. Change it when caching is to mean something else.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from mlspec import api
from mlspec.engine import Runs, outcome
from mlspec.ir.model import Plan
from mlspec.targets.base import GeneratedFile
from tests.engines import EngineRun, kfp_local
from tests.targets import rows

SPEC = """\
params: {n: 1, go: true}
environments: {ml: {pythonpath: [src], image: acme/ml:1}}
defaults: {environment: ml}
targets: {airflow: {cache: true}, jenkins: {cache: true}, kubeflow: {cache: true}}
steps:
  make:
    cache: true
    run: |
      echo table > ${{ outputs.table }}
      echo '{"regions": ["north", "south"]}' > ${{ outputs.values }}
    outputs: {table: dataset, values: values}
  fit:
    matrix: {depth: [2, 4]}
    inputs: {table: make.table}
    with: {n: "${{ params.n }}", depth: "${{ matrix.depth }}"}
    run: |
      mkdir ${{ outputs.model }}
      cat ${{ inputs.table }} > ${{ outputs.model }}/table
      echo ${{ with.n }} ${{ with.depth }} > ${{ outputs.model }}/size
      echo "{\\"auc\\": 0.$MLSPEC_WITH_DEPTH}" > ${{ outputs.metrics }}
    outputs: {model: model, metrics: {type: metrics, path: metrics.json}}
  good: {gate: ["fit.metrics.auc.all(auc, auc < 0.5)"]}
  each:
    needs: [good]
    foreach: make.values.regions
    run: echo ${{ item }} > ${{ outputs.out }}
    outputs: {out: {type: artifact, path: out.csv}}
  fresh:
    cache: false
    inputs: {table: make.table}
    run: cat ${{ inputs.table }} > ${{ outputs.out }}
    outputs: {out: artifact}
  source: {run: "echo source > ${{ outputs.out }}", outputs: {out: artifact}}
  pulled: {cache: {key: "${{ params.n }}"}, run: "echo pulled > ${{ outputs.out }}", outputs: {out: artifact}}
  maybe:
    cache: {for: 24h}
    when: params.go
    run: echo maybe > ${{ outputs.out }}
    outputs: {out: artifact}
  all:
    inputs: {each: each.out, models: fit.model, maybe: maybe.out}
    run: |
      cat ${{ inputs.each }} ${{ inputs.maybe }} > ${{ outputs.out }}
      for model in ${{ inputs.models }}; do cat "$model/size" >> ${{ outputs.out }}; done
    outputs: {out: {type: report, path: all.txt}}
finally:
  bye: {run: "echo over > ${{ outputs.out }}", outputs: {out: report}}
"""
"""Outputs that are files, folders, numbers and lists; fan-outs of both kinds, a step that may be skipped, sources, and readers of them."""
TAKEN = {"make", "fit[depth=2]", "fit[depth=4]", "each[0]", "each[1]", "maybe", "pulled", "all"}
DONE = {"good", "fresh", "source", "bye"}
READ_N = {"fit[depth=2]", "fit[depth=4]", "all"}
OTHER_KEY = {"pulled"}
"""Not the same step with another `n`, though what it makes is."""


def check(folder: Path, target: str, run: Callable[[Path, Plan, list[GeneratedFile], Mapping[str, Any]], EngineRun]) -> None:
    """Make a project in a new folder, and `run` it three times."""
    root, plan = rows.project(folder, SPEC)
    plan = kfp_local.with_shared_store(plan, root) if target == "kubeflow" else plan
    files = api.compile(plan, target)
    runs = [run(root, plan, files, params) for params in ({}, {}, {"n": 2})]
    assert {ran.status for ran in runs} == {"succeeded"}
    ids = [ran.run_id for ran in runs]
    first, second, third = (_steps(root, plan, run_id) for run_id in ids)
    assert set(first) == TAKEN | DONE
    assert {record["cached_from"] for record in first.values()} == {None}
    for steps in (first, second):
        named = {"fit[depth=2]": ("metrics", "metrics.json"), "each[1]": ("out", "out.csv"), "all": ("out", "all.txt")}
        for name, (output, file) in named.items():
            assert steps[name]["outputs"][output]["uri"].endswith(f"/{file}")

    assert _taken(second, ids[0]) == TAKEN
    assert {name: _digests(record) for name, record in second.items()} == {
        name: _digests(record) for name, record in first.items()
    }

    assert _taken(third, ids[0]) == TAKEN - READ_N - OTHER_KEY
    assert {name for name in third if _digests(third[name]) != _digests(first[name])} == READ_N


def _steps(root: Path, plan: Plan, run_id: str) -> dict[str, dict[str, Any]]:
    """The records of a run, by the ids of steps and instances."""
    found = outcome(plan, Runs(plan.lifecycle, plan.store, root), run_id)
    assert found.status == "succeeded"
    return {name: dict(step.record) for name, step in found.steps.items() if step.record}


def _taken(steps: Mapping[str, Mapping[str, Any]], origin: str) -> set[str]:
    """The steps that were not run, all of them because of the run `origin`; of the others each was run once."""
    taken = {name for name, record in steps.items() if record["cached_from"]}
    for name, record in steps.items():
        assert (record["cached_from"], record["attempts"]) == ((origin, 0) if name in taken else (None, 1)), name
    return taken


def _digests(record: Mapping[str, Any]) -> dict[str, str]:
    return {name: output["digest"] for name, output in record["outputs"].items()}
