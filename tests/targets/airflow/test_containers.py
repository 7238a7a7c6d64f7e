"""The DAG file with `runner: docker`, in real containers of the image that the environment's Dockerfile makes."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from mlspec import __version__, api
from mlspec.environments.export import export
from mlspec.generated import write
from tests.engines import local
from tests.engines.airflow import Airflow
from tests.engines.kfp_docker import docker_api
from tests.engines.outcome import outcome_of
from tests.engines.podman import BASE, Podman

pytestmark = [pytest.mark.podman, pytest.mark.airflow, pytest.mark.slow]

IMAGE = "localhost/contained:1"
SPEC = f"""\
apiVersion: mlspec/v1
kind: Lifecycle
metadata: {{name: contained}}
params: {{bound: 0.5, text: "it's $HOME `id` {{{{ ds }}}}"}}
environments:
  ml: {{python: "{sys.version_info[0]}.{sys.version_info[1]}", pythonpath: [src], image: "{IMAGE}"}}
defaults: {{environment: ml}}
targets: {{airflow: {{runner: docker, network: host}}}}
steps:
  make:
    call: mine:make
    with: {{text: "${{{{ params.text }}}}"}}
    outputs: {{table: dataset, metrics: metrics, values: values}}
  gate:
    gate: [make.metrics.share > params.bound]
    otherwise: skip
  each:
    foreach: make.values.parts
    needs: [gate]
    when: item != "left out"
    run: cat ${{{{ inputs.table }}}} > ${{{{ outputs.copy }}}}; printf '%s' ${{{{ item }}}} >> ${{{{ outputs.copy }}}}
    inputs: {{table: make.table}}
    outputs: {{copy: dataset}}
  join:
    run: cat ${{{{ inputs.all }}}} > ${{{{ outputs.out }}}}
    inputs: {{all: each.copy}}
    outputs: {{out: report}}
finally:
  bye: {{run: "echo ${{{{ run.status }}}} > ${{{{ outputs.status }}}}", outputs: {{status: artifact}}}}
"""
CODE = """\
def make(table, text):
    table.write_text(text)
    return {"metrics": {"share": 0.75}, "values": {"parts": ["a b", "$(id)", "left out", "{{ ds }}"]}}
"""


@pytest.mark.parametrize(("bound", "below"), [(0.5, "succeeded"), (0.9, "skipped")])
def test_containers_give_what_a_local_run_gives(
    podman: Podman, airflow: Airflow, tmp_path: Path, bound: float, below: str
) -> None:
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "mine.py").write_text(CODE, encoding="utf-8")
    (tmp_path / "mlspec.yaml").write_text(SPEC, encoding="utf-8")
    plan = api.plan(api.load(tmp_path / "mlspec.yaml"))
    made = tmp_path / "pipelines" / "environments"
    write(export(plan, ["ml"], __version__), made)
    podman.build(tmp_path, made / "ml" / "Dockerfile", IMAGE, {"BASE": BASE})
    here = outcome_of(plan, tmp_path, local.run(tmp_path, plan, {"bound": bound}).run_id)
    with docker_api(podman, tmp_path) as address:
        files = api.compile(plan, "airflow")
        ran = airflow.run(tmp_path, plan, files, {"bound": bound}, {"DOCKER_HOST": address})
    there = outcome_of(plan, tmp_path, ran.run_id)
    assert there == here
    assert (ran.status, there.steps["join"].state) == ("succeeded", below)
