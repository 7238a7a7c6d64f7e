"""What a library step declares, and how it is run.

In: declarations, then paths and option values. Out: `LibraryStep`s, findings about `with`, the step's values.
Owns the vocabulary of the library and the check of options, used by the compiler and by the run alike. Standard library
only: it is imported in users' images. Change it when steps must declare something new.
"""

from __future__ import annotations

import math
import traceback
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, TypeAlias

from mlspec.diagnostics.nearest import nearest
from mlspec.errors import StepError
from mlspec.library import pickles
from mlspec.terms import FIELD_TYPES, OutputType, ParamType, Stage

OptionType: TypeAlias = ParamType | Literal["scalar"]
"""The types of parameters, and `scalar`: a string, a number or a boolean (a class label, say)."""

Paths: TypeAlias = Mapping[str, "Path | list[Path]"]
Outputs: TypeAlias = Mapping[str, Path]
Function: TypeAlias = Callable[[Paths, Outputs, Mapping[str, Any]], "dict[str, Any] | None"]


@dataclass(frozen=True, slots=True)
class Port:
    """An input or an output. `required` is about inputs: every output is always written."""

    type: OutputType
    description: str
    required: bool = True
    many: bool = False
    """The input may also be a list (of a matrix's outputs)."""
    fields: tuple[str, ...] = ()
    """The names in a `metrics` or `values` output, as far as they are known; `rate__*` stands for all that begin so."""
    file: str = ""
    """What an output's file is called, if not as the output."""


@dataclass(frozen=True, slots=True)
class Option:
    """One key of `with`. An option that is not required and has no default is None when it is not given."""

    type: OptionType
    description: str
    required: bool = False
    default: Any = None
    minimum: float | None = None
    maximum: float | None = None
    enum: tuple[Any, ...] = ()
    items: OptionType | None = None
    """The type of a list's elements."""
    fault: Callable[[Any], str | None] | None = None
    """Says what else is wrong with a value of the right type, as the end of a sentence."""
    file: bool = False
    """The value is a file's path in the project: the compiler warns where it is missing."""
    check: Callable[[Any], tuple[str, str] | None] | None = None
    """Finds what is wrong with an object: a key of it, and the end of a sentence about it."""

    def problem(self, value: Any) -> str | None:
        """Say what is wrong with a value, as the end of a sentence (`must be …`); None when nothing is."""
        if value is None:
            return "must not be null" if self.required else None
        if not _is_a(value, self.type):
            return f"must be {_article(self.type)}, not {_shown(value)}"
        if self.items and not all(_is_a(element, self.items) for element in value):
            return f"must be a list whose elements are each {_article(self.items)}"
        if self.check is not None and (fault := self.check(value)):
            return f"has a fault: `{fault[0]}` {fault[1]}"
        if self.enum and value not in self.enum:
            return f"must be one of {', '.join(_shown(choice) for choice in self.enum)}, not {_shown(value)}"
        if self.minimum is not None and value < self.minimum:
            return f"must be at least {self.minimum:g}, not {_shown(value)}"
        if self.maximum is not None and value > self.maximum:
            return f"must be at most {self.maximum:g}, not {_shown(value)}"
        return self.fault(value) if self.fault is not None else None


@dataclass(frozen=True, slots=True)
class OptionProblem:
    """One thing wrong with `with`. `option` is None when one is missing: the fault lies with the mapping itself."""

    option: str | None
    message: str
    hint: str | None = None


