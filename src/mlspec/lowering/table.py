"""The rewrites of a plan, in the order in which they are applied.

In: nothing. Out: `REWRITES`. Owns their names and their order, and says what each guarantees; never rewrites.
Change it when a rewrite is added: its line says what holds of a plan from there on, and so what later ones may rely on.

1. **notifications** come first, because what sends a message is a step like others and needs all that follows. No rewrite yet:
   targets refuse notifications.
2. **retraining**, what starts a lifecycle again, likewise. No rewrite yet: targets refuse monitoring pipelines.
3. `images`: `Step.image` is the image that a step runs in, by the rule in its file, or None where the plan gives none. It comes
   after all that adds steps.
4. **splitting** a plan between targets goes by each step's stage. No rewrite yet.
5. **grouping** several steps into one process asks what they have in common, their image among it, and comes last. No rewrite yet.
"""

from __future__ import annotations

from collections.abc import Callable

from mlspec.ir.model import Plan
from mlspec.lowering import images

Rewrite = Callable[[Plan], Plan]

REWRITES: tuple[tuple[str, Rewrite], ...] = (("images", images.rewrite),)
"""Name and function of each. All are idempotent and return the plan itself where there is nothing to change."""
