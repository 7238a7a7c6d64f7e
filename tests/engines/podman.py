"""Builds images from generated Dockerfiles and runs commands in them, with podman and without a network.

In: a project, a Dockerfile, a command. Out: what podman said. Owns the storage that all of it lives in, and the base image:
this Python with its pip, what mlspec needs, and a folder of wheels that stands in for an index (no image is pulled).
Change it when an image needs more of its base than Python, pip, a shell and a few tools.
"""

from __future__ import annotations

import importlib.metadata
import io
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tarfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from packaging.requirements import Requirement

BASE = "localhost/python-here:1"
WHEELS = "/opt/wheels"

_TOOLS = ("sh", "cat", "chown", "id", "mkdir")
_LEFT_OUT = {"__pycache__", "site-packages", "test", "idlelib", "tkinter", "lib2to3", "ensurepip"}
_CONFIG = """\
[containers]
default_ulimits = ["nofile=1024:1024", "nproc=1024:1024"]
netns = "host"

[engine]
cgroup_manager = "cgroupfs"
events_logger = "file"
"""
"""What lets podman work inside another container, where it may not set limits, networks or a systemd scope."""


class Podman:
    """One storage below `home`; `wheels` can be installed in every image, `packages` that are installed here are there already."""

    def __init__(self, home: Path, wheels: Sequence[Path], packages: Sequence[str] = ()) -> None:
        config = home / "containers.conf"
        runtime = 'runtime = "runc"\n' if shutil.which("runc") else ""
        config.write_text(_CONFIG + runtime, encoding="utf-8")
        self._environment = {**os.environ, "CONTAINERS_CONF": str(config)}
        self._storage = ["--root", str(home / "storage"), "--runroot", str(home / "run")]
        archive = home / "base.tar"
        with tarfile.open(archive, "w") as tar:
            _fill(tar, wheels, packages)
        settings = [
            "PATH=/usr/local/bin:/bin",
            "LD_LIBRARY_PATH=/usr/local/lib",
            "PYTHONHOME=/usr/local",
            "PIP_NO_INDEX=1",
            f"PIP_FIND_LINKS={WHEELS}",
        ]
        changes = [word for setting in settings for word in ("--change", f"ENV {setting}")]
        try:
            self.run("import", *changes, str(archive), BASE)
        except BaseException:
            self._unmount()
            raise
        archive.unlink()

    def build(self, project: Path, dockerfile: Path, tag: str, arguments: Mapping[str, str]) -> str:
        """Build an image with `project` as the context; returns podman's log."""
        words = [word for name, value in arguments.items() for word in ("--build-arg", f"{name}={value}")]
        return self.run("build", "--layers", "--file", str(dockerfile), "--tag", tag, *words, str(project))

    def command(self, *words: str) -> tuple[list[str], dict[str, str]]:
        """The words and the environment of a call of podman that sees this storage."""
        return ["podman", *self._storage, *words], self._environment

    def run(self, *words: str, status: int = 0) -> str:
        """Run podman; returns all that it printed. Fails unless it ends with `status`."""
        command, environment = self.command(*words)
        done = subprocess.run(
            command,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        assert done.returncode == status, f"podman {' '.join(words)} ended with {done.returncode}:\n{done.stdout}"
        return done.stdout

    def close(self) -> None:
        """Drop all images and the mount that podman leaves behind, so that the storage may be removed like any folder."""
        self.run("rmi", "--all", "--force")
        self._unmount()

    def _unmount(self) -> None:
        subprocess.run(["umount", f"{self._storage[1]}/overlay"], stderr=subprocess.DEVNULL, check=False)


def _fill(tar: tarfile.TarFile, wheels: Sequence[Path], wanted: Sequence[str]) -> None:
    version = f"python{sys.version_info[0]}.{sys.version_info[1]}"
    library = Path(sysconfig.get_path("stdlib"))
    python = Path(sys.executable).resolve()
    tools = {f"bin/{name}": Path(found).resolve() for name in _TOOLS if (found := shutil.which(name))}
    tar.add(python, f"usr/local/bin/{version}")
    for path, tool in tools.items():
        tar.add(tool, path)
    tar.add(library, f"usr/local/lib/{version}", filter=lambda info: None if Path(info.name).name in _LEFT_OUT else info)
    packages = dict(_installed(["pip", "mlspec", *wanted]))
    for name, source in packages.items():
        tar.add(source, f"usr/local/lib/{version}/site-packages/{name}")
    extensions = [source for source in [*packages.values(), *library.glob("lib-dynload/*")] if source.suffix == ".so"]
    inside = {source.resolve() for source in packages.values() if ".so" in source.name}
    for path, source in _shared([python, *tools.values(), *extensions]):
        if source not in inside:
            tar.add(source, path)
    for wheel in wheels:
        tar.add(wheel, f"{WHEELS}/{wheel.name}")
    folder = tarfile.TarInfo("tmp")
    folder.type, folder.mode = tarfile.DIRTYPE, 0o1777
    tar.addfile(folder)
    for name in ("python", "python3"):
        link = tarfile.TarInfo(f"usr/local/bin/{name}")
        link.type, link.linkname = tarfile.SYMTYPE, version
        tar.addfile(link, io.BytesIO())


def _installed(names: Sequence[str]) -> Iterator[tuple[str, Path]]:
    """The files of distributions and of what they need, mlspec's own aside, by their paths in site-packages."""
    todo, seen = list(names), set()
    while todo:
        distribution = importlib.metadata.distribution(todo.pop())
        if distribution.name in seen:
            continue
        seen.add(distribution.name)
        needed = [Requirement(text) for text in distribution.requires or ()]
        todo += [each.name for each in needed if not each.marker or each.marker.evaluate({"extra": ""})]
        for file in distribution.files or ():
            if distribution.name != "mlspec" and ".." not in file.parts and "__pycache__" not in file.parts:
                yield str(file), Path(str(distribution.locate_file(file)))


def _shared(binaries: Sequence[Path]) -> Iterator[tuple[str, Path]]:
    """The libraries that these binaries load; the loader keeps its place, which stands in every binary."""
    listed = subprocess.run(["ldd", *map(str, binaries)], capture_output=True, text=True, check=False).stdout
    for path in sorted({match[1] for match in re.finditer(r"(?:=> |^\t)(/\S+) \(0x", listed, re.MULTILINE)}):
        place = path.lstrip("/") if "/ld-" in path else f"usr/local/lib/{Path(path).name}"
        yield place, Path(path).resolve()
