"""A whole lifecycle in the image of its generated Dockerfile: the same run on Kubeflow, on Airflow and here.

In: a project of four functions, library steps and a gate, whose packages are real ones. Out: nothing but a verdict.
Owns the proof that an environment's image, a target's file and the step process fit together. Change it when an image, or what
runs in it, changes its shape.
"""

from __future__ import annotations

import importlib.metadata
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from mlspec import __version__, api
from mlspec.environments.export import export
from mlspec.generated import write
from mlspec.ir.model import Plan
from tests import wheels
from tests.engines import kfp_docker, local
from tests.engines.airflow import Airflow
from tests.engines.outcome import Outcome, outcome_of
from tests.engines.podman import BASE, Podman

pytestmark = [pytest.mark.podman, pytest.mark.kfp, pytest.mark.airflow, pytest.mark.slow]

IMAGE = "localhost/progress:1"
PACKAGES = ("fairlearn", "pandas", "pyarrow", "pyyaml", "scikit-learn")
SPEC = """\
apiVersion: mlspec/v1
kind: Lifecycle
metadata: {name: progress, description: Foretells from measurements of a year ago whose diabetes gets worse.}
params:
  seed: 7
  min_auc: {type: number, default: 0.75, minimum: 0.5, maximum: 1}
  promote: true
environments:
  ml: {python: "@PYTHON@", requirements: [@REQUIREMENTS@], pythonpath: [src], image: localhost/progress:1}
defaults: {environment: ml, timeout: 5m}
targets:
  kubeflow: {image: localhost/progress:1}
  airflow: {runner: docker, network: host}
steps:
  ingest: {stage: data, call: "progress:ingest", outputs: {table: dataset}}
  validate: {stage: data, uses: data/validate, inputs: {data: ingest.table}, with: {contract: contract.yaml}}
  split:
    stage: data
    needs: [validate]
    call: progress:split
    inputs: {table: ingest.table}
    with: {seed: "${{ params.seed }}"}
    outputs: {train: dataset, test: dataset}
  train:
    matrix: {depth: [1, 3]}
    call: progress:train
    inputs: {data: split.train}
    with: {depth: "${{ matrix.depth }}", seed: "${{ params.seed }}"}
    outputs: {model: model, metrics: metrics}
  choose:
    call: progress:choose
    inputs: {models: train.model}
    with: {scores: "${{ train.metrics.log_loss }}"}
    outputs: {model: model}
  evaluate: {uses: evaluate/classifier, inputs: {model: choose.model, data: split.test}, with: {target: worse}}
  fairness:
    uses: fairness/assess
    inputs: {model: choose.model, data: split.test}
    with: {target: worse, sensitive: [sex]}
  quality: {gate: [evaluate.metrics.auc >= params.min_auc, fairness.metrics.rows > 10]}
  publish:
    stage: service
    needs: [quality]
    when: params.promote
    run: cat ${{ inputs.model }} > ${{ outputs.served }}
    inputs: {model: choose.model}
    outputs: {served: artifact}
finally:
  tell: {run: "echo the run ${{ run.status }} > ${{ outputs.note }}", outputs: {note: report}}
"""
CODE = """\
import shutil
import joblib, pandas
from sklearn.datasets import load_diabetes
from sklearn.ensemble import GradientBoostingClassifier
from sklearn.metrics import log_loss
from sklearn.model_selection import train_test_split

def ingest(table):
    people = load_diabetes(as_frame=True).frame
    people["worse"] = people.pop("target") > 140
    people["sex"] = (people["sex"] > 0).map({True: "one", False: "other"})
    people.to_csv(table, index=False, lineterminator="\\n")

def split(table, train, test, seed):
    some, others = train_test_split(pandas.read_csv(table), test_size=0.3, random_state=seed)
    some.to_csv(train, index=False, lineterminator="\\n")
    others.to_csv(test, index=False, lineterminator="\\n")

def train(data, model, depth, seed):
    people = pandas.read_csv(data)
    features = people.drop(columns=["worse", "sex"])
    trees = GradientBoostingClassifier(n_estimators=20, max_depth=depth, random_state=seed).fit(features, people["worse"])
    joblib.dump(trees, model)
    return {"log_loss": log_loss(people["worse"], trees.predict_proba(features))}

def choose(models, model, scores):
    shutil.copy(models[scores.index(min(scores))], model)
"""
CONTRACT = "columns: {worse: {type: boolean}, age: {type: number}, sex: {type: string, allowed: [one, other]}}\n"
PARAMS = {"seed": 3}


@pytest.fixture(scope="module")
def podman(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Podman]:
    """One whose images have the packages of this lifecycle."""
    folder = tmp_path_factory.mktemp("podman")
    engine = Podman(folder, [wheels.mlspec(folder)], PACKAGES)
    yield engine
    engine.close()


@pytest.fixture(scope="module")
def project(podman: Podman, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project, and its image built from the generated Dockerfile."""
    folder = tmp_path_factory.mktemp("project")
    (folder / "src").mkdir()
    (folder / "src" / "progress.py").write_text(CODE, encoding="utf-8")
    (folder / "contract.yaml").write_text(CONTRACT, encoding="utf-8")
    pinned = ", ".join(f"{name}=={importlib.metadata.version(name)}" for name in PACKAGES)
    spec = SPEC.replace("@PYTHON@", f"{sys.version_info[0]}.{sys.version_info[1]}").replace("@REQUIREMENTS@", pinned)
    (folder / "mlspec.yaml").write_text(spec, encoding="utf-8")
    made = folder / "pipelines" / "environments"
    write(export(planned(folder, folder), ["ml"], __version__), made)
    podman.build(folder, made / "ml" / "Dockerfile", IMAGE, {"BASE": BASE})
    return folder


def planned(project: Path, store: Path) -> Plan:
    return api.plan(api.load(project / "mlspec.yaml", sets=[f"store={store}"]))


@pytest.fixture(scope="module")
def here(project: Path, tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    """What the run comes to on this machine, in this Python."""
    plan = planned(project, tmp_path_factory.mktemp("store"))
    outcome = outcome_of(plan, project, local.run(project, plan, PARAMS).run_id)
    assert (outcome.status, {done.state for done in outcome.steps.values()}) == ("succeeded", {"succeeded"})
    return outcome


def test_kubeflow_runs_it_in_the_image(
    project: Path, docker_host: str, here: Outcome, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = api.plan(api.load(project / "mlspec.yaml", sets=[f"store=file://{tmp_path / 'store'}"]))
    done = kfp_docker.run(plan, api.compile(plan, "kubeflow"), PARAMS, docker_host, monkeypatch)
    assert (outcome_of(plan, project, done.run_id), done.status) == (here, "succeeded")


def test_airflow_runs_it_in_the_image(project: Path, docker_host: str, here: Outcome, airflow: Airflow, tmp_path: Path) -> None:
    plan = planned(project, tmp_path / "store")
    (tmp_path / "store").mkdir()
    done = airflow.run(project, plan, api.compile(plan, "airflow"), PARAMS, {"DOCKER_HOST": docker_host})
    assert (outcome_of(plan, project, done.run_id), done.status) == (here, "succeeded")
