"""A small interpreter of Argo Workflows: what the generated files use of them, run on this machine.

In: a Workflow, parameters, secrets of Kubernetes. Out: an `EngineRun`. Owns the two expansions that a container's arguments go
through (Argo's `util/template`, Kubernetes' `expansion`), the order of a DAG's tasks and `failFast`. It is no engine: an image
is this machine, and whatever it does not know, a key or an expression, is an error.
Change it when the target emits something more of Argo.
"""

from __future__ import annotations

import base64
import json
import os
import re
import subprocess
import uuid
from collections.abc import Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from pathlib import Path
from typing import Any

import yaml

from mlspec.expr.values import as_text
from tests.engines import EngineRun

_TAG = re.compile(r"\{\{(.*?)\}\}", re.DOTALL)
_B64 = re.compile(r"=sprig\.b64enc\(workflow\.parameters\['(\w+)'\]\)")
_REFERENCE = re.compile(r"\$(?:\$|\(([^)]*)\))")
Scope = Mapping[str, str]
Secrets = Mapping[tuple[str, str], str]
"""Values by the names of a secret and of a key in it."""


def run(project: Path, text: str, params: Mapping[str, Any], secrets: Secrets, environment: Scope) -> EngineRun:
    """Submit a Workflow with parameters and wait for its end; `environment` is that of every container."""
    workflow = only(yaml.safe_load(text), "apiVersion", "kind", "metadata", "spec")
    metadata = only(workflow["metadata"], "generateName", "namespace", "annotations")
    spec = only(workflow["spec"], "entrypoint", "serviceAccountName", "arguments", "templates")
    uid = str(uuid.uuid4())
    scope = {"workflow.uid": uid} | {f"workflow.annotations.{key}": value for key, value in metadata["annotations"].items()}
    given = {each["name"]: each["value"] for each in spec.get("arguments", {}).get("parameters", [])}
    assert set(params) <= set(given), "a parameter that the workflow does not have"
    given |= {name: as_text(value) for name, value in params.items()}
    scope |= {f"workflow.parameters.{name}": value for name, value in given.items()}
    # Argo expands the arguments, too, with what they say of each other.
    scope |= {key: expanded(value, scope) for key, value in scope.items()}
    templates = {each["name"]: each for each in spec["templates"]}
    assert len(templates) == len(spec["templates"])
    dag = only(only(templates[spec["entrypoint"]], "name", "dag")["dag"], "failFast", "tasks")

    def task(each: dict[str, Any]) -> bool:
        return pod(project, expanded(expanded(templates[each["template"]], scope), scope), secrets, environment)

    return EngineRun("succeeded" if succeeds(dag, task) else "failed", uid)


def succeeds(dag: dict[str, Any], run_task: Any) -> bool:
    """Run the tasks of a DAG, side by side where nothing stands between them."""
    waiting = {each["name"]: only(each, "name", "template", "dependencies") for each in dag["tasks"]}
    assert len(waiting) == len(dag["tasks"])
    assert dag["failFast"] is True
    running: dict[Future[bool], str] = {}
    succeeded: set[str] = set()
    failed = False
    with ThreadPoolExecutor(4) as pool:
        while True:
            ready = [name for name, each in waiting.items() if succeeded.issuperset(each.get("dependencies", []))]
            for name in ready if not failed else []:
                running[pool.submit(run_task, waiting.pop(name))] = name
            if not running:
                assert failed or not waiting, f"nothing leads to {sorted(waiting)}"
                return not failed
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                name = running.pop(future)
                failed = not future.result() or failed
                succeeded.add(name)


def pod(project: Path, template: dict[str, Any], secrets: Secrets, environment: Scope) -> bool:
    """Run the one container of a template; its working folder is the project, as in its image."""
    only(template, "name", "container", "activeDeadlineSeconds", "priorityClassName")
    container = only(template["container"], "image", "command", "args", "env")
    variables = {each["name"]: value_of(each, secrets) for each in container.get("env", [])}
    words = [resolved(word, variables) for word in (*container["command"], *container["args"])]
    try:
        done = subprocess.run(
            words,
            cwd=project,
            env={**environment, **variables},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=int(template.get("activeDeadlineSeconds", 300)),
            check=False,
        )
    except subprocess.TimeoutExpired:
        return False
    assert done.returncode in (0, 1, 98, 99), os.fsdecode(done.stderr)  # of `mlspec exec`; a shell's own error has others
    return done.returncode == 0


def value_of(variable: dict[str, Any], secrets: Secrets) -> str:
    """The value of a container's variable, from a secret."""
    source = only(only(variable, "name", "valueFrom")["valueFrom"], "secretKeyRef")["secretKeyRef"]
    return secrets[source["name"], source["key"]]


def expanded(value: Any, scope: Scope) -> Any:
    """One pass of Argo over the JSON of a value: tags that it knows are replaced, other simple ones stay as they are."""

    def replace(match: re.Match[str]) -> str:
        tag = match[1]
        if tag.startswith("="):
            name = _B64.fullmatch(tag)
            assert name, f"an expression that is not interpreted here: {tag}"
            return base64.b64encode(scope[f"workflow.parameters.{name[1]}"].encode()).decode()
        assert tag.rpartition("{{")[2] not in scope or "{{" not in tag, f"a nested tag: {tag}"
        known = scope.get(tag.strip())
        return match[0] if known is None else json.dumps(known, ensure_ascii=False)[1:-1]

    return json.loads(_TAG.sub(replace, json.dumps(value, ensure_ascii=False)))


def resolved(word: str, variables: Scope) -> str:
    """What Kubernetes makes of an argument: `$(NAME)` of a variable that the container has, `$$` becomes `$`."""
    return _REFERENCE.sub(lambda match: "$" if match[1] is None else variables.get(match[1], match[0]), word)


def only(mapping: dict[str, Any], *known: str) -> dict[str, Any]:
    """The mapping, which has no other keys than those that are interpreted here."""
    assert set(mapping) <= set(known), f"not interpreted here: {set(mapping) - set(known)}"
    return mapping
