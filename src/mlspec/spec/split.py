"""`targets.split`: which orchestrator runs which stage.

In: a mapping of the spec. Out: a frozen model. Owns its keys; whether there is such a target is checked where targets are known.
Change it when there is another stage.
"""

from pydantic import Field

from mlspec.spec.base import Section
from mlspec.spec.scalars import Text


class Split(Section):
    """One lifecycle over several orchestrators, by stage."""

    data: Text | None = Field(None, description="The target that runs the steps of stage data.", examples=["airflow"])
    model: Text | None = Field(None, description="The target that runs the steps of stage model.", examples=["kubeflow"])
    service: Text | None = Field(None, description="The target that runs the steps of stage service.", examples=["jenkins"])
