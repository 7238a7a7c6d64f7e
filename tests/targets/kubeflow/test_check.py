"""The validator says what is wrong with IR that kfp's loader takes."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest
import yaml

from mlspec.targets.kubeflow import TARGET
from mlspec.targets.kubeflow.check import faults
from tests.targets.kubeflow.plans import FAN, FULL, PLAIN

PLAIN_IR = yaml.safe_load(TARGET.emit(PLAIN)[0].content)
FULL_IR = next(yaml.safe_load_all(TARGET.emit(FULL)[0].content))
FAN_IR = next(yaml.safe_load_all(TARGET.emit(FAN)[0].content))
LIST = "pipelinechannel--items-Output"


def tasks(ir: dict[str, Any]) -> dict[str, Any]:
    return ir["root"]["dag"]["tasks"]  # type: ignore[no-any-return]


def steps(ir: dict[str, Any]) -> dict[str, Any]:
    return ir["components"]["comp-steps"]["dag"]["tasks"]  # type: ignore[no-any-return]


def loop(ir: dict[str, Any]) -> dict[str, Any]:
    return ir["components"]["comp-work"]["dag"]["tasks"]["instances"]  # type: ignore[no-any-return]


def second_exit_task(ir: dict[str, Any]) -> None:
    tasks(ir)["again"] = copy.deepcopy(tasks(ir)["finally"])


BROKEN: list[tuple[str, dict[str, Any], Callable[[dict[str, Any]], object]]] = [
    ("'Bad Name' is no pipeline name", PLAIN_IR, lambda ir: ir["pipelineInfo"].update(name="Bad Name")),
    ("schemaVersion is not 2.1.0", PLAIN_IR, lambda ir: ir.pop("schemaVersion")),
    ("depends on unknown task 'third'", PLAIN_IR, lambda ir: tasks(ir)["second"]["dependentTasks"].append("third")),
    (
        "is from unknown task 'third'",
        PLAIN_IR,
        lambda ir: tasks(ir)["second"]["inputs"]["artifacts"]["it"]["taskOutputArtifact"].update(producerTask="third"),
    ),
    (
        "has no output 'other'",
        PLAIN_IR,
        lambda ir: tasks(ir)["second"]["inputs"]["artifacts"]["it"]["taskOutputArtifact"].update(outputArtifactKey="other"),
    ),
    ("on which the task does not depend", PLAIN_IR, lambda ir: tasks(ir)["second"].pop("dependentTasks")),
    ("tasks in a cycle: first, second", PLAIN_IR, lambda ir: tasks(ir)["first"].update(dependentTasks=["second"])),
    ("there is no component 'comp-first'", PLAIN_IR, lambda ir: ir["components"].pop("comp-first")),
    ("there is no executor 'exec-first'", PLAIN_IR, lambda ir: ir["deploymentSpec"]["executors"].pop("exec-first")),
    ("input 'it' is missing", PLAIN_IR, lambda ir: tasks(ir)["second"]["inputs"].pop("artifacts")),
    (
        "the component has no input 'it'",
        PLAIN_IR,
        lambda ir: ir["components"]["comp-second"]["inputDefinitions"].pop("artifacts"),
    ),
    ("the name is not of the form", PLAIN_IR, lambda ir: tasks(ir).update({"a--b": tasks(ir).pop("first")})),
    ("the backend adds a task of this name", PLAIN_IR, lambda ir: tasks(ir).update({"second-driver": tasks(ir)["second"]})),
    (
        "the launcher knows no placeholder {{$.pipeline_job_uuid}}",
        PLAIN_IR,
        lambda ir: ir["deploymentSpec"]["executors"]["exec-first"]["container"]["args"].append("{{$.pipeline_job_uuid}}"),
    ),
    (
        "is of something the component does not have",
        PLAIN_IR,
        lambda ir: ir["deploymentSpec"]["executors"]["exec-first"]["container"]["args"].append("{{$.inputs.parameters['x']}}"),
    ),
    ("no image", PLAIN_IR, lambda ir: ir["deploymentSpec"]["executors"]["exec-first"]["container"].pop("image")),
    (
        "component 'comp-first' is used 2 times",
        PLAIN_IR,
        lambda ir: tasks(ir).update({"third": tasks(ir)["first"]}),
    ),
    ("which its DAG does not have", FULL_IR, lambda ir: ir["components"]["comp-steps"].pop("inputDefinitions")),
    (
        "an exit task must take a taskFinalStatus",
        FULL_IR,
        lambda ir: tasks(ir)["finally"]["inputs"]["parameters"].pop("run-status"),
    ),
    ("'steps' has another exit task, and the backend keeps one", FULL_IR, second_exit_task),
    (
        "the condition reads 'pipelinechannel--worthwhile--outcome', which is no task's output",
        FULL_IR,
        lambda ir: steps(ir)["register"]["inputs"]["parameters"].pop("pipelinechannel--worthwhile--outcome"),
    ),
    (
        "is of another type than the output 'table' it is from",
        FULL_IR,
        lambda ir: ir["components"]["comp-ingest"]["outputDefinitions"]["artifacts"]["table"].pop("artifactType"),
    ),
    (
        "passes no artifacts to a DAG without parameters",
        FAN_IR,
        lambda ir: steps(ir)["work"]["inputs"].pop("parameters"),
    ),
    ("a task with a condition", FAN_IR, lambda ir: loop(ir).update(triggerPolicy={"condition": "true"})),
    ("puts the element in the place of nothing", FAN_IR, lambda ir: loop(ir)["inputs"]["parameters"].pop(LIST)),
    (
        f"does not find the list '{LIST}'",
        FAN_IR,
        lambda ir: loop(ir)["inputs"]["parameters"][LIST]["taskOutputParameter"].update(outputParameterKey="outcome"),
    ),
    ("does not know 'other' for the element", FAN_IR, lambda ir: loop(ir)["parameterIterator"].update(itemInput="other")),
    ("one folder unless they are DAGs", FAN_IR, lambda ir: loop(ir)["componentRef"].update(name="comp-work-instance")),
    (
        f"'{LIST}' is no list",
        FAN_IR,
        lambda ir: ir["components"]["comp-work-instances"]["inputDefinitions"]["parameters"][LIST].update(
            parameterType="STRUCT"
        ),
    ),
    (
        "output 'outcome' is from unknown task 'nobody'",
        FAN_IR,
        lambda ir: ir["components"]["comp-work"]["dag"]["outputs"]["parameters"]["outcome"]["valueFromParameter"].update(
            producerSubtask="nobody"
        ),
    ),
]


@pytest.mark.parametrize(("message", "ir", "breaks"), BROKEN, ids=[message for message, _, _ in BROKEN])
def test_a_fault_is_found(message: str, ir: dict[str, Any], breaks: Callable[[dict[str, Any]], object]) -> None:
    broken = copy.deepcopy(ir)
    assert faults(broken) == []
    breaks(broken)
    assert any(message in fault for fault in faults(broken)), faults(broken)
