"""Each test starts processes as the step process does: MLflow keeps state of its own in the one that imports it."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from mlspec.store.digests import digest

pytestmark = pytest.mark.slow

STEP = """
import json, pathlib, sys
from mlspec.library import load
from mlspec.errors import StepError
inputs, calls = json.loads(sys.argv[1])
try:
    for with_ in calls:
        paths = {name: pathlib.Path(path) for name, path in inputs.items()}
        print(json.dumps(load("mlflow/register").run(paths, {}, with_)))
except StepError as error:
    sys.exit(f"StepError: {error}")
"""
LOOK = """
import json, sys, logging, warnings
warnings.simplefilter("ignore")
logging.disable()
import mlflow, pandas as pd
mlflow.set_tracking_uri("sqlite:///.mlspec/mlflow.db")
client = mlflow.MlflowClient()
version = client.get_model_version_by_alias(sys.argv[1], "champion")
run = client.get_run(version.run_id)
experiment = client.get_experiment(run.info.experiment_id)
model = mlflow.pyfunc.load_model(f"models:/{sys.argv[1]}@champion")
rows = pd.read_parquet(sys.argv[2]).head(20)
answer = model.predict(rows[model.metadata.get_input_schema().input_names()])
print(json.dumps({
    "version": int(version.version), "tags": version.tags, "description": version.description,
    "versions": len(client.search_model_versions(f"name='{sys.argv[1]}'")),
    "params": run.data.params, "metrics": run.data.metrics, "status": run.info.status,
    "experiment": experiment.name, "artifacts": experiment.artifact_location,
    "answer": (answer["label"] if isinstance(answer, dict) else answer).tolist(),
}))
"""
ENVIRONMENT = {
    "MLSPEC_RUN_ID": "run-1",
    "MLSPEC_LIFECYCLE": "employment",
    "MLSPEC_SPEC_DIGEST": "sha256:spec",
    "MLFLOW_TRACKING_URI": "sqlite:///.mlspec/mlflow.db",
    "MLFLOW_EXPERIMENT_NAME": "people",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0",
}


def start(code, *arguments, cwd):
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("MLFLOW", "MLSPEC"))}
    words = [sys.executable, "-c", code, *map(str, arguments)]
    pipe = subprocess.PIPE
    return subprocess.Popen(words, cwd=cwd, env=environment | ENVIRONMENT, stdout=pipe, stderr=pipe, text=True)


def end(process):
    try:
        out, err = process.communicate(timeout=240)
    finally:
        process.kill()
    return subprocess.CompletedProcess(process.args, process.returncode, out, err)


def python(code, *arguments, cwd):
    return end(start(code, *arguments, cwd=cwd))


def words(inputs, *calls):
    """The argument of STEP: it registers the same inputs once for each `with`, and prints one line each."""
    return json.dumps([{name: str(path) for name, path in inputs.items()}, calls])


def register(project, inputs, *calls):
    return python(STEP, words(inputs, *calls), cwd=project)


@pytest.fixture(scope="module")
def project(tmp_path_factory, employment):
    """A project folder, with metrics and the census model as scikit-learn and as ONNX."""
    from mlspec.library import load

    folder = tmp_path_factory.mktemp("project")
    (folder / "quality").write_text('{"auc": 0.83, "rows": 10}')
    (folder / "ranks").write_text(json.dumps({"recall@10": 0.41, "error (%)": 12.5, "f@1": 1, "f#1": 10**400, "東京": 1}))
    (folder / "odd").write_text('{"curve": [1, 2]}')
    inputs = {"model": employment / "model", "data": employment / "test"}
    load("export/onnx").run(inputs, {"model": folder / "onnx"}, {})
    return folder


@pytest.fixture(scope="module")
def expected(employment):
    import joblib
    import pandas as pd

    return joblib.load(employment / "model").predict(pd.read_parquet(employment / "test").head(20)).tolist()


def test_a_scikit_learn_model(project, employment, expected):
    inputs = {"model": employment / "model", "data": employment / "train", "quality": project / "quality"}
    with_ = {"name": "jobs", "alias": "champion", "description": "First", "params": {"seed": 7}, "tags": {"tier": 1}}
    elsewhere = {name: value for name, value in with_.items() if name != "alias"} | {"tags": {"tier": 2}}
    done = register(project, inputs, with_, with_, elsewhere)
    assert (done.returncode, done.stderr) == (0, "")
    first, again, other = map(json.loads, done.stdout.splitlines())
    assert first == {"name": "jobs", "version": 1, "uri": "models:/jobs/1", "alias": "champion"}
    assert again == first, "the same model is registered once"
    assert (other["version"], other["alias"]) == (2, None)

    found = json.loads(python(LOOK, "jobs", employment / "test", cwd=project).stdout)
    assert (found["version"], found["versions"]) == (1, 2)
    assert found["answer"] == expected
    assert found["tags"] == {
        "mlspec.lifecycle": "employment",
        "mlspec.spec_digest": "sha256:spec",
        "mlspec.model_digest": digest(employment / "model"),
        "mlspec.data_digest": digest(employment / "train"),
        "quality.auc": "0.83",
        "quality.rows": "10",
        "tier": "1",
    }
    assert (found["params"], found["metrics"]) == ({"seed": "7"}, {"quality.auc": 0.83, "quality.rows": 10.0})
    assert (found["experiment"], found["status"], found["description"]) == ("people", "FINISHED", "First")
    assert found["artifacts"] == (project / ".mlspec" / "mlflow-artifacts").as_uri()
    assert not (project / "mlruns").exists()
    assert not list(Path(project).glob("*.db"))


def test_an_onnx_model(project, employment, expected):
    done = register(project, {"model": project / "onnx"}, {"name": "jobs onnx", "alias": "champion"})
    assert (done.returncode, done.stderr) == (0, "")
    found = json.loads(python(LOOK, "jobs onnx", employment / "test", cwd=project).stdout)
    assert found["answer"] == expected
    assert found["tags"]["mlspec.model_digest"] == digest(project / "onnx")
    assert "mlspec.data_digest" not in found["tags"]


def test_names_and_texts_that_mlflow_does_not_take(project, employment):
    """Metrics get the names that a step's own tracking gives them."""
    with_ = {"name": "ranker", "alias": "champion", "params": {"long": "x" * 7000}, "tags": {"long": "x" * 9000}}
    done = register(project, {"model": employment / "model", "data": employment / "test", "q": project / "ranks"}, with_, with_)
    assert (done.returncode, done.stderr) == (0, "")
    found = json.loads(python(LOOK, "ranker", employment / "test", cwd=project).stdout)
    metrics = found["metrics"]
    assert (metrics["q.recall_10"], metrics["q.error ___"], metrics["q.東京"]) == (0.41, 12.5, 1)
    assert len(metrics) == 5
    assert found["tags"]["q.recall_10"] == "0.41"
    assert found["params"] == {"long": "x" * 6000}
    assert (found["versions"], len(found["tags"]["long"])) == (1, 5000)


