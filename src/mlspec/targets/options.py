"""What the options of several targets have in common.

In: nothing. Out: types of fields for targets' pydantic models. Owns their descriptions, so that the JSON Schema says the same of
each; never knows a target. Change it when another option means the same on every orchestrator.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

Cache = Annotated[
    bool,
    Field(
        description="Take the outputs of an equal step of an earlier run from the store, for each step whose `cache` is "
        "true; default: every run does all its work."
    ),
]
"""`cache`, false unless set; `plan.command` reads it by this name."""
