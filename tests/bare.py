"""Environments with some packages and what these need, made of links to what is installed here: nothing is downloaded.

What a list of requirements leaves out is not there, as on a machine that installs it.
"""

from __future__ import annotations

import subprocess
import sys
import sysconfig
from collections.abc import Iterable
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement


def bare_python(folder: Path, requirements: Iterable[str]) -> Path:
    """Make an environment of these requirements in a folder; returns its Python."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
    python = folder / "bin" / "python"
    places = sysconfig.get_paths(vars={"base": str(folder), "platbase": str(folder)})
    here, there = Path(sysconfig.get_path("purelib")), Path(places["purelib"])
    for distribution in _closure(requirements):
        for name in {file.parts[0] for file in distribution.files or () if file.parts[0] not in ("..", "__pycache__")}:
            if (here / name).exists() and not (there / name).exists():
                (there / name).symlink_to(here / name)
        for command in distribution.entry_points.select(group="console_scripts"):
            script = python.with_name(command.name)
            script.write_text(
                f"#!{python}\nimport sys\nfrom {command.module} import {command.attr.partition('.')[0]}\nsys.exit({command.attr}())\n"
            )
            script.chmod(0o755)
    return python


def _closure(requirements: Iterable[str]) -> list[metadata.Distribution]:
    todo = [(Requirement(line), "") for line in requirements]
    found: dict[str, metadata.Distribution] = {}
    seen: set[tuple[str, str]] = set()
    while todo:
        requirement, _ = todo.pop()
        distribution = metadata.distribution(requirement.name)
        assert requirement.specifier.contains(distribution.version, prereleases=True), str(requirement)
        found[requirement.name.lower()] = distribution
        for extra in ("", *requirement.extras):
            if (requirement.name, extra) in seen:
                continue
            seen.add((requirement.name, extra))
            for line in distribution.requires or ():
                needed = Requirement(line)
                if needed.marker is None or needed.marker.evaluate({"extra": extra}):
                    todo.append((needed, extra))
    return list(found.values())
