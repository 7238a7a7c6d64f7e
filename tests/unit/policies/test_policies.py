"""The names of policies: ours, those of other packages, and those of none."""

from __future__ import annotations

import importlib.metadata
import json
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import EntryPoint

import pytest

from mlspec import api, policies
from mlspec.diagnostics import Diagnostic, Span
from mlspec.ir.model import Plan
from mlspec.policies.model import Policy

HEAD = "apiVersion: mlspec/v1\nkind: Lifecycle\nmetadata: {name: demo}\nsteps: {train: {run: python train.py}}\n"
asked: list[str] = []


def _owned(plan: Plan) -> Iterator[Diagnostic]:
    asked.append(plan.lifecycle)
    if not plan.owners:
        yield Diagnostic("MLS604", "nobody owns it", Span(plan.spec_file, 1, 1, 1, 1))


OWNED = Policy("owners_named", "Somebody answers for the lifecycle.", _owned)
MISNAMED = Policy("another", "It has another name.", _owned)


@pytest.fixture
def another_package(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    points = [
        EntryPoint(name, f"{__name__}:{value}", policies.GROUP)
        for name, value in (("owners_named", "OWNED"), ("odd", "MISNAMED"))
    ]
    monkeypatch.setattr(importlib.metadata, "entry_points", lambda group: points if group == policies.GROUP else [])
    policies._foreign.cache_clear()
    policies.load.cache_clear()
    asked.clear()
    yield
    policies._foreign.cache_clear()
    policies.load.cache_clear()


def test_each_of_ours_is_a_policy_of_its_name_with_a_meaning_that_editors_show() -> None:
    loaded = [policies.load(name) for name in policies.BUILT_IN]
    assert [policy.name for policy in loaded] == list(policies.BUILT_IN)
    shown = json.loads(api.json_schema())["definitions"]["Lifecycle"]["properties"]["policies"]["items"]
    assert shown["enum"] == list(policies.BUILT_IN)
    assert shown["enumDescriptions"] == [policy.summary for policy in loaded]


def test_an_unknown_name_gets_the_nearest_or_all() -> None:
    for name, hint in (
        ("fairnes_before_deploy", "did you mean `fairness_before_deploy`?"),
        ("xyz", "one of fairness_before_deploy, pinned_images, approval_before_deploy"),
    ):
        [finding] = api.check("mlspec.yaml", text=HEAD + f"policies: [pinned_images, {name}]\n").findings
        assert (finding.code, finding.path, finding.message, finding.hint) == (
            "MLS204",
            "policies.1",
            f"`{name}` is not known here",
            hint,
        )


@pytest.mark.usefixtures("another_package")
def test_a_policy_of_another_package() -> None:
    assert [finding.code for finding in api.check("mlspec.yaml", text=HEAD + "policies: [owners_named]\n").findings] == [
        "MLS604"
    ]
    owned = HEAD.replace("{name: demo}", "{name: demo, owners: [me]}") + "policies: [owners_named, owners_named]\n"
    assert api.check("mlspec.yaml", text=owned).findings == []
    assert asked == ["demo", "demo"], "each policy is asked once"
    [finding] = api.check("mlspec.yaml", text=HEAD + "policies: [owner_named]\n").findings
    assert finding.hint == "did you mean `owners_named`?"


@pytest.mark.usefixtures("another_package")
def test_a_policy_judges_only_what_has_no_error() -> None:
    text = HEAD.replace("run: python train.py", "run: python train.py, needs: [nothing]") + "policies: [owners_named]\n"
    assert [finding.code for finding in api.check("mlspec.yaml", text=text).findings] == ["MLS301"]
    assert asked == []


@pytest.mark.usefixtures("another_package")
def test_a_policy_of_another_name_is_refused() -> None:
    with pytest.raises(TypeError, match="'odd' is not a Policy of that name"):
        policies.load("odd")
    with pytest.raises(KeyError):
        policies.load("nowhere")


def test_other_packages_are_asked_only_for_what_is_none_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(**_: object) -> None:
        raise AssertionError("entry points were read")

    policies._foreign.cache_clear()
    monkeypatch.setattr(importlib.metadata, "entry_points", refuse)
    assert api.check("mlspec.yaml", text=HEAD + "policies: [pinned_images]\n").findings == []


def test_a_spec_without_policies_loads_none() -> None:
    code = (
        "import sys; from mlspec import api; "
        f"print(api.check('mlspec.yaml', text={HEAD!r}).findings, [name for name in sys.modules if 'mlspec.policies' in name])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[] []\n"


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("environments: {a: {image: 'x:latest'}}\n", ["MLS604"]),
        ("environments: {a: {image: x}}\n", ["MLS604"]),
        ("environments: {a: {image: 'x:1.0'}}\n", ["MLS602"]),
        ("targets: {kubeflow: {image: x}}\n", ["MLS604"]),
        ("targets: {jenkins: {agent: {kubernetes: {image: 'x:latest'}}}}\n", ["MLS604"]),
        ("targets: {airflow: {runner: docker, image: 'x:1.0'}}\n", []),
        ("targets: {airflow: {pods: {pod_template: {spec: {initContainers: [{image: x}]}}}}}\n", ["MLS604"]),
    ],
)
def test_images_wherever_a_spec_names_them(text: str, codes: list[str]) -> None:
    checked = api.check("mlspec.yaml", text=HEAD + "policies: [pinned_images]\n" + text)
    assert [finding.code for finding in checked.findings] == codes


def test_images_in_templates_of_pods_are_reported_where_they_stand() -> None:
    template = "{pod_template: {spec: {initContainers: [{image: x}]}}}"
    of_all = f"policies: [pinned_images]\ntargets: {{airflow: {{pods: {template}}}}}\n"
    step = f"{{run: 'true', matrix: {{d: [1, 2]}}, x-airflow: {template}}}"
    of_one = HEAD.replace("{train: {run: python train.py}}", f"\n  b: {step}") + "policies: [pinned_images]\n"
    for text, line, path in (
        (HEAD + of_all, 6, "targets.airflow.pods"),
        (of_one, 5, "steps.b.x-airflow"),
    ):
        [finding] = [each for each in api.check("mlspec.yaml", text=text).findings if each.code == "MLS604"]
        assert (finding.span.line, finding.path) == (line, f"{path}.pod_template.spec.initContainers.0.image")
