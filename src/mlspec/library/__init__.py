"""The step library: what `uses:` names. `model` says what a step declares; each step is one file, `steps/<group>/<name>.py`.

What steps share stands here: `frames` (tables), `contract`, `estimator` (models), `onnxmodel`, `labels` (decisions), `options`,
`page` (HTML reports).

To add a step: one file with `STEP = LibraryStep(...)` and a run function, and its test. Declarations import nothing but
the standard library, `model` and `options` (the step process loads them in users' images); frameworks are imported
inside the run function. Another package brings a step by an entry point in the group `mlspec.steps`, named as the step,
whose value is a `LibraryStep`.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

    from mlspec.library.model import LibraryStep

GROUP = "mlspec.steps"
FOLDER = Path(__file__).parent / "steps"


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
        step = import_module(module).STEP
    else:
        step = _foreign()[name].load()
    from mlspec.library.model import LibraryStep

    if not isinstance(step, LibraryStep) or step.name != name:
        raise TypeError(f"the library step {name!r} is not a LibraryStep of that name")
    return step


@cache
def _own() -> dict[str, str]:
    """Our steps: name to module. Read from the folders, so that a new file is all it takes; `_` in its name is a hyphen."""
    files = (file.relative_to(FOLDER).with_suffix("").parts for file in FOLDER.glob("*/*.py") if file.stem != "__init__")
    return {f"{group}/{name.replace('_', '-')}": f"{__name__}.steps.{group}.{name}" for group, name in files}


@cache
def _foreign() -> dict[str, EntryPoint]:
    from importlib.metadata import entry_points  # takes 10 ms, and few specs need it

    return {point.name: point for point in entry_points(group=GROUP)}
