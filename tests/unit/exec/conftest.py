"""Step processes of this checkout, started for real in a project of their own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.waiting import LIMIT


class Project:
    """A project folder in which steps of the run `r` are started."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.environment = {name: text for name, text in os.environ.items() if not name.startswith(("MLSPEC_", "MLFLOW_"))}
        self.started: list[subprocess.Popen[str]] = []

    def write(self, path: str, text: str) -> Path:
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        return file

    def start(self, *words: str, run: str = "r", store: str = "store", **variables: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-m", "mlspec", "exec", "--run-id", run, "--store", store, *words],
            cwd=self.root,
            env=self.environment | variables,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            errors="surrogateescape",
        )
        self.started.append(process)
        return process

    def exec(self, *words: str, run: str = "r", store: str = "store", **variables: str) -> subprocess.CompletedProcess[str]:
        process = self.start(*words, run=run, store=store, **variables)
        out, err = process.communicate(timeout=LIMIT)
        assert "Traceback" not in err or "Error: on purpose" in err, err
        return subprocess.CompletedProcess(words, process.returncode, out, err)

    def done(self, *words: str, **options: str) -> str:
        """Run a step that must succeed; returns what it printed."""
        end = self.exec(*words, **options)
        assert end.returncode == 0, end.stderr
        return end.stdout

    def fails(self, *words: str, **options: str) -> str:
        """Run a step that must fail; returns the last line of its messages, which its record must say too."""
        end = self.exec(*words, **options)
        assert end.returncode == 1, (end.returncode, end.stderr)
        step = words[words.index("--step") + 1]
        last = end.stderr.splitlines()[-1]
        record = self.record(step, options.get("run", "r"))
        assert record["status"] == "failed"
        assert last == f"mlspec: step {step} failed: {record['error']}"
        assert self.files(step) == {"_record.json"}
        return last

    def path(self, step: str, run: str = "r") -> Path:
        return self.root / "store" / "lifecycle" / run / step

    def record(self, step: str, run: str = "r") -> dict[str, Any]:
        return json.loads((self.path(step, run) / "_record.json").read_text())

    def read(self, step: str, output: str, run: str = "r") -> str:
        return (self.path(step, run) / output).read_bytes().decode()

    def files(self, step: str, run: str = "r") -> set[str]:
        """All that a step left in the store, below its folder."""
        folder = self.path(step, run)
        return {str(path.relative_to(folder)) for path in folder.rglob("*")} if folder.exists() else set()


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    made = Project(tmp_path)
    yield made
    for process in made.started:
        if process.poll() is None:
            process.send_signal(signal.SIGKILL)
            process.communicate()
