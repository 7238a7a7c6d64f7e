"""Which steps of a generated file may take outputs of an earlier run, and what makes them other steps."""

from __future__ import annotations

import re
from pathlib import Path
from types import SimpleNamespace

import pytest

from mlspec import api
from mlspec.targets.base import refusals, targets
from tests.engines import kfp_local
from tests.targets import rows

TARGETS = ("airflow", "jenkins", "kubeflow")
OPTIONS = {
    "airflow": "airflow: {runner: docker, image: acme/base:1}",
    "jenkins": "jenkins: {agent: {docker: true}}",
    "kubeflow": "kubeflow: {image: acme/base:1}",
}
SPEC = """\
environments: {ml: {image: acme/ml:1, requirements: [numpy==2.0.0]}}
targets: {@OPTIONS@}
steps:
  kept: {environment: ml, cache: true, run: "echo > ${{ outputs.o }}", outputs: {o: model}}
  bare: {cache: true, run: "echo > ${{ outputs.o }}", outputs: {o: model}}
  each: {environment: ml, cache: true, foreach: [1, 2], run: "echo ${{ item }} > ${{ outputs.o }}", outputs: {o: model}}
  source: {environment: ml, run: "echo > ${{ outputs.o }}", outputs: {o: model}}
  fresh: {environment: ml, cache: false, run: "echo > ${{ outputs.o }}", outputs: {o: model}}
  effect: {environment: ml, run: "echo"}
finally:
  last: {environment: ml, run: "echo > ${{ outputs.o }}", outputs: {o: model}}
"""
IN_ML = 2
"""How many of its steps are in the environment `ml` and may be taken."""


def compiled(folder: Path, target: str, *changes: tuple[str, str], cache: bool = True) -> str:
    """The target's file for the spec, with texts of it replaced."""
    on = OPTIONS[target][:-1] + ", cache: true}"
    spec = SPEC.replace("@OPTIONS@", on if cache else OPTIONS[target])
    for old, new in changes:
        assert old in spec
        spec = spec.replace(old, new)
    root, plan = rows.project(folder, spec)
    plan = kfp_local.with_shared_store(plan, root) if target == "kubeflow" else plan
    return api.compile(plan, target)[0].content


def options(text: str) -> list[str]:
    return re.findall(r"--cache(?:=[0-9a-f]{12})?\b", text)


@pytest.mark.parametrize("target", TARGETS)
def test_steps_with_outputs_are_told_that_they_may_be_taken(tmp_path: Path, target: str) -> None:
    found = options(compiled(tmp_path / "on", target))
    assert (len(found), len(set(found))) == (IN_ML + 1, 2)
    # Without an image and requirements there is nothing to tell: the agent's own Python is looked at when it runs.
    assert ("--cache" in found) == (target == "jenkins")
    assert options(compiled(tmp_path / "off", target, cache=False)) == []


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("change", [("acme/ml:1", "acme/ml:2"), ("numpy==2.0.0", "numpy==2.0.1")])
def test_another_image_or_other_requirements_are_another_place(tmp_path: Path, target: str, change: tuple[str, str]) -> None:
    before, after = options(compiled(tmp_path / "a", target)), options(compiled(tmp_path / "b", target, change))
    assert sum(one != other for one, other in zip(before, after, strict=True)) == IN_ML


@pytest.mark.parametrize("target", ["airflow", "kubeflow"])
def test_the_image_that_the_target_gives_counts_too(tmp_path: Path, target: str) -> None:
    before = options(compiled(tmp_path / "a", target))
    after = options(compiled(tmp_path / "b", target, ("acme/base:1", "acme/base:2")))
    assert sum(one != other for one, other in zip(before, after, strict=True)) == 1


def test_a_worker_does_not_run_the_image_so_only_the_requirements_count(tmp_path: Path) -> None:
    bash = ("runner: docker, image: acme/base:1", "runner: bash")
    first = options(compiled(tmp_path / "a", "airflow", bash))
    assert options(compiled(tmp_path / "b", "airflow", bash, ("acme/ml:1", "acme/ml:2"))) == first
    assert options(compiled(tmp_path / "c", "airflow", bash, ("numpy==2.0.0", "numpy==2.0.1"))) != first


def test_what_is_asked_of_one_target_is_not_refused_by_another(tmp_path: Path) -> None:
    _, plan = rows.project(tmp_path / "p", SPEC.replace("@OPTIONS@", "kubeflow: {cache: true}"))
    for name, paths in (("kubeflow", ["targets.kubeflow.cache"]), ("other", [])):
        cannot = SimpleNamespace(name=name, capabilities={})
        assert [found.path for found in refusals(plan, cannot) if "caching" in found.message] == paths


@pytest.mark.parametrize("target", targets())
def test_leave_to_take_is_no_demand(tmp_path: Path, target: str) -> None:
    _, plan = rows.project(tmp_path / "p", "steps: {one: {cache: true, run: 'echo > ${{ outputs.o }}', outputs: {o: model}}}\n")
    assert refusals(plan, targets()[target]) == []


@pytest.mark.parametrize("target", TARGETS)
def test_bounds_of_the_cache_reach_the_process(tmp_path: Path, target: str) -> None:
    text = compiled(tmp_path / "p", target, ("bare: {cache: true,", 'bare: {cache: {for: 36h, key: "of today"},'))
    assert re.search(r"--cache-for\W+1d12h\b", text)
    assert re.search(r"--cache-key\W+'*of today", text)
