"""The validator says what is wrong with IR that kfp's loader takes."""

from __future__ import annotations

import ast
import copy
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from mlspec.targets.kubeflow import TARGET
from mlspec.targets.kubeflow import validate_ir as check
from mlspec.targets.kubeflow.validate_ir import faults
from tests.targets.kubeflow.plans import FAN, FULL, PLAIN

PLAIN_IR = yaml.safe_load(TARGET.emit(PLAIN)[0].content)
FULL_IR, FULL_PLATFORM = yaml.safe_load_all(TARGET.emit(FULL)[0].content)
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


def renamed_channel(ir: dict[str, Any]) -> None:
    """A name that the backend takes, for it takes any."""
    task, channel = steps(ir)["register"], "pipelinechannel--worthwhile--step-outcome"
    task["inputs"]["parameters"]["gate"] = task["inputs"]["parameters"].pop(channel)
    task["triggerPolicy"]["condition"] = task["triggerPolicy"]["condition"].replace(channel, "gate")
    declared = ir["components"]["comp-register"]["inputDefinitions"]["parameters"]
    declared["gate"] = declared.pop(channel)


def default(ir: dict[str, Any], name: str, value: object) -> None:
    ir["root"]["inputDefinitions"]["parameters"][name]["defaultValue"] = value


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
        "the condition reads 'pipelinechannel--worthwhile--step-outcome', which is no task's output",
        FULL_IR,
        lambda ir: steps(ir)["register"]["inputs"]["parameters"].pop("pipelinechannel--worthwhile--step-outcome"),
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
        lambda ir: loop(ir)["inputs"]["parameters"][LIST]["taskOutputParameter"].update(outputParameterKey="step-outcome"),
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
        "there is no task but exit tasks",
        FULL_IR,
        lambda ir: tasks(ir)["steps"].update(triggerPolicy={"strategy": "ALL_UPSTREAM_TASKS_COMPLETED"}),
    ),
    (
        "asks for the status of 'nobody', on which it does not depend",
        FULL_IR,
        lambda ir: tasks(ir)["finally"]["inputs"]["parameters"]["run-status"]["taskFinalStatus"].update(producerTask="nobody"),
    ),
    ("input 'it' is from nowhere", PLAIN_IR, lambda ir: tasks(ir)["second"]["inputs"]["artifacts"].update(it={})),
    ("kfp.local does not find 'gate'", FULL_IR, renamed_channel),
    (
        "executor 'exec-other' is not used",
        PLAIN_IR,
        lambda ir: ir["deploymentSpec"]["executors"].update({"exec-other": {"container": {"image": "a"}}}),
    ),
    ("the condition is no CEL", FULL_IR, lambda ir: steps(ir)["register"]["triggerPolicy"].update(condition="a ==")),
    (
        "the condition holds an integer",
        FULL_IR,
        lambda ir: steps(ir)["register"]["triggerPolicy"].update(
            condition="inputs.parameter_values['pipelinechannel--worthwhile--step-outcome'] == 1"
        ),
    ),
    (
        "the launcher fills no placeholder into the name of a program",
        PLAIN_IR,
        lambda ir: ir["deploymentSpec"]["executors"]["exec-first"]["container"].update(command=["{{$}}"]),
    ),
    ("parameter 'seed': the default is no NUMBER_INTEGER", FULL_IR, lambda ir: default(ir, "seed", "7")),
    ("parameter 'seed': the default is no NUMBER_INTEGER", FULL_IR, lambda ir: default(ir, "seed", True)),
    ("parameter 'note': the default is no STRING", FULL_IR, lambda ir: default(ir, "note", 7)),
    ("parameter 'promote': the default is no BOOLEAN", FULL_IR, lambda ir: default(ir, "promote", 1)),
    (
        "parameter 'seed' is of no type 'INTEGER'",
        FULL_IR,
        lambda ir: ir["root"]["inputDefinitions"]["parameters"]["seed"].update(parameterType="INTEGER"),
    ),
    (
        "output 'step-outcome' is from unknown task 'nobody'",
        FAN_IR,
        lambda ir: ir["components"]["comp-work"]["dag"]["outputs"]["parameters"]["step-outcome"]["valueFromParameter"].update(
            producerSubtask="nobody"
        ),
    ),
]


@pytest.mark.parametrize(("message", "ir", "breaks"), BROKEN, ids=[message for message, _, _ in BROKEN])
def test_a_fault_is_found(message: str, ir: dict[str, Any], breaks: Callable[[dict[str, Any]], object]) -> None:
    assert faults(ir) == []
    found = faults(changed(ir, breaks))
    assert any(message in fault for fault in found), found


def secret(platform: dict[str, Any]) -> dict[str, Any]:
    return setting(platform)["secretAsEnv"][0]  # type: ignore[no-any-return]


def setting(platform: dict[str, Any]) -> dict[str, Any]:
    return platform["platforms"]["kubernetes"]["deploymentSpec"]["executors"]["exec-train-0"]  # type: ignore[no-any-return]


MISPLACED: list[tuple[str, Callable[[dict[str, Any]], object]]] = [
    (
        "there is no executor 'exec-other'",
        lambda platform: platform["platforms"]["kubernetes"]["deploymentSpec"]["executors"].update({"exec-other": {}}),
    ),
    ("a secret without a name or a key", lambda platform: secret(platform).pop("secretName")),
    ("a secret without a name or a key", lambda platform: secret(platform).pop("secretNameParameter")),
    ("a secret without a name or a key", lambda platform: secret(platform).update(keyToEnv=[])),
    ("has '0' for a deadline", lambda platform: setting(platform).update(activeDeadlineSeconds="0")),
    ("has '2h' for a deadline", lambda platform: setting(platform).update(activeDeadlineSeconds="2h")),
    ("has 7200 for a deadline", lambda platform: setting(platform).update(activeDeadlineSeconds=7200)),
]


@pytest.mark.parametrize(("message", "breaks"), MISPLACED)
def test_a_fault_of_the_platform_is_found(message: str, breaks: Callable[[dict[str, Any]], object]) -> None:
    assert faults(FULL_IR, FULL_PLATFORM) == []
    found = faults(FULL_IR, changed(FULL_PLATFORM, breaks))
    assert any(message in fault for fault in found), found


def test_every_check_has_a_broken_document() -> None:
    """Each sentence of the validator is said of a document above that is broken for its sake."""
    source = ast.parse(Path(check.__file__).read_text(encoding="utf-8"))
    said = [node.value for node in ast.walk(source) if isinstance(node, ast.Yield)]
    sentences = [form(one) for one in said if isinstance(one, ast.JoinedStr | ast.Constant)]
    seen = [fault for message, ir, breaks in BROKEN for fault in faults(changed(ir, breaks)) if message in fault]
    seen += [fault for message, breaks in MISPLACED for fault in faults(FULL_IR, changed(FULL_PLATFORM, breaks))]
    assert len(sentences) > 35
    assert [text for text in sentences if not any(re.search(text, fault, re.DOTALL) for fault in seen)] == []


def changed(document: dict[str, Any], breaks: Callable[[dict[str, Any]], object]) -> dict[str, Any]:
    broken = copy.deepcopy(document)
    breaks(broken)
    return broken


def form(sentence: ast.expr) -> str:
    """A pattern of what an f-string may say."""
    if isinstance(sentence, ast.JoinedStr):
        return "".join(form(part) for part in sentence.values)
    return re.escape(str(sentence.value)) if isinstance(sentence, ast.Constant) else ".*"
