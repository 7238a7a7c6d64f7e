"""`metadata:`, `governance:`, `policies:`, `lint:`: what the lifecycle is, for people.

In: mappings of the spec. Out: frozen models. Owns their keys; nothing here changes what runs.
Change it when a team must say more about a lifecycle.
"""

from typing import Literal

from pydantic import Field

from mlspec.spec.base import Section
from mlspec.spec.scalars import LifecycleName, Text
from mlspec.spec.times import Date


class Metadata(Section):
    """Who and what a lifecycle is."""

    name: LifecycleName = Field(description="Its name on every orchestrator: a DNS label of at most 40 characters.")
    description: str = Field("", description="One sentence for those who meet it.", examples=["Scores loan applicants."])
    owners: list[Text] = Field(default_factory=list, description="Who answers for it.", examples=[["risk-ml@example.com"]])
    labels: dict[str, str] = Field(
        default_factory=dict, description="Free labels; tags on the orchestrators.", examples=[{"tier": "1"}]
    )


class Governance(Section):
    """What reviewers and auditors ask about a model."""

    risk: Literal["minimal", "low", "limited", "medium", "high"] | None = Field(
        None, description="How much harm a wrong model can do.", examples=["high"]
    )
    intended_use: Text | None = Field(None, description="What the model is for.", examples=["Ranking applications"])
    out_of_scope: Text | None = Field(None, description="What it must not be used for.", examples=["Hiring"])
    limitations: Text | None = Field(None, description="Where it is known to be weak.", examples=["Few rows under 18"])
    data_classification: Text | None = Field(
        None, description="How sensitive its data is.", examples=["public", "confidential"]
    )
    license: Text | None = Field(None, description="License of the model, as SPDX id or text.", examples=["Apache-2.0"])
    contact: Text | None = Field(None, description="Whom to ask.", examples=["risk-ml@example.com"])
    review_by: Date | None = Field(None, description="When the model must be looked at again.")


class Lint(Section):
    """Which advice not to give."""

    ignore: list[Text] = Field(default_factory=list, description="Codes of warnings to leave out.", examples=[["MLS601"]])
