"""`triggers:`, `notifications:`, `monitor:`: what starts by itself and whom it tells.

In: mappings of the spec. Out: frozen models. Owns their keys; never computes a date, never sends anything.
Change it when there is another kind of trigger or receiver.
"""

from typing import Annotated, Any, Self

from pydantic import Discriminator, Field, Tag, model_validator

from mlspec.spec.base import Section, wrong
from mlspec.spec.scalars import Identifier, StepName, Text
from mlspec.spec.step import Step
from mlspec.spec.times import Cron, Date, TimeZone
from mlspec.terms import Event, Overlap


class Schedule(Section):
    """A time table."""

    cron: Cron = Field(description="Five fields: minute hour day month weekday.")
    timezone: TimeZone = Field("UTC", description="The zone it is read in.", examples=["Europe/Berlin"])


def _form(value: Any) -> str:
    return "several" if isinstance(value, list) else "one"


Schedules = Annotated[
    Annotated[Schedule, Tag("one")] | Annotated[list[Schedule], Field(min_length=1), Tag("several")], Discriminator(_form)
]
"""A time table, or a list of them."""


class Triggers(Section):
    """What starts the lifecycle besides people."""

    schedule: Schedules | None = Field(
        None, description="When it starts by itself: a time table, or a list of them.", examples=[{"cron": "0 3 * * 1"}]
    )
    overlap: Overlap | None = Field(
        None,
        description="What a run does that starts while `limit` others are in progress: it waits for one to end (queue), does not run "
        "(skip), or ends the oldest (cancel). Default: what the target does.",
        examples=["queue"],
    )
    limit: int | None = Field(
        None, ge=1, le=1000, description="With `overlap`: how many runs may be in progress at once; default: 1.", examples=[1]
    )
    catchup: bool = Field(
        False, description="Whether runs are made up for that were missed, each for its own `run.date`.", examples=[True]
    )
    start: Date | None = Field(
        None, description="With `catchup`: the first day to make up for, in the schedule's zone.", examples=["2026-11-01"]
    )

    @model_validator(mode="after")
    def _together(self) -> Self:
        if self.catchup and self.schedule is None:
            raise wrong("MLS219", "`catchup` without a `schedule`: there is nothing to miss", "add `schedule`", key="catchup")
        if self.start is not None and not self.catchup:
            raise wrong("MLS219", "`start` without `catchup`", "add `catchup: true`, or remove it", key="start")
        if self.limit is not None and self.overlap is None:
            raise wrong(
                "MLS219", "`limit` without `overlap`: nothing says what one more run does", "add `overlap: queue`", key="limit"
            )
        return self

    @property
    def schedules(self) -> list[Schedule]:
        """Its time tables, however many."""
        return self.schedule if isinstance(self.schedule, list) else [self.schedule] if self.schedule is not None else []


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
