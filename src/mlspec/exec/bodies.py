"""From a body to a command and the environment it runs in.

In: an `Invocation`, paths of inputs and outputs, resolved values. Out: the arguments of a command, environment variables, and for
`--call` and `--uses` the request that `python_body.py` reads. Owns what a body sees; never runs it. Standard library only.
Change it together with docs/step-process.md, "What the body sees".
"""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from mlspec.errors import StepError
from mlspec.expr.shell import problems, rewrite
from mlspec.expr.template import TemplateError, placeholders
from mlspec.expr.values import as_text, compact
from mlspec.invocation.model import Command, Invocation
from mlspec.ir.bodies import Call, Shell, Uses
from mlspec.store.filesystem import is_remote, local_path
from mlspec.terms import DATE_VARIABLE, FIELD_TYPES, QUALITY

_PACKAGE = Path(__file__).resolve().parents[1]
QUALITY_FILE = "quality.json"
_FIELD = re.compile(r"\{(inputs|outputs|with)\.([A-Za-z_][A-Za-z0-9_-]*)\}")


class BodyContext:
    """All that a body may see: paths, values, plain variables, and `lookup` for what only placeholders in a script read."""

    def __init__(
        self,
        inputs: dict[str, Path | list[Path]],
        outputs: dict[str, Path],
        with_: dict[str, Any],
        lookup: Callable[[str], Any],
        variables: Mapping[str, str],
    ) -> None:
        self.inputs = inputs
        self.outputs = outputs
        self.with_ = with_
        self.lookup = lookup
        self.variables = variables

    def of(self, root: str) -> Mapping[str, Any] | None:
        """What `inputs`, `outputs` or `with` hold by name; None for another root."""
        roots: dict[str, Mapping[str, Any]] = {"inputs": self.inputs, "outputs": self.outputs, "with": self.with_}
        return roots.get(root)


def command(invocation: Invocation, context: BodyContext, exchange: Callable[[], Path]) -> tuple[list[str], dict[str, str]]:
    """The command of a body and its whole environment; raises `StepError`.

    `exchange` makes the folder for the request to `python_body.py` and its reply; it is called for `--call` and `--uses` only.
    """
    environment = _environment(invocation, context)
    match invocation.body:
        case Shell(script):
            return ["/bin/sh", "-e", "-c", _expand(script, context, environment), "sh"], environment
        case Command(arguments):
            return [text for argument in arguments for text in _fill(argument, context)], environment
        case Call() | Uses():
            environment[QUALITY] = str(exchange() / QUALITY_FILE)
            return [
                interpreter(invocation),
                str(_PACKAGE / "exec" / "python_body.py"),
                _request(invocation, context, exchange()),
            ], environment
    raise AssertionError("a gate has no command")


def interpreter(invocation: Invocation) -> str:
    """The Python of `--call` and `--uses`. Its path is not resolved: a link in a virtual environment is what makes it one."""
    path = invocation.environment.python or os.environ.get("MLSPEC_PYTHON")
    if not path:
        return sys.executable
    if "/" in path:
        return str(Path.cwd() / path)
    import shutil

    found = shutil.which(path)
    if found is None:
        raise StepError(f"there is no interpreter {path} on the PATH")
    return found


def _environment(invocation: Invocation, context: BodyContext) -> dict[str, str]:
    hidden = invocation.hidden
    environment = {**{name: text for name, text in os.environ.items() if name not in hidden}, **context.variables}
    environment.pop(DATE_VARIABLE, None)  # what reads it unseen would not be told from the same on another day
    environment["MLSPEC_RUN_ID"] = invocation.run.run_id
    environment["MLSPEC_LIFECYCLE"] = invocation.run.lifecycle
    environment["MLSPEC_STEP"] = invocation.step
    if invocation.run.spec_digest is not None:
        environment["MLSPEC_SPEC_DIGEST"] = invocation.run.spec_digest
    for name, path in context.inputs.items():
        environment[_variable("INPUT", name)] = compact(_text(path)) if isinstance(path, list) else str(path)
    for name, output in context.outputs.items():
        environment[_variable("OUTPUT", name)] = str(output)
    for name, value in context.with_.items():
        environment[_variable("WITH", name)] = as_text(value)
    if invocation.tracking.uri is not None and "MLFLOW_TRACKING_URI" not in context.variables:
        environment["MLFLOW_TRACKING_URI"] = invocation.tracking.uri
        environment["MLFLOW_RUN_CONTEXT"] = _run_context(invocation)
    if invocation.tracking.experiment is not None and "MLFLOW_EXPERIMENT_NAME" not in context.variables:
        environment["MLFLOW_EXPERIMENT_NAME"] = invocation.tracking.experiment
    if invocation.environment.pythonpath:
        folders = [str(Path.cwd() / folder) for folder in invocation.environment.pythonpath]
        environment["PYTHONPATH"] = os.pathsep.join([*folders, *filter(None, [environment.get("PYTHONPATH")])])
    _put_first(
        environment,
        str(Path(interpreter(invocation)).parent),
        always=bool(invocation.environment.python or os.environ.get("MLSPEC_PYTHON")),
    )
    return environment


