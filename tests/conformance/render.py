"""A drawn lifecycle as a project: its spec and the files that its steps use.

In: a drawn lifecycle. Out: the texts of a project's files. Owns how a description looks as a spec; never what its bodies do (see
`scripts` and `functions`), nor what a run comes to. Change it when the generator learns a feature.
"""

from __future__ import annotations

import json
from typing import Any

from tests.conformance.drawn import KINDS, Condition, Life, Step, Tree, user_variable_of, variable_of
from tests.conformance.functions import module_of
from tests.conformance.scripts import script
from tests.conformance.yamltext import yaml_of

TIMEOUT = 4
"""Seconds: of a step that takes too long."""


def project(life: Life) -> dict[str, str]:
    """The project's files by path."""
    files = {"mlspec.yaml": yaml_of(spec(life)), **life.get("files", {})}
    calls = {name: step for name, step in _all(life) if step["body"] == "call"}
    if calls:
        files["src/work.py"] = module_of(calls, life.get("env", {}))
    return files


def spec(life: Life) -> dict[str, Any]:
    """The spec as data."""
    made: dict[str, Any] = {"apiVersion": "mlspec/v1", "kind": "Lifecycle", "metadata": {"name": life["name"]}}
    for key in ("description", "labels"):
        if key in life:
            made["metadata"][key] = life[key]  # type: ignore[literal-required]
    if "on_failure" in life:
        made["on_failure"] = life["on_failure"]
    if life.get("params"):
        made["params"] = {
            name: param["default"]
            if param.get("long") is None
            else {"type": param["type"], "default": param["default"], **(param["long"] or {})}
            for name, param in life["params"].items()
        }
    if life.get("secrets"):
        made["secrets"] = {name: _secret(name) for name in life["secrets"]}
    if any(step["body"] == "call" for _, step in _all(life)):
        env = {name: tree_of(tree) for name, tree in life.get("env", {}).items()}
        made["environments"] = {"own": {"pythonpath": ["src"], **({"env": env} if env else {})}}
    made["steps"] = {name: _step(name, step) for name, step in life["steps"].items()}
    if life.get("finals"):
        made["finally"] = {name: _step(name, step) for name, step in life["finals"].items()}
    return made


def _secret(name: str) -> dict[str, Any]:
    """A secret in the form of its kind that each orchestrator has."""
    made: dict[str, Any] = {
        "env": variable_of(name),
        "kubernetes": {"secret": "hidden", "key": name},
        "airflow": {"variable": name},
        "jenkins": {"credentials": name},
    }
    match KINDS.get(name):
        case "file":
            return {"kind": "file", **made}
        case "login":
            env = {"user": user_variable_of(name), "password": variable_of(name)}
            kubernetes = {"secret": "hidden", "user": f"{name}-user", "password": name}
            return {**made, "kind": "login", "env": env, "kubernetes": kubernetes, "airflow": {"connection": name}}
    return made


def _all(life: Life) -> list[tuple[str, Step]]:
    return [*life["steps"].items(), *life.get("finals", {}).items()]


def _step(name: str, step: Step) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for key in (
        "description",
        "stage",
        "needs",
        "inputs",
        "outputs",
        "secrets",
        "matrix",
        "each",
        "parallel",
        "run_if",
        "otherwise",
    ):
        if step.get(key):
            made[key] = escaped(step["description"]) if key == "description" else step[key]  # type: ignore[literal-required]
    for output, file in step.get("files", {}).items():
        if output in made.get("outputs", {}):
            made["outputs"] = {**made["outputs"], output: {"type": made["outputs"][output], "path": file}}
    if "matrix" in made:
        beside = {key: step[key] for key in ("include", "exclude") if step.get(key)}  # type: ignore[literal-required]
        made["matrix"] = {**step["matrix"], **beside}
    if "foreach" in step:
        made["foreach"] = step["foreach"]
    if "when" in step:
        made["when"] = cel(step["when"])
    if step["body"] == "gate":
        made["gate"] = [cel(line) for line in step["gate"]]
        return made
    if step.get("limit"):
        made["retry"] = {"limit": step["limit"], "delay": "0s"}
    fault = step.get("fault")
    if fault is not None and fault["how"] == "vanish":
        made["retry"] = {**made.get("retry", {}), "lost": 0}
    if fault is not None and fault["how"] == "timeout":
        made["timeout"] = f"{TIMEOUT}s"
    values = {key: tree_of(tree) for key, tree in step.get("values", {}).items()}
    if values:
        made["with"] = values
    if step.get("env"):
        made["env"] = {key: tree_of(tree) for key, tree in step["env"].items()}
    if step["body"] == "call":
        made["call"], made["environment"] = f"work:do_{name}", "own"
    else:
        made["run"] = script(name, step)
    return made


def tree_of(tree: Tree) -> Any:
    """A tree as it stands in the spec."""
    match tree:
        case {"$": str(address)}:
            return f"${{{{ {address} }}}}"
        case {"+": list(parts)}:
            return "".join(escaped(part) if isinstance(part, str) else tree_of(part) for part in parts)
        case dict():
            return {key: tree_of(value) for key, value in tree.items()}
        case list():
            return [tree_of(value) for value in tree]
        case str():
            return escaped(tree)
    return tree


def escaped(text: str) -> str:
    """A text in which nothing is a placeholder."""
    return text.replace("${{", "$${{")


def cel(condition: Condition) -> str:
    """A condition as text."""
    kind, *rest = condition
    if kind in ("and", "or"):
        return f"({cel(rest[0])} {'&&' if kind == 'and' else '||'} {cel(rest[1])})"
    if kind == "not":
        return f"!({cel(rest[0])})"
    if kind == "holds":
        return str(rest[0])
    if kind == "size":
        return f"size({rest[0]}) == {rest[1]}"
    literal = rest[2]
    return f"{rest[0]} {rest[1]} {_cel_text(literal) if isinstance(literal, str) else json.dumps(literal)}"


def _cel_text(text: str) -> str:
    """A string of CEL; all but plain characters as escapes, which CEL has in widths of four and eight digits."""
    return (
        '"'
        + "".join(one if (one.isalnum() and one.isascii()) or one in " .,-_" else f"\\U{ord(one):08x}" for one in text)
        + '"'
    )
