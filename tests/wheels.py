"""Wheels that tests install without an index.

In: a folder. Out: the path of a wheel in it. Owns what is in them. Change it when a package must be able to do more.
"""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

ROOT = Path(__file__).parents[1]


def tinymodule(folder: Path, version: str = "1.0", requires: str | None = None) -> Path:
    """Make a package of one module with `ANSWER`, which is 42, and a script, `tiny`, which prints it."""
    path = folder / f"tinymodule-{version}-py3-none-any.whl"
    info = f"tinymodule-{version}.dist-info"
    needs = f"Requires-Dist: {requires}\n" if requires is not None else ""
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("tinymodule.py", "ANSWER = 42\ndef main(): print(ANSWER)\n")
        archive.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: tinymodule\nVersion: {version}\n{needs}")
        archive.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nGenerator: t\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr(f"{info}/entry_points.txt", "[console_scripts]\ntiny = tinymodule:main\n")
        archive.writestr(f"{info}/RECORD", "")
    return path


def mlspec(folder: Path) -> Path:
    """Build mlspec as it stands."""
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    (built,) = folder.glob("mlspec-*.whl")
    return built