def _run_context(invocation: Invocation) -> str:
    """The tags that MLflow gives to runs which the body opens itself: by them they are found, and put below the step's."""
    from mlspec.tracking.tree import OWNER, key_of

    run = invocation.run
    tags = {"mlspec.run_id": run.run_id, "mlspec.step": invocation.label, "mlspec.lifecycle": run.lifecycle}
    return compact({**tags, OWNER: key_of(run.lifecycle, run.run_id, invocation.label)})


def _put_first(environment: dict[str, str], folder: str, *, always: bool) -> None:
    """Let `python` in a body be the step's interpreter; our own, chosen by nobody, does not displace other folders."""
    path = environment.get("PATH", os.defpath)
    if always or folder not in path.split(os.pathsep):
        environment["PATH"] = f"{folder}{os.pathsep}{path}"


def _variable(kind: str, name: str) -> str:
    return f"MLSPEC_{kind}_{name.upper().replace('-', '_')}"


def _text(path: Path | list[Path]) -> str | list[str]:
    return [str(one) for one in path] if isinstance(path, list) else str(path)


def _expand(script: str, context: BodyContext, environment: dict[str, str]) -> str:
    """Turn placeholders into expansions of variables, adding those that the body does not have already."""
    known: dict[str, list[str]] = {}

    def is_list(address: str) -> bool:
        root, _, name = address.partition(".")
        return root == "inputs" and isinstance(context.inputs.get(name), list)

    def variables(address: str) -> list[str]:
        if address not in known:
            known[address] = _variables(address, context, environment)
        return known[address]

    try:
        found = problems(script, placeholders(script), is_list)
        if found:
            raise StepError(f"{script[found[0].start : found[0].end]} cannot stand where it does: {found[0].message}")
        return rewrite(script, variables)
    except TemplateError as error:
        raise StepError(f"the script: {error.message}") from None


def _variables(address: str, context: BodyContext, environment: dict[str, str]) -> list[str]:
    root, _, name = address.partition(".")
    own = context.of(root)
    if own is not None and name not in own:
        raise StepError(f"{address} has no value here")
    value = context.inputs[name] if root == "inputs" else None
    if isinstance(value, list):
        texts = {f"{_variable('INPUT', name)}_{index}": str(path) for index, path in enumerate(value)}
    elif own is not None:
        return [_variable(root.removesuffix("s").upper(), name)]
    else:
        number = sum(variable.startswith("MLSPEC_VALUE_") for variable in environment)
        texts = {f"MLSPEC_VALUE_{number}": as_text(context.lookup(address))}
    for variable, text in texts.items():
        if environment.setdefault(variable, text) != text:
            raise StepError(f"{address} and another input both need the variable {variable}")
    return list(texts)


def _fill(argument: str, context: BodyContext) -> list[str]:
    """Put paths and values into an argument of a command; one that is a list of inputs becomes several."""

    def value(field: re.Match[str]) -> Any:
        known = context.of(field[1])
        if known is None or field[2] not in known:
            raise StepError(f"{field[0]} in the command has no value")
        return known[field[2]]

    def text(field: re.Match[str]) -> str:
        one = value(field)
        if field[1] == "inputs" and isinstance(one, list):
            raise StepError(f"{field[0]} is a list and must be a word of its own")
        return as_text(one) if field[1] == "with" else str(one)

    whole = _FIELD.fullmatch(argument)
    if whole is not None and whole[1] == "inputs" and isinstance(value(whole), list):
        return [str(path) for path in value(whole)]
    return [_FIELD.sub(text, argument)]


def _outside(invocation: Invocation) -> list[str]:
    """The inputs that no step of the lifecycle made.

    An output is named `run:…`, by its place in the store (of an earlier run), or by a path that Kubeflow chose.
    """
    run = invocation.run
    ours = f"{run.store.rstrip('/')}/{run.lifecycle}"

    def made(uri: str) -> bool:
        if uri.startswith("run:") or (run.executor_input is not None and uri.startswith("/")):
            return True
        if is_remote(uri):
            return uri.startswith(f"{ours}/") and ".." not in uri.split("/")
        return bool(run.store) and not is_remote(ours) and local_path(uri).resolve().is_relative_to(local_path(ours).resolve())

    references = ((name, (uri,) if isinstance(uri, str) else uri) for name, uri in invocation.wiring.inputs)
    return [name for name, uris in references if not all(map(made, uris))]


def _request(invocation: Invocation, context: BodyContext, folder: Path) -> str:
    body = invocation.body
    request = {
        "call": body.function if isinstance(body, Call) else None,
        "uses": body.name if isinstance(body, Uses) else None,
        "package": str(_PACKAGE),
        "path": [str(Path.cwd() / path) for path in (*invocation.environment.pythonpath, "")],
        "inputs": {name: _text(path) for name, path in context.inputs.items()},
        "outputs": {name: str(path) for name, path in context.outputs.items()},
        "returned": [output.name for output in invocation.wiring.outputs if output.type in FIELD_TYPES],
        "with": context.with_,
        "outside": _outside(invocation),
        "reply": str(folder / "reply.json"),
    }
    path = folder / "request.json"
    path.write_text(json.dumps(request), encoding="ascii")
    return str(path)