def test_models_registered_together(project, tmp_path):
    """The first of them makes MLflow's tables, and the others wait for it; versions of one name get numbers of their own."""
    wanted = [{"name": "a"}, {"name": "b", "tags": {"region": 1}}, {"name": "b", "tags": {"region": 2}}]
    processes = [start(STEP, words({"model": project / "onnx"}, with_), cwd=tmp_path) for with_ in wanted]
    ends = [end(process) for process in processes]
    assert [(done.returncode, done.stderr) for done in ends] == [(0, "")] * 3
    first, *others = [json.loads(done.stdout)["uri"] for done in ends]
    assert first == "models:/a/1"
    assert sorted(others) == ["models:/b/1", "models:/b/2"]


GAPS = """
import joblib, numpy as np, pandas as pd, sys
from sklearn.compose import ColumnTransformer
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder
from xgboost import XGBClassifier
rng = np.random.default_rng(0)
table = pd.DataFrame({"x": rng.normal(size=400), "voucher": None})
table.loc[200:, "voucher"] = "SPRING"
table.to_parquet(sys.argv[2])
parts = ColumnTransformer([("c", OneHotEncoder(handle_unknown="ignore"), ["voucher"]), ("n", "passthrough", ["x"])])
steps = [("parts", parts), ("model", XGBClassifier(n_estimators=5))]
joblib.dump(Pipeline(steps).fit(table, (table.x > 0).astype(int)), sys.argv[1])
"""


def test_a_column_without_values_in_its_first_rows_and_a_model_of_xgboost(project, tmp_path):
    made = python(GAPS, tmp_path / "model", tmp_path / "data", cwd=tmp_path)
    assert made.returncode == 0, made.stderr
    inputs = {"model": tmp_path / "model", "data": tmp_path / "data"}
    done = register(tmp_path, inputs, {"name": "vouchers", "alias": "champion"})
    assert (done.returncode, done.stderr) == (0, "")
    found = json.loads(python(LOOK, "vouchers", tmp_path / "data", cwd=tmp_path).stdout)
    assert set(found["answer"]) == {0, 1}
    (requirements,) = tmp_path.glob(".mlspec/mlflow-artifacts/**/requirements.txt")
    names = {line.partition("==")[0] for line in requirements.read_text().split()}
    assert names == {"mlflow", "numpy", "pandas", "scikit-learn", "xgboost-cpu"}


def test_a_model_that_was_defined_in_the_script_that_trained_it(project, tmp_path):
    code = "import joblib, sys\nclass Mine:\n    def predict(self, x): return x\njoblib.dump(Mine(), sys.argv[1])"
    assert python(code, tmp_path / "model", cwd=tmp_path).returncode == 0
    done = register(tmp_path, {"model": tmp_path / "model"}, {"name": "script"})
    assert "needs 'Mine', which was defined in the script that trained it; move that into a module" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("with_", "extra", "message"),
    [
        ({"name": "jobs/1"}, {}, "option 'name' of mlflow/register must not have `/` or `:` in it"),
        ({"name": "jobs"}, {"odd": "odd"}, "the input 'odd' is no metrics file: a JSON object of numbers"),
        ({"name": "jobs"}, {"none": "none"}, "cannot read the metrics 'none': "),
        ({"name": "jobs", "alias": "v1"}, {}, "option 'alias' of mlflow/register must not be `latest` or `v` with a number"),
        ({"name": "jobs", "params": {"a@b": 1}}, {}, "option 'params' of mlflow/register has a name that may have letters"),
        (
            {"name": "jobs", "tracking_uri": "http://me:hunter2@127.0.0.1:1/mlflow?key=hunter2"},
            {},
            "StepError: MLflow: http://127.0.0.1:1/mlflow? cannot be reached: Connection refused\n",
        ),
    ],
)
def test_mistakes(project, with_, extra, message):
    done = register(project, {"model": project / "onnx", **{name: project / path for name, path in extra.items()}}, with_)
    assert done.returncode == 1
    assert message in done.stderr
    assert "Traceback" not in done.stderr
    assert "hunter2" not in done.stderr
