"""What a spec may say of Airflow alone: `targets.airflow` and a step's `x-airflow`.

In: JSON of the spec. Out: validated models. Owns the names, defaults and descriptions that the JSON Schema shows;
never emits. Every field is used by `emit.py`.
Change it when the generated file can do something that only Airflow has.
"""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class AirflowOptions(BaseModel):
    """`targets.airflow`: how the lifecycle becomes a DAG."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    version: Literal[2, 3] | None = Field(
        None,
        description="Major version of Airflow that must load the file. 3 imports `airflow.sdk` directly; "
        "2, like leaving it out, goes through the common-compat provider and loads on 2.11 and 3.",
    )
    runner: Literal["bash", "docker", "kubernetes"] = Field(
        "bash",
        description="Where steps run: on the worker itself (bash), or each in a container of its environment's image.",
    )
    dag_id: str | None = Field(
        None,
        pattern=r"^[A-Za-z0-9_.-]{1,250}$",
        description="Id of the DAG; default: the lifecycle's name.",
        examples=["credit_default"],
    )
    pool: str | None = Field(
        None,
        min_length=1,
        max_length=256,
        description="Existing Airflow pool that all tasks take their slots from; default: Airflow's own.",
        examples=["ml"],
    )


class AirflowStepOptions(BaseModel):
    """`x-airflow` on a step."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    pool: str | None = Field(None, min_length=1, max_length=256, description="Pool of this step alone.", examples=["gpu"])
    queue: str | None = Field(
        None, min_length=1, max_length=256, description="Queue of the workers that may run it.", examples=["gpu"]
    )
