"""The whole spec: the sections of a lifecycle.

In: the merged mapping. Out: a frozen `Lifecycle`. Owns the top-level keys; each section has a file of its own.
Never follows a reference between sections (see `mlspec.planning`). Change it when the language gains a section.
"""

from typing import Any, Literal

from pydantic import Field, model_validator

from mlspec.spec.base import Section
from mlspec.spec.environments import Environment, Lineage, Secret, Tracking
from mlspec.spec.metadata import Governance, Lint, Metadata
from mlspec.spec.params import AnyParam
from mlspec.spec.scalars import Identifier, ProfileName, StepName, Text
from mlspec.spec.step import Defaults, Step
from mlspec.spec.triggers import Monitor, Notification, Triggers
from mlspec.terms import OnFailure


class Lifecycle(Section):
    """One mlspec.yaml: a model's whole lifecycle."""

    apiVersion: Literal["mlspec/v1"] = Field(description="The version of the language.")  # noqa: N815
    kind: Literal["Lifecycle"] = Field(description="What this file is.")
    metadata: Metadata = Field(description="Who and what the lifecycle is.")
    include: list[Text] = Field(
        default_factory=list, description="Files that are merged first, relative to this one.", examples=[["base.yaml"]]
    )
    params: dict[Identifier, AnyParam] = Field(
        default_factory=dict, description="Typed values that each run can override.", examples=[{"seed": 7}]
    )
    store: Text = Field(
        ".mlspec/store",
        description="Where artifacts live between steps: a path or an fsspec URI.",
        examples=["s3://acme-ml/store"],
    )
    environments: dict[Identifier, Environment] = Field(
        default_factory=dict,
        description="What steps need around them.",
        examples=[{"ml": {"python": "3.11", "requirements": ["scikit-learn==1.8.0"]}}],
    )
    secrets: dict[Identifier, Secret] = Field(
        default_factory=dict,
        description="References to secrets, never values.",
        examples=[{"tracking_token": {"env": "MLFLOW_TRACKING_TOKEN"}}],
    )
    tracking: Tracking | None = Field(None, description="MLflow: where steps log; default: nowhere.")
    lineage: Lineage | None = Field(None, description="OpenLineage: where steps send their events; default: nowhere.")
    defaults: Defaults = Field(default_factory=Defaults.model_construct, description="What steps have that say nothing else.")
    on_failure: OnFailure = Field("stop", description="What a failed step does to those that do not need it.")
    steps: dict[StepName, Step] = Field(
        min_length=1, description="What runs: steps by name.", examples=[{"train": {"run": "python train.py"}}]
    )
    finally_: dict[StepName, Step] = Field(
        default_factory=dict,
        alias="finally",
        description="Steps that run last, whatever happened.",
        examples=[{"cleanup": {"run": "rm -rf scratch"}}],
    )
    monitor: Monitor | None = Field(None, description="The pipeline that watches the model in production.")
    triggers: Triggers | None = Field(None, description="What starts the lifecycle besides people.")
    notifications: list[Notification] = Field(
        default_factory=list,
        description="Whom to tell of what.",
        examples=[[{"events": ["failed"], "to": {"secret": "slack_url"}}]],
    )
    governance: Governance | None = Field(None, description="What reviewers and auditors ask.")
    policies: list[str] = Field(
        default_factory=list, description="Rules that this lifecycle must keep.", examples=[["fairness_before_deploy"]]
    )
    targets: dict[str, Any] = Field(default_factory=dict, description="Options of each target.")
    profiles: dict[ProfileName, dict[str, Any]] = Field(
        default_factory=dict,
        description="Variants: --profile NAME merges one over the spec (JSON merge patch).",
        examples=[{"prod": {"store": "s3://acme-ml/store"}}],
    )
    lint: Lint | None = Field(None, description="Which advice not to give.")

    @model_validator(mode="before")
    @classmethod
    def _drop_notes(cls, value: Any) -> Any:
        """Leave out top-level `x-…` keys: they are the team's own notes and anchors."""
        if not isinstance(value, dict):
            return value
        return {key: item for key, item in value.items() if not key.startswith("x-")}
