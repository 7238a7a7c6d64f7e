"""The IR beside what kfp's own compiler makes of the same pipeline."""

# No `from __future__ import annotations`: kfp reads the annotations of components as objects.
import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from mlspec.targets.kubeflow import TARGET
from tests.targets.kubeflow.plans import FAN, PLAIN

pytestmark = pytest.mark.kfp


def test_the_ir_is_what_kfps_own_compiler_makes_of_the_same_pipeline(tmp_path: Path) -> None:
    from kfp import dsl

    ours = yaml.safe_load(TARGET.emit(PLAIN)[0].content)
    executors = {name: part["container"] for name, part in ours["deploymentSpec"]["executors"].items()}

    @dsl.container_component
    def first(run_id: str, out: dsl.Output[dsl.Artifact]):  # type: ignore[no-untyped-def]
        return _container(executors["exec-first"], {"out": out.path}, {"run-id": run_id}, {})

    @dsl.container_component
    def second(run_id: str, it: dsl.Input[dsl.Artifact]):  # type: ignore[no-untyped-def]
        return _container(executors["exec-second"], {}, {"run-id": run_id}, {"it": it.path})

    @dsl.pipeline(name="plain")
    def pipeline() -> None:
        made = first(run_id=dsl.PIPELINE_JOB_ID_PLACEHOLDER).set_caching_options(False)
        second(run_id=dsl.PIPELINE_JOB_ID_PLACEHOLDER, it=made.outputs["out"]).set_caching_options(False)

    del ours["deploymentSpec"]["common"]
    named_alike = json.loads(json.dumps(ours).replace('"run-id"', '"run_id"').replace("['run-id']", "['run_id']"))
    theirs = _compiled(pipeline, tmp_path)
    for executor in theirs["deploymentSpec"]["executors"].values():
        executor["container"].update(
            {key: [_joined(text) for text in executor["container"][key]] for key in ("command", "args")}
        )
    for task in theirs["root"]["dag"]["tasks"].values():
        assert task.pop("cachingOptions") == {}  # which is what leaving it out means
    assert named_alike == theirs


def test_a_loop_is_what_kfps_own_compiler_makes_of_parallel_for(tmp_path: Path) -> None:
    from kfp import dsl

    @dsl.component
    def items() -> list:  # type: ignore[type-arg]
        return []

    @dsl.component
    def instance(element: str):  # type: ignore[no-untyped-def]
        pass

    @dsl.pipeline(name="loop")
    def pipeline() -> None:
        with dsl.ParallelFor(items().output, parallelism=2) as element:
            instance(element=element)

    theirs = _compiled(pipeline, tmp_path)
    ours = next(yaml.safe_load_all(TARGET.emit(FAN)[0].content))
    our_loop = ours["components"]["comp-work"]["dag"]["tasks"]["instances"]
    their_loop = theirs["root"]["dag"]["tasks"]["for-loop-1"]
    for key in ("parameterIterator", "iteratorPolicy", "dependentTasks"):
        assert our_loop[key] == their_loop[key]
    (items_input, wire), *_ = their_loop["inputs"]["parameters"].items()
    assert our_loop["inputs"]["parameters"][items_input] == wire
    declared = theirs["components"]["comp-for-loop-1"]["inputDefinitions"]["parameters"]
    assert declared.items() <= ours["components"]["comp-work-instances"]["inputDefinitions"]["parameters"].items()
    output = theirs["components"]["comp-items"]["outputDefinitions"]["parameters"]
    assert output.items() <= ours["components"]["comp-work-items"]["outputDefinitions"]["parameters"].items()


def _compiled(pipeline: Any, folder: Path) -> dict[str, Any]:
    from kfp import compiler

    path = folder / "theirs.yaml"
    compiler.Compiler().compile(pipeline, str(path))
    found: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return found


def _joined(argument: str) -> str:
    """kfp's form of an argument that is put together, which the backend does not handle, as the argument itself."""
    return "".join(json.loads(argument)["Concat"]) if argument.startswith('{"Concat"') else argument


def _container(ours: dict[str, Any], outputs: dict[str, Any], params: dict[str, Any], inputs: dict[str, Any]) -> Any:
    """Our container in kfp's terms: its placeholders in the place of ours."""
    from kfp import dsl

    known = {
        "{{$}}": dsl.PIPELINE_TASK_EXECUTOR_INPUT_PLACEHOLDER,
        **{f"{{{{$.outputs.artifacts['{name}'].path}}}}": path for name, path in outputs.items()},
        **{f"{{{{$.inputs.parameters['{name}']}}}}": value for name, value in params.items()},
        **{f"{{{{$.inputs.artifacts['{name}'].path}}}}": path for name, path in inputs.items()},
    }

    def argument(text: str) -> Any:
        for ours, theirs in known.items():
            before, found, after = text.partition(ours)
            if found:
                return dsl.ConcatPlaceholder([before, theirs, after] if after else [before, theirs])
        return text

    command, args = ([argument(text) for text in ours[key]] for key in ("command", "args"))
    return dsl.ContainerSpec(image=ours["image"], command=command, args=args)
