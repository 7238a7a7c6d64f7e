"""What the IR says, and that it says it the same way everywhere."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
import yaml
from syrupy.assertion import SnapshotAssertion

from mlspec.ir.declarations import Environment
from mlspec.ir.model import Plan
from mlspec.ir.sources import Input
from mlspec.targets.base import refusals
from mlspec.targets.kubeflow import TARGET
from mlspec.targets.kubeflow.size import estimated_size
from mlspec.targets.kubeflow.validate_ir import faults
from tests.targets import emission
from tests.targets.built import plan, reads, step
from tests.targets.emission import changed, files_named
from tests.targets.kubeflow.plans import FULL, ONE_FINAL, PLAIN, PLANS, chain, gate, metrics, out


def text(plan: Plan) -> str:
    return emission.text(TARGET, plan)


def documents(plan: Plan) -> list[dict[str, Any]]:
    return list(yaml.safe_load_all(text(plan)))


@pytest.mark.parametrize("name", PLANS)
def test_ir(name: str, snapshot: SnapshotAssertion) -> None:
    assert text(PLANS[name]) == snapshot(name=name, extension_class=files_named("yaml"))


@pytest.mark.parametrize("name", PLANS)
def test_one_file_without_faults(name: str) -> None:
    (file,) = TARGET.emit(PLANS[name])
    assert file.path == f"{PLANS[name].lifecycle}.yaml"
    assert faults(documents(PLANS[name])[0]) == []
    assert refusals(PLANS[name], TARGET) == []


def test_a_new_step_changes_no_other_steps_block() -> None:
    extra = step("profile", "profile ${{ inputs.t }}", "ingest", inputs=(Input("t", reads("ingest", "table")),))
    more = replace(FULL, steps=(*FULL.steps[:2], extra, *FULL.steps[2:]))
    change = changed(TARGET, FULL, more)
    assert change.added
    assert not change.removed


def test_tasks_depend_on_what_they_read_or_need() -> None:
    tasks = documents(PLAIN)[0]["root"]["dag"]["tasks"]
    assert list(tasks) == ["first", "second"]
    assert tasks["second"]["dependentTasks"] == ["first"]
    assert tasks["second"]["inputs"]["artifacts"] == {
        "it": {"taskOutputArtifact": {"producerTask": "first", "outputArtifactKey": "out"}}
    }


def test_skips_pass_on_through_joins() -> None:
    skips = plan(
        "skips",
        step("start", outputs=out("metrics", "metrics")),
        gate("check", "start.metrics.a > 1.0", "start", "skip", metrics("start")),
        step("maybe", when="params.x"),
        step("left", upstream="check"),
        step("join", upstream="left maybe start"),
        step("free", upstream="start"),
    )
    tasks = documents(skips)[0]["root"]["dag"]["tasks"]
    conditions = {name: task["triggerPolicy"]["condition"] for name, task in tasks.items() if "triggerPolicy" in task}
    assert conditions == {
        "left": "inputs.parameter_values['pipelinechannel--check--step-outcome'] == 'succeeded'",
        "join": "inputs.parameter_values['pipelinechannel--left--step-outcome'] == 'succeeded'"
        " && inputs.parameter_values['pipelinechannel--maybe--step-outcome'] == 'succeeded'",
    }


def test_names_that_kfp_would_take_for_its_own_are_changed() -> None:
    names = ["steps", "finally_", "a_b", "a__b", "train", "train_driver", "root"]
    tasks = documents(plan("names", *map(step, names), finals=(step("cleanup"),)))[0]
    assert list(tasks["components"]["comp-steps"]["dag"]["tasks"]) == [
        *("steps-2", "finally-2", "a-b", "a-b-2", "train", "train-driver-step", "root-2"),
    ]


def test_no_text_of_a_spec_is_a_placeholder() -> None:
    awkward = step("work", "echo '{{$}}' '{{$.pipeline_job_uuid}}' {{{workflow.name}} {~{", with_=(("x", "{{$}}"),))
    container = documents(plan("braces", awkward))[0]["deploymentSpec"]["executors"]["exec-work"]["container"]
    theirs = [argument for argument in container["args"] if argument.startswith(("--shell", "--with"))]
    assert theirs == ["--with=x={~{$}}", "--shell=echo '{~{$}}' '{~{$.pipeline_job_uuid}}' {~{~{workflow.name}} {~~{"]
    assert "--executor-input={{$}}" in container["command"]


def test_what_processes_share_may_be_any_text() -> None:
    texts = {"store": "a\nb: *c\n", "tracking_uri": "x # y", "tracking_experiment": "it's\n  &so {{$}}"}
    environments = {"ml": Environment("ml", image="m", pythonpath=("a\nb", "*c"))}
    odd = plan("odd", step("bare"), step("inside", environment="ml"), environments=environments, **texts)
    executors = documents(odd)[0]["deploymentSpec"]["executors"]
    tracked = ["--tracking=x # y", "--experiment=it's\n  &so {~{$}}"]
    for label, own in (("bare", []), ("inside", ["--environment=ml", "--pythonpath=a\nb", "--pythonpath=*c"])):
        command = executors[f"exec-{label}"]["container"]["command"]
        assert "--store=a\nb: *c\n" in command
        assert command[command.index("--fail-fast") + 1 :] == [*own, *tracked]


def test_a_gate_runs_in_the_image_of_the_nearest_step_above_it() -> None:
    chained = plan(
        "gated",
        step("far", environment="far", outputs=out("metrics", "metrics")),
        step("near", environment="near", upstream="far"),
        gate("first", "far.metrics.a > 1.0", "near", "stop", metrics("far")),
        gate("second", "far.metrics.a > 2.0", "first", "stop", metrics("far")),
        step("bare", upstream="second"),
        environments={name: Environment(name, image=f"acme/{name}:1") for name in ("far", "near")},
    )
    for option, bare in (({}, "python:3.11"), ({"image": "acme/own:1"}, "acme/own:1")):
        executors = documents(replace(chained, target_options={"kubeflow": option}))[0]["deploymentSpec"]["executors"]
        images = {name: part["container"]["image"] for name, part in executors.items()}
        assert (images["exec-first"], images["exec-second"], images["exec-bare"]) == ("acme/near:1", "acme/near:1", bare)


def test_the_estimated_size_is_near_the_real_one() -> None:
    for subject in (FULL, chain(300)):
        real = len(json.dumps(documents(subject)[0], separators=(",", ":"), ensure_ascii=False).encode())
        assert 0.75 < estimated_size(subject) / real < 1.25


def test_one_final_step_is_the_exit_task_and_several_are_in_one() -> None:
    (one,) = documents(ONE_FINAL)
    assert list(one["root"]["dag"]["tasks"]) == ["steps", "cleanup"]
    several = documents(FULL)[0]
    assert list(several["root"]["dag"]["tasks"]) == ["steps", "finally"]
    assert several["components"]["comp-finally"]["dag"]["tasks"]["report"]["dependentTasks"] == ["cleanup"]
