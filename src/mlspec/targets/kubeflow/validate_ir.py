"""A validator of PipelineSpec IR: what KFP's own loader accepts and its backend then refuses or bends.

In: a loaded IR document (dicts and lists), and the platform document that goes with it. Out: sentences, one for each fault, in
their order. Owns our reading of the backend's rules (argocompiler, driver); never repairs, never loads a file. Loading in kfp
checks the protobuf form alone: missing components, unknown producers and cycles load there. Change it when a fault gets through.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from mlspec.expr.syntax import ConditionSyntaxError, parse

Document = Mapping[str, Any]

_PIPELINE_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,127}")
_TASK_NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_PARAMETER = re.compile(r"inputs\.parameter_values\['([^']+)'\]")
_PLACEHOLDER = re.compile(r"\{\{\$(.*?)\}\}")
_KNOWN_PLACEHOLDER = re.compile(
    r"|\.(inputs\.parameters\['(?P<parameter>[^']+)'\]|inputs\.artifacts\['(?P<artifact>[^']+)'\]\.(path|uri)"
    r"|outputs\.artifacts\['(?P<output>[^']+)'\]\.(path|uri))"
)
_EXIT = "ALL_UPSTREAM_TASKS_COMPLETED"
_DEFAULTS: Mapping[str, type | tuple[type, ...]] = {
    "STRING": str,
    "NUMBER_INTEGER": int,
    "NUMBER_DOUBLE": (int, float),
    "BOOLEAN": bool,
    "LIST": list,
    "STRUCT": dict,
}


def faults(document: Document, platform: Document | None = None) -> list[str]:
    """Find what is wrong with an IR document and its platform document; an empty list when nothing is."""
    return [*_document(document), *_platform(document, platform or {})]


def _document(document: Document) -> Iterator[str]:
    name = document.get("pipelineInfo", {}).get("name", "")
    if not _PIPELINE_NAME.fullmatch(name):
        yield f"{name!r} is no pipeline name"
    if document.get("schemaVersion") != "2.1.0":
        yield "schemaVersion is not 2.1.0"
    components: Document = document.get("components", {})
    executors: Document = _executors(document)
    yield from _defaults(document.get("root", {}))
    yield from _dag("root", document.get("root", {}), components)
    for label, component in components.items():
        if "dag" in component:
            yield from _dag(label, component, components)
            continue
        executor = executors.get(component.get("executorLabel"))
        if executor is None:
            yield f"{label}: there is no executor {component.get('executorLabel')!r}"
        else:
            yield from _container(label, component, executor.get("container", {}))
    yield from _unused(document, components, executors)


def _defaults(root: Document) -> Iterator[str]:
    for name, definition in root.get("inputDefinitions", {}).get("parameters", {}).items():
        kind, value = definition.get("parameterType", ""), definition.get("defaultValue")
        wanted = _DEFAULTS.get(kind)
        if wanted is None:
            yield f"parameter {name!r} is of no type {kind!r}"
        elif value is not None and (not isinstance(value, wanted) or (isinstance(value, bool) and kind != "BOOLEAN")):
            yield f"parameter {name!r}: the default is no {kind}"


def _dag(label: str, component: Document, components: Document) -> Iterator[str]:
    tasks: Document = component.get("dag", {}).get("tasks", {})
    inputs = component.get("inputDefinitions", {})
    hooked: set[str] = set()
    for name, task in tasks.items():
        where = f"{label}: task {name}"
        if not _TASK_NAME.fullmatch(name):
            yield f"{where}: the name is not of the form a-b-c"
        if name.removesuffix("-driver") != name and name.removesuffix("-driver") in tasks:
            yield f"{where}: the backend adds a task of this name"
        used = task.get("componentRef", {}).get("name")
        if used not in components:
            yield f"{where}: there is no component {used!r}"
            continue
        yield from _wiring(where, task, tasks, inputs, components)
        if "dag" in components[used] and task.get("inputs") and not task["inputs"].get("parameters"):
            yield f"{where}: kfp.local passes no artifacts to a DAG without parameters"
        if "parameterIterator" in task:
            yield from _iterator(where, task, components[used])
        yield from _trigger(where, task, hooked)
    for name, output in component.get("dag", {}).get("outputs", {}).get("parameters", {}).items():
        source = output.get("valueFromParameter", {})
        made = {"producerTask": source.get("producerSubtask"), "outputParameterKey": source.get("outputParameterKey")}
        yield from _produced(f"{label}: output {name!r}", "parameters", made, tasks, components, list(tasks))
    if not any(task.get("triggerPolicy", {}).get("strategy") != _EXIT for task in tasks.values()):
        yield f"{label}: there is no task but exit tasks"
    if stuck := _in_a_cycle(tasks):
        yield f"{label}: tasks in a cycle: {', '.join(stuck)}"


def _wiring(where: str, task: Document, tasks: Document, parent: Document, components: Document) -> Iterator[str]:
    declared = components[task["componentRef"]["name"]].get("inputDefinitions", {})
    depends = task.get("dependentTasks", [])
    for above in depends:
        if above not in tasks:
            yield f"{where}: depends on unknown task {above!r}"
    for kind, name, source in _sources(task):
        if name not in declared.get(kind, {}):
            yield f"{where}: the component has no input {name!r}"
        match source:
            case {"componentInputParameter": key} | {"componentInputArtifact": key}:
                if key not in parent.get(kind, {}):
                    yield f"{where}: input {name!r} is from {key!r}, which its DAG does not have"
            case {"taskOutputParameter": output} | {"taskOutputArtifact": output}:
                made = f"{where}: input {name!r}"
                yield from _produced(made, kind, output, tasks, components, depends)
                yield from _alike(made, kind, declared.get(kind, {}).get(name), output, tasks, components)
            case {"taskFinalStatus": {"producerTask": above}}:
                if above not in depends:
                    yield f"{where}: asks for the status of {above!r}, on which it does not depend"
            case {"runtimeValue": {"constant": _}}:
                pass
            case _:
                yield f"{where}: input {name!r} is from nowhere"
    element = task.get("parameterIterator", {}).get("itemInput")
    for kind in ("parameters", "artifacts"):
        given = task.get("inputs", {}).get(kind, {})
        for name, definition in declared.get(kind, {}).items():
            if name not in given and name != element and not definition.get("isOptional"):
                yield f"{where}: input {name!r} is missing"


def _produced(
    where: str, kind: str, output: Document, tasks: Document, components: Document, depends: list[str]
) -> Iterator[str]:
    producer = output.get("producerTask", "")
    key = output.get("outputParameterKey") or output.get("outputArtifactKey")
    if producer not in tasks:
        yield f"{where} is from unknown task {producer!r}"
        return
    if producer not in depends:
        yield f"{where} is from {producer!r}, on which the task does not depend"
    component = components.get(tasks[producer].get("componentRef", {}).get("name"), {})
    if key not in component.get("outputDefinitions", {}).get(kind, {}):
        yield f"{where}: task {producer!r} has no output {key!r}"


def _alike(
    where: str, kind: str, wanted: Document | None, output: Document, tasks: Document, components: Document
) -> Iterator[str]:
    producer = components.get(tasks.get(output.get("producerTask", ""), {}).get("componentRef", {}).get("name"), {})
    key = output.get("outputParameterKey") or output.get("outputArtifactKey", "")
    made = producer.get("outputDefinitions", {}).get(kind, {}).get(key)
    if wanted is not None and made is not None and wanted != made:
        yield f"{where} is of another type than the output {key!r} it is from"


def _iterator(where: str, task: Document, component: Document) -> Iterator[str]:
    items = task["parameterIterator"].get("items", {}).get("inputParameter", "")
    element = task["parameterIterator"].get("itemInput", "")
    parameters = task.get("inputs", {}).get("parameters", {})
    declared = component.get("inputDefinitions", {}).get("parameters", {})
    produced = [name for name, source in parameters.items() if "taskOutputParameter" in source]
    if "dag" not in component:
        yield f"{where}: kfp.local gives all iterations one folder unless they are DAGs"
    if task.get("triggerPolicy"):
        yield f"{where}: kfp.local does not iterate over a task with a condition"
    if produced != [items]:
        yield f"{where}: kfp.local puts the element in the place of {', '.join(produced) or 'nothing'}"
    else:
        source = parameters[items]["taskOutputParameter"]
        if items != f"pipelinechannel--{source['producerTask']}-Output" or source["outputParameterKey"] != "Output":
            yield f"{where}: kfp.local does not find the list {items!r}"
    if declared.get(items, {}).get("parameterType") != "LIST":
        yield f"{where}: {items!r} is no list"
    if element not in declared or element != f"{items}-loop-item":
        yield f"{where}: the backend does not know {element!r} for the element"


def _trigger(where: str, task: Document, hooked: set[str]) -> Iterator[str]:
    policy = task.get("triggerPolicy", {})
    parameters = task.get("inputs", {}).get("parameters", {})
    if condition := policy.get("condition"):
        yield from (f"{where}: {fault}" for fault in _condition(condition))
    for name in _PARAMETER.findall(policy.get("condition", "")):
        source = parameters.get(name, {}).get("taskOutputParameter")
        if source is None:
            yield f"{where}: the condition reads {name!r}, which is no task's output"
        elif name != f"pipelinechannel--{source['producerTask']}--{source['outputParameterKey']}":
            yield f"{where}: kfp.local does not find {name!r}"
    if policy.get("strategy") == _EXIT:
        if not any("taskFinalStatus" in source for source in parameters.values()):
            yield f"{where}: an exit task must take a taskFinalStatus"
        for above in task.get("dependentTasks", []):
            if above in hooked:
                yield f"{where}: {above!r} has another exit task, and the backend keeps one"
            hooked.add(above)


def _condition(condition: str) -> Iterator[str]:
    try:
        tree = parse(condition)
    except ConditionSyntaxError as error:
        yield f"the condition is no CEL: {error}"
        return
    if any(tree.scan_values(lambda token: token.type in ("INT_LIT", "UINT_LIT"))):
        yield "the condition holds an integer, which CEL compares with no number of KFP's: they are doubles"


def _container(label: str, component: Document, container: Document) -> Iterator[str]:
    if not container.get("image"):
        yield f"{label}: the container has no image"
    inputs = component.get("inputDefinitions", {})
    outputs = component.get("outputDefinitions", {})
    if any("{{$" in word for word in container.get("command", [])[:1]):
        yield f"{label}: the launcher fills no placeholder into the name of a program"
    for word in [*container.get("command", []), *container.get("args", [])]:
        for path in _PLACEHOLDER.findall(word):
            known = _KNOWN_PLACEHOLDER.fullmatch(path)
            if known is None:
                yield f"{label}: the launcher knows no placeholder {{{{${path}}}}}"
                continue
            for group, names in (
                ("parameter", inputs.get("parameters", {})),
                ("artifact", inputs.get("artifacts", {})),
                ("output", outputs.get("artifacts", {})),
            ):
                if known[group] is not None and known[group] not in names:
                    yield f"{label}: placeholder {{{{${path}}}}} is of something the component does not have"


def _platform(document: Document, platform: Document) -> Iterator[str]:
    settings: Document = platform.get("platforms", {}).get("kubernetes", {})
    for label, setting in _executors(settings).items():
        if label not in _executors(document):
            yield f"platform: there is no executor {label!r}"
        for secret in setting.get("secretAsEnv", []):
            if not (secret.get("secretName") and secret.get("secretNameParameter") and secret.get("keyToEnv")):
                yield f"platform: {label} takes a secret without a name or a key"
        deadline = setting.get("activeDeadlineSeconds", "1")
        if not (isinstance(deadline, str) and deadline.isdigit() and int(deadline)):
            yield f"platform: {label} has {deadline!r} for a deadline, and Kubernetes takes seconds above zero"


def _executors(document: Document) -> Document:
    found: Document = document.get("deploymentSpec", {}).get("executors", {})
    return found


def _unused(document: Document, components: Document, executors: Document) -> Iterator[str]:
    dags = [document.get("root", {}), *components.values()]
    used = Counter(task.get("componentRef", {}).get("name") for dag in dags for task in _tasks(dag))
    for label in components:
        if used[label] != 1:
            yield f"component {label!r} is used {used[label]} times, and kfp.local keeps one folder for each"
    labels = {component.get("executorLabel") for component in components.values()}
    for label in executors:
        if label not in labels:
            yield f"executor {label!r} is not used"


def _tasks(dag: Document) -> list[Document]:
    return list(dag.get("dag", {}).get("tasks", {}).values())


def _sources(task: Document) -> Iterator[tuple[str, str, Any]]:
    for kind in ("parameters", "artifacts"):
        for name, source in task.get("inputs", {}).get(kind, {}).items():
            yield kind, name, source


def _in_a_cycle(tasks: Document) -> list[str]:
    """The tasks that can never start: those left when every task that can has been taken away."""
    below: dict[str, list[str]] = {}
    waits: dict[str, int] = {}
    for name, task in tasks.items():
        above = {one for one in task.get("dependentTasks", []) if one in tasks}
        waits[name] = len(above)
        for one in above:
            below.setdefault(one, []).append(name)
    ready = [name for name, count in waits.items() if count == 0]
    while ready:
        for name in below.get(ready.pop(), []):
            waits[name] -= 1
            if waits[name] == 0:
                ready.append(name)
    return [name for name, count in waits.items() if count]
