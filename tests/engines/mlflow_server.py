"""An MLflow server on PostgreSQL, as teams run it: one for all tests of a session.

In: a folder. Out: its URL, and a client. Owns its start and its end. Change it when a test needs another server.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.engines.postgres import database
from tests.waiting import until


@contextmanager
def server(folder: Path) -> Iterator[str]:
    """Run one."""
    with database() as backend:
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        log = (folder / "mlflow.log").open("w")
        words = ["--backend-store-uri", backend, "--artifacts-destination", str(folder / "artifacts"), "--workers", "1"]
        process = subprocess.Popen(
            [sys.executable, "-m", "mlflow", "server", *words, "--host", "127.0.0.1", "--port", str(port)],
            env={**os.environ, "MLFLOW_DISABLE_TELEMETRY": "true"},
            cwd=folder,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
        try:
            uri = f"http://127.0.0.1:{port}"
            until(lambda: process.poll() is not None or _answers(uri))
            assert process.poll() is None, (folder / "mlflow.log").read_text()
            yield uri
        finally:
            os.killpg(process.pid, 9)  # its database goes with it
            process.wait()
            log.close()


def _answers(uri: str) -> bool:
    try:
        with urllib.request.urlopen(f"{uri}/health", timeout=5) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False
