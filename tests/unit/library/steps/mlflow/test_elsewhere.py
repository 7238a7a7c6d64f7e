"""A registered version is loaded where its project is not: in an environment of its requirements, in another folder, by a server."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from tests.bare import bare_python
from tests.e2e.test_cli import mlspec
from tests.waiting import LIMIT

pytestmark = pytest.mark.slow

SPEC = """\
apiVersion: mlspec/v1
kind: Lifecycle
metadata: {name: own-code}
tracking: {uri: "sqlite:///.mlspec/mlflow.db", experiment: own-code}
environments: {ml: {pythonpath: [src]}}
defaults: {environment: ml, cache: false}
steps:
  fit: {call: churn.train:fit, outputs: {model: model, data: dataset}}
  register: {uses: mlflow/register, inputs: {model: fit.model, data: fit.data}, with: {alias: champion}}
"""
FILES = {
    "src/churn/__init__.py": "",
    "src/churn/limits.json": '{"upper": 10}',
    "src/churn/features.py": """
import json
from pathlib import Path
from sklearn.base import BaseEstimator, TransformerMixin

class Clip(TransformerMixin, BaseEstimator):
    def fit(self, X, y=None):
        self.n_features_in_ = X.shape[1]
        return self
    def transform(self, X):
        if len(X) > 1:
            return X
        from . import later
        return later.clip(X, json.loads((Path(__file__).parent / "limits.json").read_text())["upper"])
""",
    "src/churn/later.py": "import rules\nimport yaml\n\ndef clip(X, upper):\n    return rules.clip(X, yaml.safe_load(str(upper)))\n",
    "rules.py": "def clip(X, upper):\n    return X.clip(upper=upper)\n",
    "src/churn/train.py": """
import joblib, pandas as pd
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from churn.features import Clip

def fit(model, data):
    t = pd.DataFrame({"x": [0.0, 1.0, 2.0, 30.0], "y": [0, 0, 1, 1]})
    t.to_csv(data, index=False)
    joblib.dump(make_pipeline(Clip(), LogisticRegression()).fit(t[["x"]], t["y"]), model)
""",
}


@pytest.fixture
def registered(tmp_path: Path) -> Path:
    """A project with a registered version, whose code has gone since."""
    for name, text in FILES.items():
        file = tmp_path / "project" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    project = tmp_path / "project"
    (project / "mlspec.yaml").write_text(SPEC)
    (project / "src" / "churn" / ".env").write_text("PASSWORD=hunter2")
    done = mlspec("run", "-q", cwd=project)
    assert done.returncode == 0, done.stdout + done.stderr
    shutil.rmtree(project / "src")
    (project / "rules.py").unlink()
    return project


def test_a_version_with_code_of_the_user_is_served_elsewhere(registered: Path, tmp_path: Path) -> None:
    (made,) = registered.glob(".mlspec/mlflow-artifacts/**/MLmodel")
    requirements = (made.parent / "requirements.txt").read_text().split()
    assert {line.partition("==")[0].lower() for line in requirements} == {"mlflow", "scikit-learn", "pandas", "numpy", "pyyaml"}
    code = {str(path.relative_to(made.parent / "code")) for path in made.parent.glob("code/**/*") if path.is_file()}
    assert code == {"rules.py", *(name.removeprefix("src/") for name in FILES if name.startswith("src/"))}

    python = bare_python(tmp_path / "bare", requirements)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    environment = {name: text for name, text in os.environ.items() if not name.startswith(("PYTHON", "MLFLOW", "MLSPEC"))}
    environment |= {
        "PATH": f"{python.parent}:{environment['PATH']}",
        "MLFLOW_TRACKING_URI": f"sqlite:///{registered}/.mlspec/mlflow.db",
    }
    command = [python, "-m", "mlflow", "models", "serve", "-m", "models:/own-code@champion", "--env-manager", "local"]
    with (tmp_path / "log").open("wb") as log:
        words = [*command, "--port", str(port), "--workers", "1"]
        server = subprocess.Popen(words, cwd=tmp_path, env=environment, stdout=log, stderr=log, start_new_session=True)
        try:
            assert _answer(port, server, tmp_path / "log") == {"predictions": [1]}
        finally:
            if server.poll() is None:
                os.killpg(server.pid, signal.SIGKILL)
                server.wait()


def _answer(port: int, server: subprocess.Popen[bytes], log: Path) -> object:
    body = json.dumps({"dataframe_split": {"columns": ["x"], "data": [[3.0]]}}).encode()
    request = urllib.request.Request(f"http://127.0.0.1:{port}/invocations", body, {"Content-Type": "application/json"})
    deadline = time.monotonic() + LIMIT
    while time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(request, timeout=LIMIT) as answer:
                return json.loads(answer.read())
        except urllib.error.HTTPError as error:
            return error.read()
        except OSError:
            assert server.poll() is None, log.read_text()
            time.sleep(0.2)
    raise AssertionError(log.read_text())
