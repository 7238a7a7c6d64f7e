"""The step library: what `uses:` names. `model` says what a step declares; each step is one file.

`evaluate/classifier` lives in `evaluate_classifier.py`: the first underscore is the slash, further ones are hyphens, so
every file here whose name has an underscore inside is a step. Files without one are what steps share: `frames` (tables),
`estimator` (models), `labels` (decisions), `options`, `page` (HTML reports).

To add a step: one file with `STEP = LibraryStep(...)` and a run function, and its test. Declarations import nothing but
the standard library, `model` and `options` (the step process loads them in users' images); frameworks are imported
inside the run function. Another package brings a step by an entry point in the group `mlspec.steps`, named as the step,
whose value is a `LibraryStep`.
"""

from __future__ import annotations

import pkgutil
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

    from mlspec.library.model import LibraryStep

GROUP = "mlspec.steps"


@cache
def names() -> tuple[str, ...]:
    """Return the names of all steps, sorted: ours and those of other installed packages."""
    return tuple(sorted({*_own(), *_foreign()}))


@cache
def load(name: str) -> LibraryStep:
    """Return a step by its name; raises `KeyError` when there is none. Imports that one step's file only.

    Our own steps win over those of other packages.
    """
    module = _own().get(name)
    if module is not None:
        step = import_module(f"{__name__}.{module}").STEP
    else:
        step = _foreign()[name].load()
    from mlspec.library.model import LibraryStep

    if not isinstance(step, LibraryStep) or step.name != name:
        raise TypeError(f"the library step {name!r} is not a LibraryStep of that name")
    return step


@cache
def _own() -> dict[str, str]:
    """Our steps: name to module. Read from the folder, so that a new file is all it takes."""
    modules = (info.name for info in pkgutil.iter_modules(__path__))
    return {_name_of(module): module for module in modules if "_" in module.strip("_")}


def _name_of(module: str) -> str:
    group, _, rest = module.partition("_")
    return f"{group}/{rest.replace('_', '-')}"


@cache
def _foreign() -> dict[str, EntryPoint]:
    from importlib.metadata import entry_points  # takes 10 ms, and few specs need it

    return {point.name: point for point in entry_points(group=GROUP)}
