"""What fails beside a run is said where people look: at its end, quiet or not, and by `mlspec runs show`; tried once a run."""

from __future__ import annotations

import importlib.util
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.e2e.test_cli import mlspec

pytestmark = pytest.mark.skipif(importlib.util.find_spec("mlflow") is None, reason="MLflow is not installed")

SPEC = """\
apiVersion: mlspec/v1
kind: Lifecycle
metadata: {{name: tracked}}
tracking: {{uri: "{uri}", experiment: tracked}}
defaults: {{cache: false}}
secrets: {{token: {{env: TOKEN_OF_MLFLOW}}}}
steps:
  fit: {{run: "echo '{{\\"auc\\": 0.9}}' > ${{{{ outputs.metrics }}}}", outputs: {{metrics: metrics}}, matrix: {{depth: [1, 2]}}}}
  check: {{run: "echo '{{\\"n\\": 1}}' > ${{{{ outputs.metrics }}}}", outputs: {{metrics: metrics}}, needs: [fit]}}
"""
NO_MLFLOW = """\
import sys
class NotInstalled:
    def find_spec(self, name, path=None, target=None):
        if name == "mlflow":
            raise ModuleNotFoundError("No module named 'mlflow'", name="mlflow")
sys.meta_path.insert(0, NotInstalled())
"""


@contextmanager
def refusing(answer: Callable[[BaseHTTPRequestHandler], None]) -> Iterator[tuple[str, list[str]]]:
    """A server that answers nothing but this; yields its address and the paths that it was asked for."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            answer(self)

        do_POST = do_GET  # noqa: N815 - the library's name

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", asked
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def unauthorized(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(401)
    handler.end_headers()
    handler.wfile.write(b"You are not authenticated.\nTry again.")


def project(folder: Path, uri: str) -> None:
    (folder / "mlspec.yaml").write_text(SPEC.format(uri=uri), encoding="utf-8")


def warnings(text: str) -> list[str]:
    return [line.removeprefix("warning: ") for line in text.splitlines() if line.startswith("warning: ")]


@pytest.mark.slow
def test_a_server_that_wants_a_password_is_asked_once_a_run(tmp_path: Path) -> None:
    with refusing(unauthorized) as (uri, asked):
        project(tmp_path, uri)
        loud = mlspec("run", cwd=tmp_path)
        assert len(asked) == 1
        said = (
            f"fit[depth=1], fit[depth=2], check: MLflow: not logged: 401 Unauthorized from {uri}: You are not authenticated. "
        )
        assert (loud.returncode, warnings(loud.stdout)) == (0, [f"{said}Try again."])
        quiet = mlspec("run", "-q", cwd=tmp_path)
        assert len(asked) == 2  # another run asks again
        assert quiet.stdout == f"warning: {said}Try again.\n"
    shown = mlspec("runs", "show", cwd=tmp_path).stdout
    assert warnings(shown) == [f"{said}Try again."]
    (warning,) = json.loads(mlspec("runs", "show", "--format", "json", cwd=tmp_path).stdout)["warnings"]
    assert warning["steps"] == ["fit[depth=1]", "fit[depth=2]", "check"]


@pytest.mark.slow
def test_a_server_that_hangs_is_waited_for_once_a_run(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:  # it takes connections, and says nothing
        uri = f"http://127.0.0.1:{server.getsockname()[1]}"
        project(tmp_path, uri)
        begin = time.monotonic()
        variables = {"MLFLOW_HTTP_REQUEST_TIMEOUT": "2", "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0"}
        done = mlspec("run", "-q", "-j", "1", cwd=tmp_path, env=variables)
        assert done.stdout == f"warning: fit[depth=1], fit[depth=2], check: MLflow: not logged: {uri} does not answer\n"
        server.setblocking(False)
        server.accept()[0].close()
        with pytest.raises(BlockingIOError):
            server.accept()
        assert time.monotonic() - begin < 120


def test_mlflow_that_is_not_installed_is_said(tmp_path: Path) -> None:
    project(tmp_path, "sqlite:///.mlspec/mlflow.db")
    (tmp_path / "sitecustomize.py").write_text(NO_MLFLOW, encoding="utf-8")
    path = f"{tmp_path}:{Path(__file__).parents[2] / 'src'}"
    done = mlspec("run", "-q", cwd=tmp_path, env={"PYTHONPATH": path})
    said = "MLflow: not logged: the module mlflow is not installed in the environment of the step"
    assert warnings(done.stdout) == [f"fit[depth=1], fit[depth=2], check: {said}"]


@pytest.mark.slow
def test_a_resumed_run_tries_again_and_forgets_what_was(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        away = f"http://127.0.0.1:{server.getsockname()[1]}"
    project(tmp_path, away)
    spec = tmp_path / "mlspec.yaml"
    spec.write_text(
        spec.read_text().replace("needs: [fit]", "needs: [stops]") + "  stops: {run: 'test -e there', needs: [fit]}\n"
    )
    failed = mlspec("run", "-q", cwd=tmp_path)
    assert failed.returncode == 1
    refused = f"MLflow: not logged: {away} cannot be reached: Connection refused"
    assert warnings(failed.stdout) == [f"fit[depth=1], fit[depth=2], stops: {refused}"]
    (tmp_path / "there").touch()
    with refusing(unauthorized) as (uri, asked):
        spec.write_text(spec.read_text().replace(away, uri))
        resumed = mlspec("run", "-q", "--resume", "latest", cwd=tmp_path)
        assert len(asked) >= 1
    assert any("check: MLflow: not logged: 401 Unauthorized" in line for line in warnings(resumed.stdout))