@dataclass(frozen=True, slots=True)
class LibraryStep:
    """A step of the library: what it takes, what it makes, what it needs installed and what it runs."""

    name: str
    summary: str
    """One sentence without a full stop."""
    stage: Stage
    inputs: Mapping[str, Port]
    outputs: Mapping[str, Port]
    function: Function
    options: Mapping[str, Option] = field(default_factory=dict)
    requirements: tuple[str, ...] = ()
    """Names of the packages that must be installed where it runs."""
    extra_inputs: Port | None = None
    """What inputs of any further name are, where the step takes them."""

    def input(self, name: str) -> Port | None:
        """Return what the input `name` is; None when the step has no such input."""
        return self.inputs.get(name, self.extra_inputs)

    def problems(self, with_: Mapping[str, Any], unknown: Collection[str] = ()) -> list[OptionProblem]:
        """Find all that is wrong with `with`; `unknown` are options whose value is known only when the step runs."""
        found = []
        missing = [name for name, option in self.options.items() if option.required and name not in with_]
        for name, value in with_.items():
            option = self.options.get(name)
            if option is None:
                intended = nearest(name, missing)  # then one mistake is one problem
                missing = [each for each in missing if each != intended]
                known = self.options if intended is None else [intended]
                found.append(OptionProblem(name, f"{self.name} has no option {name!r}", suggestion(name, known)))
            elif name not in unknown and (fault := option.problem(value)):
                found.append(OptionProblem(name, f"option {name!r} of {self.name} {fault}", option.description))
        for name in missing:
            message = f"{self.name} needs the option {name!r}"
            found.append(OptionProblem(None, message, f"{name}: {self.options[name].description}"))
        return found

    def run(
        self, inputs: Paths, outputs: Outputs, with_: Mapping[str, Any], outside: Collection[str] = ()
    ) -> dict[str, Any] | None:
        """Run the step on files; returns its `metrics` or `values`, keyed by output name when it has several.

        `outside` are the inputs that no step made; of them a pickle is refused unless the option `trust_pickle` is set.
        Raises `StepError` for everything a user can put right.
        """
        self._check_inputs(inputs)
        for name, port in self.outputs.items():
            if port.type not in FIELD_TYPES and name not in outputs:
                raise StepError(f"{self.name} needs a place for its output {name!r}: {port.description}")
        if found := self.problems(with_):
            raise StepError("; ".join(problem.message for problem in found))
        options = {name: with_.get(name, option.default) for name, option in self.options.items()}
        for name, option in self.options.items():
            if option.type == "integer" and isinstance(options[name], float):
                options[name] = int(options[name])
        if not options.get("trust_pickle"):
            self._check_models(inputs, outside)
        try:
            return self.function(inputs, outputs, options)
        except ModuleNotFoundError as error:
            raise StepError(
                f"{self.name} needs {', '.join(self.requirements)}, and the module {error.name!r} is not installed here; "
                "add the packages to the requirements of this step's environment"
            ) from error
        except StepError:
            raise
        except MemoryError as error:
            raise StepError(f"{self.name} needs more memory than there is here; give the step more, or less data") from error
        except (
            Exception
        ) as error:  # of a package, about an input that nobody thought of: a sentence says more than its traceback
            raise StepError(f"{self.name} cannot do this{_raised(error)}") from error

    def _check_models(self, inputs: Paths, outside: Collection[str]) -> None:
        for name, value in inputs.items():
            port = self.input(name)
            if port is not None and port.type == "model":
                for path in value if isinstance(value, list) else [value]:
                    pickles.check(name, path, outside=name in outside)

    def _check_inputs(self, inputs: Paths) -> None:
        for name, value in inputs.items():
            port = self.input(name)
            if port is None:
                raise StepError(f"{self.name} has no input {name!r}; {suggestion(name, self.inputs)}")
            if isinstance(value, list) and not port.many:
                raise StepError(f"input {name!r} of {self.name} is one {port.type}, not a list of {len(value)}")
        for name, port in self.inputs.items():
            if port.required and name not in inputs:
                raise StepError(f"{self.name} needs the input {name!r}: {port.description}")


def _raised(error: Exception) -> str:
    """Say what was raised, and where: there is no traceback to read."""
    last = traceback.extract_tb(error.__traceback__)[-1]
    return f": {type(error).__name__}: {' '.join(str(error).split())} (raised at {Path(last.filename).name}:{last.lineno})"


def suggestion(name: str, known: Collection[str]) -> str:
    """Say what was meant: the nearest known name, or else all of them."""
    if not known:
        return "there are none"
    near = nearest(name, known)
    if near:
        return f"did you mean {near!r}?"
    return f"there are {', '.join(map(repr, list(known)[:20]))}{', …' if len(known) > 20 else ''}"


def path_of(inputs: Paths, name: str) -> Path:
    """Return the input that is one file or folder; `LibraryStep.run` has checked that it is."""
    path = inputs[name]
    assert isinstance(path, Path)
    return path


def _is_a(value: Any, kind: OptionType) -> bool:
    match kind:
        case "boolean":
            return isinstance(value, bool)
        case "integer":  # orchestrators that know only doubles hand over 4.0
            return not isinstance(value, bool) and (isinstance(value, int) or _integral(value))
        case "number":
            return isinstance(value, int | float) and not isinstance(value, bool) and not math.isnan(value)
        case "scalar":
            return isinstance(value, str | int | float | bool)
        case "string":
            return isinstance(value, str)
        case "list":
            return isinstance(value, list)
        case "object":
            return isinstance(value, dict)


def _integral(value: Any) -> bool:
    return isinstance(value, float) and math.isfinite(value) and value.is_integer()


def _article(kind: str) -> str:
    return f"an {kind}" if kind[0] in "aeio" else f"a {kind}"


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}…"
