"""What is the same of every target: the protocol, sealed files, and bytes that depend on the plan alone."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import is_dataclass
from importlib import import_module
from pathlib import Path, PurePosixPath

import pytest

from mlspec.emission.seal import seal_of
from mlspec.ir.features import Feature
from mlspec.ir.model import Plan
from mlspec.targets.base import targets

ROOT = Path(__file__).parents[2]
PLANS = {
    "airflow": "tests.targets.airflow.specs",
    "jenkins": "tests.targets.jenkins.plans",
    "kubeflow": "tests.targets.kubeflow.plans",
    "mlproject": "tests.targets.kubeflow.plans",  # it takes any plan
}
"""Where plans are that show all that a target does."""
PROGRAM = """
import sys
from dataclasses import is_dataclass
from importlib import import_module
from mlspec.targets.base import targets

name, plans = sys.argv[1:]
for plan in import_module(plans).PLANS.values():
    sys.stdout.buffer.write("".join(file.content for file in targets()[name].emit(plan)).encode())
engines = {"airflow", "google", "kfp", "kubernetes", "mlflow"} & {module.split(".")[0] for module in sys.modules}
assert not engines, engines
"""


def plans(name: str) -> list[Plan]:
    return list(import_module(PLANS[name]).PLANS.values())


def test_every_target_is_looked_at() -> None:
    assert list(PLANS) == list(targets())


@pytest.mark.parametrize("name", PLANS)
def test_the_target_fits_the_protocol(name: str) -> None:
    target = targets()[name]
    assert target.name == name
    assert len(target.summary.splitlines()) == 1
    assert list(target.capabilities) == list(Feature), "the table has the language's order"
    assert is_dataclass(target.options()), "every option has a default"
    assert target.extension is None or is_dataclass(target.extension())


@pytest.mark.parametrize("name", PLANS)
def test_files_are_sealed_and_name_no_place_of_this_machine(name: str) -> None:
    for plan in plans(name):
        for file in targets()[name].emit(plan):
            assert seal_of(file.content) == "ours"
            assert not PurePosixPath(file.path).is_absolute()
            assert ".." not in PurePosixPath(file.path).parts
            assert not [place for place in (f"{ROOT}", f"{Path.home()}/") if place in file.content]


@pytest.mark.parametrize("name", PLANS)
def test_the_same_plan_gives_the_same_bytes_anywhere_without_the_engine(name: str, tmp_path: Path) -> None:
    here = "".join(file.content for plan in plans(name) for file in targets()[name].emit(plan)).encode()
    for seed, locale in (("1", "C"), ("4711", "C.UTF-8")):
        done = subprocess.run(
            [sys.executable, "-c", PROGRAM, name, PLANS[name]],
            cwd=tmp_path,
            env={
                "PYTHONPATH": f"{ROOT}:{ROOT / 'src'}",
                "PYTHONHASHSEED": seed,
                "LC_ALL": locale,
                "PYTHONUTF8": "0",
                "TZ": "Asia/Tokyo",
                "PATH": "",
            },
            stdout=subprocess.PIPE,
            check=True,
        )
        assert done.stdout == here
