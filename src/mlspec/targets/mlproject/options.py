"""What a spec may say of MLflow Projects alone: `targets.mlproject`.

In: plain JSON from the plan. Out: a pydantic model. Owns the names, defaults and descriptions that the JSON Schema shows;
never emits. Change it when the generated files can do something that only MLflow Projects have.
"""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from mlspec.ir.model import Plan


class MlprojectOptions(BaseModel):
    """`targets.mlproject`: how the lifecycle becomes an MLflow Project."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    project: str = Field(
        "../..",
        pattern=r"^[^\x00-\x1f\x7f-]",
        description="Folder of the spec, seen from that of the MLproject file. Default: as for pipelines/mlproject/.",
    )
    profile: str | None = Field(
        None,
        min_length=1,
        description="The profile that entry points run with. Set it in that profile, and compile with it: an entry point "
        "stops when the files are not those of the spec as it reads it.",
        examples=["prod"],
    )
    mlspec: str | None = Field(
        None,
        min_length=1,
        description="The requirement for mlspec in python_env.yaml; default: the version that compiles.",
        examples=["mlspec[mlflow]==0.1.0"],
    )


def options_of(plan: Plan) -> MlprojectOptions:
    """Return the plan's options for this target; raises `pydantic.ValidationError` when they are ill-formed."""
    return MlprojectOptions.model_validate(dict(plan.target_options.get("mlproject", {})))
