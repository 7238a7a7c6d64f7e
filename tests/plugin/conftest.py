"""mlspec with a package that brings it something: installed once for a session, used by the command line alone.

In: `mlspec-argo/`. Out: an `Installed`. Owns where the package is installed and what processes see of it; this process does not.
Change it when the package must be installed in another way.
"""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import pytest

import mlspec

PACKAGE = Path(__file__).parent / "mlspec-argo"


@dataclass(frozen=True)
class Installed:
    """A folder with the installed package, to which the environment of this test's Python is added."""

    site: Path
    environment: dict[str, str] = field(init=False)

    def __post_init__(self) -> None:
        sources = Path(mlspec.__file__).parents[1]
        paths = {
            "PYTHONPATH": f"{self.site}{os.pathsep}{sources}",
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        }
        object.__setattr__(self, "environment", os.environ | paths)

    def run(self, *command: str, cwd: Path, status: int = 0) -> str:
        """What a command prints, findings included."""
        done = subprocess.run(command, cwd=cwd, env=self.environment, capture_output=True, text=True, check=False)
        printed = done.stdout + done.stderr
        assert done.returncode == status, f"{command} ended with {done.returncode}:\n{printed}"
        return printed

    def mlspec(self, *words: str, cwd: Path, status: int = 0) -> str:
        """What `mlspec` prints."""
        return self.run("mlspec", *words, cwd=cwd, status=status)


@pytest.fixture(scope="session")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Installed:
    site = tmp_path_factory.mktemp("site")
    install = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-index", "--no-deps"]
    subprocess.run([*install, "--no-build-isolation", "--target", str(site), str(PACKAGE)], check=True, capture_output=True)
    return Installed(site)
