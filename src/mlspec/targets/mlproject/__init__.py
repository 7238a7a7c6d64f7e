"""MLflow Projects: an `MLproject` whose entry points run the lifecycle, or one step of it, with `mlspec run`.

`options.py` what a spec may say of MLflow Projects alone · `capabilities.py` what they can, and how · `findings.py` what the
table cannot express · `emit.py` and `templates/mlproject/` the files.
To support another feature: say how in `capabilities.py`, and add a real `mlflow run` to `tests/targets/mlproject/`.
"""

from mlspec.targets.mlproject.target import TARGET

__all__ = ["TARGET"]
