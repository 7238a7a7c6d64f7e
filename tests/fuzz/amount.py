"""How much is tried: 20,000 examples by default, the same ones each time; `make fuzz N=500000` tries other ones.

In: the environment variable FUZZ, a number of examples. Out: hypothesis settings for a share of them.
Owns what is tried by default; keeps no database, so that a run never depends on the one before.
Change it when a property is added: the shares come to one.
"""

from __future__ import annotations

import os

from hypothesis import HealthCheck, Phase, settings

DEFAULT = 20_000
EXAMPLES = int(os.environ.get("FUZZ", DEFAULT))


def share(part: float) -> settings:
    """Settings for a property that gets this part of all examples."""
    return settings(
        max_examples=max(1, round(EXAMPLES * part)),
        derandomize=EXAMPLES == DEFAULT,
        database=None,
        deadline=None,
        phases=(Phase.explicit, Phase.generate, Phase.shrink),
        suppress_health_check=list(HealthCheck),
    )
