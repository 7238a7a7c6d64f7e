"""Kubeflow's side of `mlspec exec`: its executor input and output files, and the arguments it passes.

In: the arguments of a task's container, and the JSON that `{{$}}` became. Out: plain arguments, and the executor output
file that KFP's launcher and `kfp.local` read. Owns KFP's two formats; never runs a step. Standard library only.
Change it when KFP changes them, or when the Kubeflow target passes something in a form of its own.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

from mlspec.expr.guard import guard, unguard

OUTCOME = "step-outcome"  # no output of a step is called that: names have no dashes
NUMBERS = "Output"
_OPTION = "--executor-input"
_UNGUARDED = (_OPTION, "--param", "--given", "--run-status", "--run-id", "--run-date")
"""Options that carry what KFP puts in when the task runs; all others carry the spec's text, guarded from KFP and Kubernetes."""
_DISTINCT_LENGTH = 4
_OF_IMAGES = frozenset(("PATH", "HOME", "PWD", "OLDPWD", "LANG", "LC_ALL", "TERM", "SHELL", "SHLVL", "PYTHON_VERSION"))
"""Kubernetes expands what a container's spec and the services beside it set (kubelet_pods.go, `makeEnvironmentVariables`), not these."""
_IN_JSON = ("true", "false", "null")
_SHIELDED = re.compile(r"(--(?:param|given)=[^=]*=)\$\(=(.*)\)", re.DOTALL)
_STATUS_OF_STATE = {
    "SUCCEEDED": "succeeded",
    "COMPLETE": "succeeded",
    "CACHED": "succeeded",
    "FAILED": "failed",
    "CANCELED": "failed",
}


def placeholder(path: str) -> str:
    """Text for KFP to replace: `{{$.inputs.artifacts['x'].path}}` of a path, or `{{$}}` without one.

    Marked by NUL, which is in no spec, until `passed_arguments` has guarded all other text.
    """
    return f"\0{path}\0"


def shielded(path: str) -> str:
    """Text for KFP to replace by a value that someone gives when a run starts: `$(={{$.inputs.parameters['x']}})`.

    Since 2.17 the driver puts such values into the pod's words (driver.go, `initPodSpecPatch`), where Kubernetes would put the value
    of a variable, of a secret perhaps, in the place of `$(NAME)`. It takes all up to the next `)` for one name, and leaves what is
    none as it stands (third_party/forked/golang/expansion/expand.go): no variable's name has a `=` in it.
    """
    return placeholder(f"={path}")


def passed_arguments(options: Iterable[Sequence[str]]) -> list[str]:
    """Turn options into a container's arguments, one for each: the spec's text guarded from KFP, placeholders in KFP's form."""
    guarded = [guard("=".join(option)) for option in options]
    return [_with_placeholders(text) if "\0" in text else text for text in guarded]


def _with_placeholders(guarded: str) -> str:
    parts = guarded.split("\0")
    parts[1::2] = map(_placeholder, parts[1::2])
    return "".join(parts)


def _placeholder(path: str) -> str:
    if path.startswith("="):
        return f"$(={_placeholder(path[1:])})"
    return "{{$." + path + "}}" if path else "{{$}}"


def plain_arguments(arguments: list[str]) -> list[str]:
    """Turn a task's arguments into what they are without Kubeflow; others are returned as they are.

    `{~{` becomes `{{` again, and `$(=x)`, the value of a parameter, `x`. A task's final status (JSON) becomes `succeeded` or
    `failed`, and is left out when KFP does not know it, which happens (kubeflow/pipelines #13321). List items that are not there,
    because their step was skipped, are left out. Only the form `--option=value` is looked at.
    """
    if not any(argument.startswith(f"{_OPTION}=") for argument in arguments):
        return arguments
    plain = [argument if argument.partition("=")[0] in _UNGUARDED else unguard(argument) for argument in arguments]
    plain = [_SHIELDED.sub(r"\1\2", argument) if _SHIELDED.fullmatch(argument) else argument for argument in plain]
    plain = [_run_status(argument) if argument.startswith("--run-status=") else argument for argument in plain]
    return [argument for argument in plain if argument and not _is_absent_item(argument)]


def is_executor_input(text: str) -> bool:
    """Tell whether a text is an object, as Kubeflow passes it; what is in it shows when it is needed."""
    try:
        return isinstance(json.loads(text), dict)
    except (ValueError, RecursionError):
        return False


