"""Runs a Python body, `--call` or `--uses`, in the step's own interpreter.

In: the path of a request (JSON, see `bodies.py`). Out: the files of the body's outputs, and for an error a reply that says
in one sentence what went wrong. Owns how a function gets its arguments and what becomes of its result. It is started by its
path, where mlspec need not be installed, and lets nothing of mlspec be imported but the library of `--uses`.
Change it when functions are to be called in another way.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any


class BodyError(Exception):
    """A mistake of the user's, reported in one sentence and without a traceback."""


def main() -> int:
    """Run the body of the request named on the command line; returns the exit status."""
    request = json.loads(Path(sys.argv[1]).read_text(encoding="ascii"))
    here = Path(__file__).resolve().parent  # Python puts it first on the path; our modules are no business of the body's
    sys.path[:] = request["path"] + [path for path in sys.path if Path(path).resolve() != here]
    _look_on()
    body = request["call"] or request["uses"]
    sys.argv[:] = [body]
    try:
        result = (_call if request["call"] else _use)(request)
        _write(result, request)
    except BodyError as error:
        _reply(request, str(error))
        return 1
    except Exception as error:
        _show(error)
        text = str(error).strip()
        _reply(request, f"{body} raised {type(error).__name__}" + (f": {text.splitlines()[0]}" if text else ""))
        return 1
    return 0


def _look_on() -> None:
    """Write down which files are opened from now on, where somebody asks: `r` or `w`, and the path, a line each."""
    log = os.environ.pop("MLSPEC_TRACE_LOG", None)
    if log is None:
        return
    descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)

    def note(event: str, arguments: tuple[Any, ...]) -> None:
        if event != "open" or isinstance(arguments[0], int):
            return
        path, mode, flags = arguments
        if isinstance(mode, str):
            writes = "r" not in mode and "+" not in mode
        else:
            writes = bool(flags & (os.O_WRONLY | os.O_CREAT))
            if flags & getattr(os, "O_DIRECTORY", 0):
                return
        line = os.fsencode(("w " if writes else "r ") + os.path.realpath(os.fsdecode(path)).replace("\n", "?") + "\n")
        os.write(descriptor, line)

    sys.addaudithook(note)


def _call(request: dict[str, Any]) -> Any:
    name = request["call"]
    function = _find(name)
    files = [output for output in request["outputs"] if output not in request["returned"]]
    arguments: dict[str, Any] = {output: Path(request["outputs"][output]) for output in files}
    arguments.update(_paths(request["inputs"]))
    arguments.update(request["with"])
    import inspect

    try:
        inspect.signature(function).bind(**arguments)
    except TypeError as error:
        given = ", ".join(sorted(arguments)) or "no arguments"
        raise BodyError(f"{name}: {error}; it is called with {given}") from None
    except ValueError:  # no signature to be had, as for some functions written in C: the call itself will tell
        pass
    return function(**arguments)


def _find(name: str) -> Any:
    import importlib

    module_name, _, path = name.partition(":")
    found: Any
    try:
        found = importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        if error.name is None or not (module_name + ".").startswith(error.name + "."):
            raise
        raise BodyError(f"there is no module {error.name!r}, neither on the pythonpath nor in the project") from None
    for part in path.split("."):
        if not hasattr(found, part):
            raise BodyError(f"{module_name} has no function {path!r}")
        found = getattr(found, part)
    if not callable(found):
        raise BodyError(f"{name} is no function")
    return found


def _use(request: dict[str, Any]) -> Any:
    _provide_mlspec(Path(request["package"]))
    from mlspec.errors import StepError
    from mlspec.library import load

    try:
        step = load(request["uses"])
    except KeyError:
        raise BodyError("there is no library step " + repr(request["uses"])) from None
    try:
        return step.run(_paths(request["inputs"]), _paths(request["outputs"]), request["with"], request["outside"])
    except StepError as error:
        raise BodyError(str(error)) from None


def _provide_mlspec(folder: Path) -> None:
    """Make the package `mlspec` importable, and nothing else of the place it is installed in."""
    from importlib.util import module_from_spec, spec_from_file_location

    spec = spec_from_file_location("mlspec", folder / "__init__.py", submodule_search_locations=[str(folder)])
    assert spec is not None and spec.loader is not None, "a file of Python source has a loader"
    module = module_from_spec(spec)
    sys.modules["mlspec"] = module
    spec.loader.exec_module(module)


def _paths(texts: dict[str, Any]) -> dict[str, Any]:
    return {name: [Path(one) for one in text] if isinstance(text, list) else Path(text) for name, text in texts.items()}


def _write(result: Any, request: dict[str, Any]) -> None:
    """Write the result to the `metrics` and `values` outputs: to the only one, or to each under its name."""
    names: list[str] = request["returned"]
    if result is None or not names:
        return
    if len(names) == 1:
        result = {names[0]: result}
    elif not isinstance(result, dict) or set(result) - set(names):
        raise BodyError("the result must be a dict with the keys " + ", ".join(names))
    for name, value in result.items():
        try:
            text = json.dumps(value, default=_plain, ensure_ascii=False)
        except (TypeError, ValueError) as error:
            raise BodyError(f"the result for output {name} is not JSON: {error}") from None
        Path(request["outputs"][name]).write_text(text + "\n", encoding="utf-8", errors="backslashreplace")


def _plain(value: Any) -> Any:
    """What JSON can hold of numbers and arrays of NumPy and its like, and of paths."""
    if hasattr(value, "tolist"):
        return value.tolist()
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    raise TypeError(f"it holds a {type(value).__name__}")


def _show(error: Exception) -> None:
    """Print the traceback of an error in the user's code, from where that code begins."""
    import traceback

    trace = error.__traceback__
    while trace is not None and (
        trace.tb_frame.f_code.co_filename == __file__ or "importlib" in trace.tb_frame.f_code.co_filename
    ):
        trace = trace.tb_next
    traceback.print_exception(type(error), error, trace)


def _reply(request: dict[str, Any], message: str) -> None:
    Path(request["reply"]).write_text(json.dumps({"error": message}), encoding="ascii")


if __name__ == "__main__":
    sys.exit(main())
