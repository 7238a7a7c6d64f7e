"""What a spec may say of MLflow Projects alone: `targets.mlproject`.

In: JSON of the plan. Out: a frozen dataclass. Owns the names, defaults and descriptions that the JSON Schema shows;
never emits. Change it when the generated files can do something that only MLflow Projects have.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from mlspec.ir.model import Plan
from mlspec.targets.options import Setting, read

FROM_PIPELINES = "../.."
"""Where the spec is, seen from pipelines/mlproject/; with a profile one folder further."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MlprojectOptions:
    """`targets.mlproject`: how the lifecycle becomes an MLflow Project."""

    project: Annotated[
        str,
        Setting(
            pattern=r"^[^\x00-\x1f\x7f-]",
            description="Folder of the spec, seen from that of the MLproject file. Default: as for pipelines/mlproject/.",
            examples=("../../..",),
        ),
    ] = FROM_PIPELINES
    profile: Annotated[
        str | None,
        Setting(
            min_length=1,
            description="The profile that entry points run with; default: that of `compile --profile`. An entry point stops "
            "when the files are not those of the spec as it reads it.",
            examples=("prod",),
        ),
    ] = None
    mlspec: Annotated[
        str | None,
        Setting(
            min_length=1,
            description="The requirement for mlspec in python_env.yaml; default: the version that compiles.",
            examples=("mlspec[mlflow]==0.1.0",),
        ),
    ] = None


def options_of(plan: Plan) -> MlprojectOptions:
    """The spec's `targets.mlproject`."""
    return read(MlprojectOptions, plan.target_options.get("mlproject", {}))
