"""Moments and days, over changes of clocks."""

from __future__ import annotations

import datetime

import pytest

from mlspec.moments import MomentError, day_of, moment_of, orchestrator_moment, text_of


@pytest.mark.parametrize(
    ("text", "zone", "moment"),
    [
        ("2026-11-30T03:00:00Z", "Europe/Berlin", "2026-11-30T03:00:00Z"),
        ("2026-11-30t03:00:00z", "UTC", "2026-11-30T03:00:00Z"),
        ("2026-11-30 03:00:00.999999+00:00", "UTC", "2026-11-30T03:00:00Z"),
        ("2026-11-30T03:00+05:30", "UTC", "2026-11-29T21:30:00Z"),
        ("2026-11-30T03:00", "America/New_York", "2026-11-30T08:00:00Z"),
        ("2026-10-25T02:30", "Europe/Berlin", "2026-10-25T00:30:00Z"),  # there are two: the first
        ("2026-11-30", "UTC", "2026-11-30T00:00:00Z"),
        ("2026-11-30", "Asia/Tokyo", "2026-11-29T15:00:00Z"),
        ("2021-09-05", "America/Asuncion", "2021-09-05T04:00:00Z"),
        ("2018-11-04", "America/Sao_Paulo", "2018-11-04T03:00:00Z"),  # begins at one o'clock
        ("1919-03-31", "America/Toronto", "1919-03-31T04:30:00Z"),  # its clocks went from 23:30 to 0:30
        ("0001-01-02", "UTC", "0001-01-02T00:00:00Z"),
    ],
)
def test_a_text_is_a_moment(text: str, zone: str, moment: str) -> None:
    assert text_of(moment_of(text, zone)) == moment


@pytest.mark.parametrize(
    ("text", "zone"),
    [
        *((text, "UTC") for text in ("", "yesterday", "2026-13-01", "2026-11-31", "20261130", "2026-11-30T25:00Z", "@5")),
        *((text, "UTC") for text in ("2026-11-30T03", "2026-11-30T03:00+25:00", "２０２６-11-30", "2026-11-30\n")),
        ("2026-03-29T02:30", "Europe/Berlin"),
        ("2011-12-30", "Pacific/Apia"),
        ("0001-01-01", "Asia/Tokyo"),
        ("9999-12-31T23:59-05:00", "UTC"),
        ("2026-11-30", "Nowhere/Else"),
    ],
)
def test_a_text_is_none(text: str, zone: str) -> None:
    with pytest.raises(MomentError):
        moment_of(text, zone)


def test_orchestrators_tell_milliseconds_too() -> None:
    assert text_of(orchestrator_moment("@1764471600123")) == "2025-11-30T03:00:00Z"
    assert text_of(orchestrator_moment("2026-01-09T13:00:00.123456Z")) == "2026-01-09T13:00:00Z"
    with pytest.raises(MomentError):
        orchestrator_moment("@999999999999999")


def test_a_moment_is_in_a_day_of_its_zone() -> None:
    moment = moment_of("2026-11-30T23:30:00Z")
    assert day_of(moment, "Europe/Berlin") == datetime.date(2026, 12, 1)
    assert day_of(moment, "UTC") == datetime.date(2026, 11, 30)
