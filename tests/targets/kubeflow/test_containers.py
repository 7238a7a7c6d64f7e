"""The compiled pipeline in real containers, of the image that the environment's Dockerfile makes."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest

from mlspec import __version__, api
from mlspec.environments.export import export
from mlspec.generated import write
from tests.engines import kfp_docker, local
from tests.engines.outcome import Outcome, outcome_of
from tests.engines.podman import BASE, Podman

pytestmark = [pytest.mark.podman, pytest.mark.kfp, pytest.mark.slow]

IMAGE = "localhost/packed:1"
SPEC = """\
apiVersion: mlspec/v1
kind: Lifecycle
metadata: {name: packed}
params: {bound: 0.5, text: "it's $HOME `id`"}
environments:
  ml: {python: "@PYTHON@", pythonpath: [src], image: localhost/packed:1}
defaults: {environment: ml}
steps:
  make:
    cache: true
    call: mine:make
    with: {text: "${{ params.text }}"}
    outputs: {table: dataset, metrics: metrics, values: values}
  gate:
    gate: [make.metrics.share > params.bound]
    otherwise: skip
  each:
    foreach: make.values.parts
    needs: [gate]
    parallel: 2
    run: cat ${{ inputs.table }} data.txt > ${{ outputs.copy }}; printf '%s' ${{ item }} >> ${{ outputs.copy }}
    inputs: {table: make.table}
    outputs: {copy: dataset}
  fit:
    cache: true
    needs: [gate]
    matrix: {depth: [1, 2]}
    call: mine:fit
    with: {depth: "${{ matrix.depth }}"}
    outputs: {metrics: metrics}
  join:
    run: cat ${{ inputs.all }} > ${{ outputs.out }}; echo ${{ fit.metrics.depth }} >> ${{ outputs.out }}
    inputs: {all: each.copy}
    outputs: {out: report}
finally:
  bye:
    run: test ${{ run.status }} = succeeded
"""
CODE = """\
def make(table, text):
    table.write_text(text)
    return {"metrics": {"share": 0.75}, "values": {"parts": ["a b", "$(id)", 2]}}


def fit(depth):
    return {"depth": depth}
"""


@pytest.fixture(scope="module")
def project(podman: Podman, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project, and its image built from the generated Dockerfile."""
    folder = tmp_path_factory.mktemp("project")
    (folder / "src").mkdir()
    (folder / "src" / "mine.py").write_text(CODE, encoding="utf-8")
    (folder / "data.txt").write_text("data\n", encoding="utf-8")
    (folder / "mlspec.yaml").write_text(
        SPEC.replace("@PYTHON@", f"{sys.version_info[0]}.{sys.version_info[1]}"), encoding="utf-8"
    )
    plan = api.plan(api.load(folder / "mlspec.yaml"))
    made = folder / "pipelines" / "environments"
    write(export(plan, ["ml"], __version__), made)
    podman.build(folder, made / "ml" / "Dockerfile", IMAGE, {"BASE": BASE})
    return folder


@pytest.mark.parametrize(("bound", "below"), [(0.5, "succeeded"), (0.9, "skipped")])
def test_containers_give_what_a_local_run_gives(
    project: Path, docker_host: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, bound: float, below: str
) -> None:
    def outcome(store: Path, *, contained: bool) -> Outcome:
        plan = api.plan(api.load(project / "mlspec.yaml", sets=[f"store=file://{store}"]))
        if not contained:
            return outcome_of(plan, project, local.run(project, plan, {"bound": bound}).run_id)
        files = api.compile(plan, "kubeflow")
        done = kfp_docker.run(plan, files, {"bound": bound}, docker_host, monkeypatch)
        found = outcome_of(plan, project, done.run_id)
        assert done.status == found.status
        return found

    there = outcome(tmp_path / "there", contained=True)
    assert there == outcome(tmp_path / "here", contained=False)
    assert (there.status, there.steps["join"].state, there.steps["bye"].state) == ("succeeded", below, "succeeded")
    shutil.rmtree(tmp_path / "there")


def test_containers_take_equal_steps_from_an_earlier_run(
    project: Path, docker_host: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sets = [f"store=file://{tmp_path / 'store'}", "targets.kubeflow.cache=true"]
    plan = api.plan(api.load(project / "mlspec.yaml", sets=sets))
    files = api.compile(plan, "kubeflow")
    runs = [kfp_docker.run(plan, files, {}, docker_host, monkeypatch, tmp_path / "artifacts").run_id for _ in range(2)]
    first, second = (outcome_of(plan, project, run_id) for run_id in runs)
    assert (first.status, second.status) == ("succeeded", "succeeded")
    assert {name: step.outputs for name, step in second.steps.items()} == {
        name: step.outputs for name, step in first.steps.items()
    }
    assert {name for name, step in first.steps.items() if not step.attempts} == set()
    assert {name for name, step in second.steps.items() if step.attempts} == {"gate", "bye"}
    for folder in ("store", "artifacts"):
        shutil.rmtree(tmp_path / folder)