def restart_number(environ: Mapping[str, str]) -> int | None:
    """How often KFP has started this task's container before, by its retry policy; None when it would not do so.

    The backend says it since 2.17 (argocompiler/common.go, `retryIndexEnv`), and counts from 0 again when a person retries the
    run (workflow.go, `GenerateRetryExecution`, leaves the nodes of retries out). `kfp.local` says nothing, and a run of its own
    cannot be retried in any other way: who is there is asked.
    """
    index = environ.get("KFP_RETRY_INDEX", "")
    if index.isascii() and index.isdigit():
        return int(index)
    return None if "KFP_POD_NAME" in environ else 1


def altered_params(executor_input: str, params: Iterable[str]) -> list[str]:
    """The parameters whose value, given when the run started, holds `{{$`: KFP may have put a value of its own in its place.

    The pipeline's inputs are the one kind of text that cannot be guarded. Raises `ValueError`.
    """
    given = json.loads(executor_input).get("inputs", {}).get("parameterValues", {})
    # A component's input has another name where one of the step's inputs has taken the parameter's.
    return [name for name in params if any("{{$" in json.dumps(given.get(key)) for key in (name, f"params-{name}"))]


def exposed_params(texts: Mapping[str, str], secrets: Iterable[str], environ: Mapping[str, str]) -> dict[str, str]:
    """Name the parameters in whose values Kubernetes may have expanded something, behind the first `)`, and say what that is.

    No shield reaches there. A `$` may have been two, and the value of a variable its name: of a secret any value, of another
    variable one of four characters or more, since shorter ones stand in ordinary texts, and the words of JSON do. Other variables
    than secrets count in pods alone: `kfp.local` expands nothing, and would be told of what this machine happens to have.
    """
    secret = frozenset(secrets)
    held = environ if "KFP_POD_NAME" in environ else {name: environ[name] for name in secret if name in environ}
    values = {name: value for name, value in held.items() if value and (name in secret or _is_expanded(name, value))}
    found = {}
    for name, text in texts.items():
        behind = text.partition(")")[2]
        if "$" in behind:
            found[name] = "`$`"
        elif behind and (variable := next((variable for variable, value in values.items() if value in behind), None)):
            found[name] = f"the value of {variable}"
    return found


def _is_expanded(variable: str, value: str) -> bool:
    return len(value) >= _DISTINCT_LENGTH and variable not in _OF_IMAGES and value not in _IN_JSON


def write_output(
    executor_input: str,
    status: str,
    metrics: Mapping[str, Mapping[str, float]],
    items: Sequence[object] | None = None,
    files: Mapping[str, str] = MappingProxyType({}),
) -> dict[str, str]:
    """Write the executor output file of a task that succeeded or was skipped; returns where KFP keeps each artifact.

    `status` goes to the output parameter `step-outcome`, where the component declares it. Every declared artifact is
    listed, made or not: what `kfp.local` does not find here does not exist for it. `metrics` are the numbers of each
    metrics output, by output name; KFP's UI shows an artifact's metadata, which cannot hold NaN. The numbers of `items`, from
    0 and as strings, go to the output parameter `Output`: KFP iterates over them. `files` are the names of outputs' files: KFP keeps
    such a one in a folder, at the URI that is said here (launcher_v2.go, `mergeRuntimeArtifacts` before the upload).
    Raises `ValueError`, `OSError`.
    """
    outputs = json.loads(executor_input).get("outputs", {})
    artifacts = {}
    for name, listed in outputs.get("artifacts", {}).items():
        found = listed["artifacts"][0]
        metadata = {key: number for key, number in metrics.get(name, {}).items() if math.isfinite(number)}
        uri = f"{found['uri']}/{files[name]}" if name in files else found["uri"]
        artifacts[name] = {"artifacts": [{"name": found.get("name", name), "uri": uri, "metadata": metadata}]}
    values = {OUTCOME: status, NUMBERS: None if items is None else [str(number) for number in range(len(items))]}
    parameters = {name: value for name, value in values.items() if value is not None and name in outputs.get("parameters", {})}
    path = Path(outputs["outputFile"])
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"artifacts": artifacts, "parameterValues": parameters}), encoding="utf-8")
    return {name: listed["artifacts"][0]["uri"] for name, listed in artifacts.items()}


def _run_status(argument: str) -> str:
    text = argument.partition("=")[2]
    try:
        state = json.loads(text)["state"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return argument
    status = _STATUS_OF_STATE.get(str(state).upper())
    return f"--run-status={status}" if status else ""


def _is_absent_item(argument: str) -> bool:
    option, _, value = argument.partition("=")
    name, _, path = value.partition("=")
    if option not in ("--input", "--value") or not name.endswith(("[]", "?")):
        return False
    return Path(path).is_absolute() and not Path(path).exists()
