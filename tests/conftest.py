"""What all tests share: engines that are missing are skipped, and said so loudly.

In: the markers `kfp`, `airflow`, `groovy`, `argo`, `podman`, `node`, `browser`, `postgres` and `torch` on tests. Out: skips, and a section
at the end of the run.
Owns which engine needs what on this machine, and the one Airflow and the one podman that all tests share.
Change it when the tests learn to use another engine.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

from tests.engines.postgres import program

if TYPE_CHECKING:
    from tests.engines.airflow import Airflow
    from tests.engines.browser import Browser
    from tests.engines.podman import Podman

# Children inherit a signal that is ignored, as SIGHUP is under nohup, and SIGQUIT in the background; some tests send it to theirs.
for number in (signal.SIGHUP, signal.SIGQUIT):
    signal.signal(number, signal.SIG_DFL)

# The same examples each time, so that no run fails by chance; with FUZZ set, others. How long one takes is the machine's matter.
settings.register_profile("repeatable", deadline=None, derandomize="FUZZ" not in os.environ)
settings.load_profile("repeatable")

EDITORS = Path(__file__).parent / "editors"
AIRFLOW_2 = Path(__file__).parents[1] / ".venv-airflow2"
ARGO_SCHEMA = [Path(__file__).parents[above] / "shared/schemas/argo/schema.json" for above in (2, 3)]
"""Where Argo's published JSON Schema may be: beside the project, or beside the folder that it is in."""

ENGINES: dict[str, tuple[Callable[[], bool], str]] = {
    "kfp": (lambda: importlib.util.find_spec("kfp") is not None, "kfp is not installed: run `make test`"),
    "airflow": (lambda: importlib.util.find_spec("airflow") is not None, "Airflow is not installed: run `make test`"),
    "airflow2": (
        lambda: any(AIRFLOW_2.glob("lib/python*/site-packages/airflow/__init__.py")),
        "Airflow 2.11 is not installed: run `make test`",
    ),
    "groovy": (
        lambda: all(shutil.which(command) for command in ("java", "groovy")),
        "Groovy or a JRE is not installed: apt-get install groovy default-jre-headless",
    ),
    "argo": (
        lambda: any(path.is_file() for path in ARGO_SCHEMA),
        "Argo's JSON Schema is not beside the project: put api/jsonschema/schema.json of argo-workflows at ../shared/schemas/argo/",
    ),
    "podman": (lambda: shutil.which("podman") is not None, "podman is not installed: apt-get install podman runc"),
    "node": (
        lambda: shutil.which("node") is not None and (EDITORS / "node_modules/.installed").is_file(),
        "the editors' tools are not installed: apt-get install nodejs npm, then scripts/node-packages",
    ),
    "browser": (
        lambda: shutil.which("chromium-headless-shell") is not None and importlib.util.find_spec("playwright") is not None,
        "a headless Chromium or playwright is not installed: apt-get install chromium-headless-shell, then `make test`",
    ),
    "postgres": (
        lambda: program("initdb") is not None,
        "PostgreSQL is not installed: apt-get install postgresql",
    ),
    "torch": (
        lambda: importlib.util.find_spec("torch") is not None,
        "PyTorch is not installed: tell pip where its build for CPUs is (PIP_FIND_LINKS, PIP_EXTRA_INDEX_URL), then `make test`",
    ),
}
"""By marker: whether the engine is here, and what to do when it is not."""


def pytest_configure() -> None:
    # A shell has what it starts in the background ignore interrupts, and every process below would inherit that.
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    missing = {name: advice for name, (present, advice) in ENGINES.items() if not present()}
    for item in items:
        for name, advice in missing.items():
            if item.get_closest_marker(name):
                item.add_marker(pytest.mark.skip(reason=f"{name}: {advice}"))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    skipped = terminalreporter.stats.get("skipped", [])
    for name, (_, advice) in ENGINES.items():
        count = sum(f"{name}: {advice}" in str(report.longrepr) for report in skipped)
        if count:
            terminalreporter.section(f"{name} NOT TESTED", sep="!", red=True, bold=True)
            terminalreporter.line(f"{count} tests that need {name} were skipped. {advice}", red=True)


@pytest.fixture(scope="session", autouse=True)
def _environments_of_this_session(tmp_path_factory: pytest.TempPathFactory) -> None:
    """What one session of tests has built is nothing that another one finds, and none fills a user's own cache."""
    os.environ["MLSPEC_CACHE"] = str(tmp_path_factory.mktemp("cache"))


@pytest.fixture(scope="session")
def airflow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Airflow]:
    """One Airflow for all tests of a session: starting it costs more than a run."""
    from tests.engines.airflow import Airflow

    engine = Airflow(tmp_path_factory.mktemp("airflow"))
    yield engine
    engine.close()


@pytest.fixture(scope="session")
def airflow_2(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Airflow]:
    """One Airflow 2.11 for all tests of a session."""
    from tests.engines.airflow import AIRFLOW_2, Airflow

    engine = Airflow(tmp_path_factory.mktemp("airflow2"), AIRFLOW_2)
    yield engine
    engine.close()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One Chromium for all tests of a session."""
    from tests.engines.browser import Browser

    engine = Browser()
    yield engine
    engine.close()


@pytest.fixture(scope="session")
def podman(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Podman]:
    """One podman for all tests of a session; its images can install mlspec as it stands, and `tinymodule`."""
    from tests import wheels
    from tests.engines.podman import Podman

    folder = tmp_path_factory.mktemp("podman")
    engine = Podman(folder, [wheels.mlspec(folder), wheels.tinymodule(folder)])
    yield engine
    engine.close()


@pytest.fixture(scope="module")
def docker_host(podman: Podman, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where a client of Docker finds podman, for the tests of one module, which may have a podman of their own."""
    from tests.engines.kfp_docker import docker_api

    with docker_api(podman, tmp_path_factory.mktemp("api")) as address:
        yield address
