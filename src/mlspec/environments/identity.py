"""What makes two environments interchangeable, in one digest.

In: an `Environment` of the plan, and the image that a step runs in, if any. Out: a digest, or None where the spec asks for
nothing. Owns what counts, for the cache on every target and for the environments made here; never looks at this machine.
Change it when an environment gains something that decides what is installed: it moves every key of the cache.
"""

from __future__ import annotations

import hashlib

from mlspec.expr.values import compact
from mlspec.ir.declarations import Environment


def identity(environment: Environment | None, image: str | None = None) -> str | None:
    """Return twelve hex digits of all that the spec says is there; None when it says nothing. Equal means interchangeable.

    Of one that is locked, what it was locked to counts, and not what it asks for. The order of requirements does not count, nor do
    names, and an environment's own image only where `image` says it is used.
    """
    python = environment.python if environment else None
    requirements = sorted(environment.requirements) if environment else []
    if not (image or python or requirements):
        return None
    locked = [sorted(environment.locked)] if environment and environment.locked else []
    return hashlib.sha256(compact([image, python, *(locked or [requirements])]).encode()).hexdigest()[:12]
