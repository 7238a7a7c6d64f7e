"""`triggers:`, `notifications:`, `monitor:`: what starts by itself and whom it tells.

In: mappings of the spec. Out: frozen models. Owns their keys; never computes a date, never sends anything.
Change it when there is another kind of trigger or receiver.
"""

from typing import Self

from pydantic import Field, model_validator

from mlspec.spec.base import Section, wrong
from mlspec.spec.scalars import Cron, Identifier, StepName, Text, TimeZone
from mlspec.spec.step import Step
from mlspec.terms import Event


class Schedule(Section):
    """A time table."""

    cron: Cron = Field(description="Five fields: minute hour day month weekday.")
    timezone: TimeZone = Field("UTC", description="The zone it is read in.")


class Triggers(Section):
    """What starts the lifecycle besides people."""

    schedule: Schedule | None = Field(None, description="When it starts by itself.")


class Receiver(Section):
    """Whom to tell: one of these."""

    secret: Identifier | None = Field(None, description="A secret whose value is a webhook's URL.", examples=["slack_url"])
    email: list[Text] | None = Field(None, description="Addresses.", examples=[["risk-ml@example.com"]])

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.secret is None) == (self.email is None):
            raise wrong("MLS213", "a receiver is a `secret` (with a webhook's URL) or `email`", "write one of them")
        return self


class Notification(Section):
    """Which events to tell whom."""

    events: list[Event] = Field(min_length=1, description="What is told.", examples=[["failed", "gate_stopped"]])
    to: Receiver = Field(description="Whom.")


class Monitor(Section):
    """A pipeline of its own, on its own schedule, that may start the lifecycle again."""

    schedule: Schedule | None = Field(None, description="When it starts.")
    steps: dict[StepName, Step] = Field(
        min_length=1, description="Its steps, by name.", examples=[{"drift": {"run": "python drift.py"}}]
    )
    retrain: Text | None = Field(
        None, description="A condition (CEL); true runs the lifecycle again.", examples=["drift.metrics.share_drifted > 0.3"]
    )
