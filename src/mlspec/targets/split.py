"""What `targets.split` may say: which target runs the steps of each stage.

In: nothing. Out: its declaration. Owns its keys; whether there is such a target is checked in `checking`.
Change it when there is another stage.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from mlspec.targets.options import Setting


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """One lifecycle over several orchestrators, by stage."""

    data: Annotated[
        str | None, Setting(description="The target that runs the steps of stage data.", examples=("airflow",), blank=False)
    ] = None
    model: Annotated[
        str | None, Setting(description="The target that runs the steps of stage model.", examples=("kubeflow",), blank=False)
    ] = None
    service: Annotated[
        str | None, Setting(description="The target that runs the steps of stage service.", examples=("jenkins",), blank=False)
    ] = None
