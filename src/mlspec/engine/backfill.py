"""The runs of a past stretch of time: one for each moment at which the schedule would have started one.

In: a plan and `FROM..TO`. Out: what each run is for, the oldest first; or `RunError`. Owns which runs these are; never starts one. What a
moment is, is said in `mlspec.moments`, and what a schedule means in `mlspec.crontab`. Change it when a lifecycle can start by itself in
another way.
"""

from __future__ import annotations

import datetime
import heapq
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice

from mlspec.crontab import moments
from mlspec.engine.errors import RunError
from mlspec.ir.model import Plan
from mlspec.moments import MomentError, day_of, first_of, is_day, moment_of, text_of

MOST = 10_000
"""Runs of one backfill: more are hardly meant."""
_DAY, _SECOND = datetime.timedelta(days=1), datetime.timedelta(seconds=1)


def backfill_dates(plan: Plan, span: str) -> list[str]:
    """Return `run.date` of each run from one moment to another, both included: of scheduled moments, or without a schedule of days.

    An end that is a day is meant as a whole. Raises `RunError` for a span that is none, or without a run in it.
    """
    first, dots, last = span.partition("..")
    if not dots or not first.strip() or not last.strip():
        raise RunError(f"{span!r} is no stretch of time: write FROM..TO, as in 2026-11-01..2026-11-30")
    try:
        begin, end = moment_of(first.strip(), plan.timezone), _end(last.strip(), plan.timezone)
        if end < begin:
            raise RunError(f"{span} ends before it begins")
        found = [text_of(one) for one in islice(_starts(plan, begin, end), MOST + 1)]
    except (MomentError, OverflowError) as error:
        raise RunError(str(error)) from None
    if not found:
        raise RunError(f"nothing is scheduled in {span}")
    if len(found) > MOST:
        raise RunError(f"{span} has more than {MOST} runs")
    return found


def in_turn(plan: Plan) -> Plan:
    """A plan whose runs wait for one that is in progress: somebody asks for each of a backfill's, and one that is left out is lost."""
    if plan.overlap is None or plan.overlap.kind != "skip":
        return plan
    return replace(plan, overlap=replace(plan.overlap, kind="queue"))


def _end(text: str, zone: str) -> datetime.datetime:
    """The last moment that is meant, to the second."""
    moment = moment_of(text, zone)
    if not is_day(text):
        return moment
    while day_of(moment, zone) == datetime.date.fromisoformat(text):
        moment += _DAY
    return first_of(day_of(moment, zone), zone) - _SECOND


def _starts(plan: Plan, begin: datetime.datetime, end: datetime.datetime) -> Iterator[datetime.datetime]:
    if plan.schedule is None:
        day = day_of(begin, plan.timezone)
        while day <= day_of(end, plan.timezone):
            yield first_of(day, plan.timezone)
            day += _DAY
        return
    every = heapq.merge(*(moments(each.cron, each.timezone, begin - _SECOND) for each in plan.schedules))
    last = None
    for moment in every:
        if moment > end:
            return
        if moment != last:  # of two schedules at one time, one run
            yield moment
        last = moment
