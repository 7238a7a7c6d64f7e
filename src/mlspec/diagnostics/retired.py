"""Codes that are no longer found, and which code it is now.

In: codes. Out: what they are called today. Owns the table: a released code keeps its meaning and its page, and silences what it
silenced. Change it when one finding turns out to have had two codes.
"""

from __future__ import annotations

from collections.abc import Iterable

RETIRED = {"MLS553": "MLS532", "MLS571": "MLS532", "MLS572": "MLS533"}


def current(codes: Iterable[str]) -> set[str]:
    """The codes that these are today."""
    return {RETIRED.get(code, code) for code in codes}
