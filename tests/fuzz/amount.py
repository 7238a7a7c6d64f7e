"""How much is tried: 20,000 examples by default, the same ones each time; `make fuzz N=500000` tries other ones.

In: the environment variable FUZZ, a number of examples. Out: a decorator that gives a property its share of them.
Owns what is tried by default; keeps no database, so that a run never depends on the one before.
Change it when a property is added: the shares come to one.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, seed, settings

DEFAULT = 20_000
EXAMPLES = int(os.environ.get("FUZZ", DEFAULT))
FIRST_SEED = 0 if EXAMPLES == DEFAULT else secrets.randbits(32)
ROUND = 400
"""Hypothesis remembers every text of a round."""


def share(part: float) -> Callable[[Callable[..., None]], Callable[[int], None]]:
    """Make a test of a property that gets this part of all examples, in rounds of at most `ROUND`."""
    examples = max(1, round(EXAMPLES * part))
    rounds = -(-examples // ROUND)

    def decorate(holds: Callable[..., None]) -> Callable[[int], None]:
        some = settings(
            max_examples=-(-examples // rounds),
            database=None,
            deadline=None,
            phases=(Phase.explicit, Phase.generate, Phase.shrink),
            suppress_health_check=list(HealthCheck),
        )
        checked: Any = some(holds)

        @pytest.mark.parametrize("number", range(rounds))
        def test(number: int) -> None:
            seed(FIRST_SEED + number)(checked)()

        test.__name__ = holds.__name__
        return test

    return decorate
