"""Runs compiled IR in `kfp.local` with each task in a real container, by podman's Docker API.

In: a project, a plan with an absolute store, its files, and a podman that has the images. Out: an `EngineRun`.
Owns the API's process, and the one thing that kfp's Docker runner does in a way podman cannot: with `auto_remove` podman 4.3 may
report a failed container as a success. Change it when a test needs more of a container than its folders.
"""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from mlspec.ir.model import Plan
from mlspec.store.filesystem import local_path
from mlspec.targets.base import GeneratedFile
from tests.engines import EngineRun, kfp_local, kubernetes
from tests.engines.podman import Podman
from tests.waiting import until


@contextmanager
def docker_api(podman: Podman, folder: Path) -> Iterator[str]:
    """Podman's Docker API for the time of some tests; yields its address."""
    socket = folder / "podman.sock"
    command, environment = podman.command("system", "service", "--time=0", f"unix://{socket}")
    with (folder / "podman.log").open("wb") as log:
        process = subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    try:
        until(lambda: socket.exists() or process.poll() is not None)
        assert process.poll() is None, (folder / "podman.log").read_text()
        yield f"unix://{socket}"
    finally:
        process.terminate()
        process.wait()


def run(
    plan: Plan,
    files: Sequence[GeneratedFile],
    params: Mapping[str, object],
    address: str,
    patch: pytest.MonkeyPatch,
    root: Path | None = None,
) -> EngineRun:
    """Run a plan's pipeline in containers of its images; the project is in them, its store is shared with them.

    Artifacts go to `root` or to a folder that is gone afterwards.
    """
    from kfp import local
    from kfp.local import docker_task_handler

    commands: list[list[str]] = []
    store = local_path(plan.store)

    def in_container(client: Any, image: str, command: list[str], volumes: dict[str, Any], **settings: Any) -> int:
        commands.append(command)
        command = kubernetes.expanded_command(command, settings.get("environment") or {})
        shared = {**volumes, str(store): {"bind": str(store), "mode": "rw"}}
        container = client.containers.create(image, command, volumes=shared, **settings)
        try:
            container.start()
            status: int = container.wait()["StatusCode"]
            print(container.logs().decode(errors="replace"), end="")
        finally:
            container.remove(force=True)
        return status

    patch.setattr(docker_task_handler, "run_docker_container", in_container)
    patch.setenv("DOCKER_HOST", address)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as passing:
        artifacts = root or Path(passing)
        for folder in (store, artifacts):
            folder.mkdir(parents=True, exist_ok=True)
            folder.chmod(0o777)  # the images' user is nobody that this machine knows
        return kfp_local.call(plan, files, params, local.DockerRunner(network_mode="host"), str(artifacts), commands)
