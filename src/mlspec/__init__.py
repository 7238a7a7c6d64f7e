"""mlspec: one YAML spec of a model's lifecycle, compiled to Kubeflow Pipelines, Airflow and Jenkins.

The library is four functions, `load`, `plan`, `compile` and `run`, the types that they return (`Spec`, `Plan`, `GeneratedFile`,
`RunOutcome`) and their errors. They are imported when first used, because the step process imports this package in users' images
and must start fast.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from mlspec.api import SpecError as SpecError
    from mlspec.api import TargetError as TargetError
    from mlspec.api import compile as compile
    from mlspec.api import load as load
    from mlspec.api import plan as plan
    from mlspec.api import run as run
    from mlspec.emission.seal import GeneratedFile as GeneratedFile
    from mlspec.engine.results import RunOutcome as RunOutcome
    from mlspec.ir.model import Plan as Plan
    from mlspec.spec.loaded import Spec as Spec

_HOMES = {
    **dict.fromkeys(("SpecError", "TargetError", "compile", "load", "plan", "run"), "mlspec.api"),
    "GeneratedFile": "mlspec.emission.seal",
    "Plan": "mlspec.ir.model",
    "RunOutcome": "mlspec.engine.results",
    "Spec": "mlspec.spec.loaded",
}

__all__ = [
    "GeneratedFile",
    "Plan",
    "RunOutcome",
    "Spec",
    "SpecError",
    "TargetError",
    "__version__",
    "compile",
    "load",
    "plan",
    "run",
]


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        from importlib import import_module

        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'mlspec' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
