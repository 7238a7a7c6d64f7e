"""The same step runs in the same image on every target that runs steps in containers.

Images are read from the files, not from the plan: what a target makes of `Step.image` is what is compared.
"""

from __future__ import annotations

import ast
import copy
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st

from mlspec import api
from mlspec.ir.model import Plan
from mlspec.targets.base import targets
from tests.conformance.corpus import FOLDER, read
from tests.conformance.render import spec as spec_of
from tests.conformance.yamltext import yaml_of
from tests.targets.drawn_edits import Draw, Spec, is_process, specs, steps_of

ENVIRONMENTS = {"one": {"image": "acme/one:1"}, "two": {"image": "acme/two:2"}, "bare": {"python": "3.11"}}
NAMES = (None, *ENVIRONMENTS)
OWN = "acme/own:0"
"""What each target's own option says, for steps for which the plan has no image."""
STORE = "s3://acme/store"
OPTIONS: dict[str, Any] = {
    "kubeflow": {"image": OWN},
    "airflow": {"version": 3, "runner": "kubernetes", "image": OWN},
    "jenkins": {"agent": {"kubernetes": {"image": OWN}}},
}


def on_kubeflow(text: str) -> dict[str, str]:
    """By the name of a step, the image of each container that is told it."""
    executors = next(yaml.safe_load_all(text))["deploymentSpec"]["executors"].values()
    return single(
        (word.removeprefix("--step="), one["container"]["image"])
        for one in executors
        for word in one["container"]["args"]
        if word.startswith("--step=")
    )


def on_airflow(text: str) -> dict[str, str]:
    tree = ast.parse(text)
    [images] = [
        ast.literal_eval(node.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and node.targets[0].id == "IMAGE"
    ] or [{}]
    pairs = []
    [dag] = [node for node in tree.body if isinstance(node, ast.With)]
    for statement in ast.walk(dag):
        if not isinstance(statement, (ast.Assign, ast.Expr)):
            continue
        used = [
            images[ast.literal_eval(node.slice)]
            for node in ast.walk(statement)
            if isinstance(node, ast.Subscript) and isinstance(node.value, ast.Name) and node.value.id == "IMAGE"
        ]
        words = [node.value for node in ast.walk(statement) if isinstance(node, ast.Constant) and isinstance(node.value, str)]
        told = [word.removeprefix("--step ") for word in words if word.startswith("--step ")]
        if "--judge" not in words:  # the last task is of no step
            pairs += [((told or words)[0], image) for image in used]
    return single(pairs)


def on_jenkins(text: str) -> dict[str, str]:
    blocks = re.findall(r"^def run_\w+\(\) (\{.*?\}$)", text, re.MULTILINE | re.DOTALL)
    calls = [re.search(r"(?:execute|executeEach|approve)\('([^']+)'.*?image: '([^']*)'", block, re.DOTALL) for block in blocks]
    return single((call[1].partition("[")[0], call[2]) for call in calls if call)


READ = {"kubeflow": on_kubeflow, "airflow": on_airflow, "jenkins": on_jenkins}


def single(pairs: Any) -> dict[str, str]:
    """Each step's only image: all processes of a step run in the same one."""
    found: dict[str, set[str]] = {}
    for name, image in pairs:
        found.setdefault(name, set()).add(image)
    assert [name for name, images in found.items() if len(images) > 1] == []
    return {name: images.pop() for name, images in found.items()}


def suited(spec: Spec, target: str) -> Spec:
    """The spec without what a target refuses or puts elsewhere; none of it changes an image, but an approval on Kubeflow does."""
    left_out = ("triggers", "notifications", "monitor", "x-notes", "profiles")
    made = {key: value for key, value in copy.deepcopy(spec).items() if key not in left_out}
    made |= {"store": STORE, "targets": {target: OPTIONS[target]}}
    if target == "kubeflow":
        made["on_failure"] = "stop"
    for name, step in steps_of(made).items():
        step.pop("x-jenkins", None)  # an agent of its own has no image
        if target == "kubeflow":
            step.pop("run_if", None)
            if step.pop("approval", None):
                step["gate"] = ["1 < 2 || run.id == ''"]
        assert is_process(step) or "environment" not in step or step["environment"] in made["environments"], name
    return made


REFUSED = {"MLS501", "MLS514", "MLS523", "MLS546", "MLS547", "MLS548"}
"""What a target cannot keep or express of a drawn spec: a value, or how steps hang on branches and instances."""


def compiled(spec: Spec, target: str) -> tuple[Plan, dict[str, str]] | None:
    """The lowered plan, and the images of the target's file; None where the target refuses a value of the spec."""
    checked = api.check(Path(f"{target}.yaml"), text=yaml_of(suited(spec, target)))
    assert checked.plan is not None, checked.findings
    files, findings = api.emit(checked.plan, targets()[target])
    if files is None:
        assert {finding.code for finding in findings if finding.severity == "error"} <= REFUSED, findings
        return None
    return api.lower(checked.plan), READ[target](files[0].content)


def check(spec: Spec) -> None:
    made = {target: found for target in READ if (found := compiled(spec, target))}
    for target, (plan, images) in made.items():
        assert images == {step.name: step.image or OWN for step in plan.all_steps()}, target
    if not made:
        return  # each refuses something of it
    first, *others = (images for _, images in made.values())
    assert all(images == first for images in others)


@st.composite
def in_environments(draw: Draw, whole: st.SearchStrategy[Spec]) -> Spec:
    """The spec, with environments that have images and that anything may name, gates and approvals as well."""
    spec = copy.deepcopy(draw(whole))
    used = {step["environment"] for step in steps_of(spec).values() if step.get("environment") == "own"}
    spec["environments"] = {**{name: spec["environments"][name] for name in used}, **ENVIRONMENTS}
    spec.setdefault("defaults", {}).pop("environment", None)
    if default := draw(st.sampled_from(NAMES)):
        spec["defaults"]["environment"] = default
    for step in steps_of(spec).values():
        if step.get("environment") not in used:
            step.pop("environment", None)
            if name := draw(st.sampled_from(NAMES)):
                step["environment"] = name
    return spec


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.yaml")), ids=lambda path: path.stem)
def test_specs_of_the_corpus(path: Path) -> None:
    spec = spec_of(read(path))
    names = list(NAMES)
    for index, step in enumerate(steps_of(spec).values()):
        if step.get("environment") != "own" and (name := names[index % len(names)]):
            step["environment"] = name
    spec["environments"] = spec.get("environments", {}) | ENVIRONMENTS
    check(spec)


@pytest.mark.slow
@seed(0)
@settings(max_examples=60, deadline=None, database=None, suppress_health_check=list(HealthCheck))
@given(spec=in_environments(specs()))
def test_drawn_specs(spec: Spec) -> None:
    check(spec)
