"""What a spec may say of Airflow alone: `targets.airflow` and a step's `x-airflow`.

In: JSON of the spec. Out: validated models. Owns the names, defaults and descriptions that the JSON Schema shows;
never emits. Every field is used by `emit.py`.
Change it when the generated file can do something that only Airflow has.
"""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from mlspec.ir.model import Plan, Step
from mlspec.targets.options import Cache


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
    image: str | None = Field(
        None,
        min_length=1,
        description="Image of steps whose environment names none, such as gates, where steps run in containers; "
        "default: the first image that a step runs in.",
        examples=["ghcr.io/acme/credit-ml:1.4.2"],
    )
    network: str | None = Field(
        None,
        min_length=1,
        description="With `runner: docker`: the network that containers join; default: Docker's own.",
        examples=["ml"],
    )
    namespace: str | None = Field(
        None,
        pattern=r"^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$",
        description="With `runner: kubernetes`: where pods run; default: where Airflow's connection says.",
        examples=["ml"],
    )
    service_account: str | None = Field(
        None,
        min_length=1,
        max_length=253,
        description="With `runner: kubernetes`: the account that pods run as.",
        examples=["pipeline-runner"],
    )
    cache: Cache = False


class AirflowStepOptions(BaseModel):
    """`x-airflow` on a step."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    pool: str | None = Field(None, min_length=1, max_length=256, description="Pool of this step alone.", examples=["gpu"])
    queue: str | None = Field(
        None, min_length=1, max_length=256, description="Queue of the workers that may run it.", examples=["gpu"]
    )
    node_selector: dict[str, str] = Field(
        default_factory=dict,
        description="With `runner: kubernetes`: labels of the nodes that may run it.",
        examples=[{"disk": "ssd"}],
    )


def extension_of(step: Step) -> AirflowStepOptions:
    """The step's `x-airflow`."""
    return AirflowStepOptions.model_validate(step.extensions.get("airflow", {}))


def options_of(plan: Plan) -> AirflowOptions:
    """The spec's `targets.airflow`."""
    return AirflowOptions.model_validate(plan.target_options.get("airflow", {}))
