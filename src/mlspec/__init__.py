"""mlspec: one YAML spec of a model's lifecycle, compiled to Kubeflow Pipelines, Airflow and Jenkins.

The library is four functions, `load`, `plan`, `compile` and `run`, and the errors of two of them. They are imported when first
used, because the step process imports this package in users' images and must start fast.
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

__all__ = ["SpecError", "TargetError", "__version__", "compile", "load", "plan", "run"]


def __getattr__(name: str) -> Any:
    if name in __all__:
        from mlspec import api

        return getattr(api, name)
    raise AttributeError(f"module 'mlspec' has no attribute {name!r}")
