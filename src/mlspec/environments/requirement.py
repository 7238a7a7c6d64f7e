"""What must be installed for steps to start: mlspec, with the extras that a plan's steps use at run time.

In: a `Plan` and the packages that are there anyway. Out: one requirement, as pip reads it.
Owns which feature needs which extra; never installs anything. Change it when the step process gains an optional package.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from mlspec.ir.model import ExternalUri, Plan


def step_process(plan: Plan, requirements: Sequence[str], version: str) -> str:
    """Return the requirement for mlspec of this version, to be installed together with `requirements`."""
    sources = [item.source for step in plan.all_steps() for item in step.inputs]
    uris = [plan.store, *(source.uri for source in sources if isinstance(source, ExternalUri))]
    wanted = [("mlflow", "mlflow", plan.tracking_uri is not None), ("fsspec", "remote", any("://" in uri for uri in uris))]
    present = {re.split(r"[^a-z0-9-]", line.lower().replace("_", "-"), maxsplit=1)[0] for line in requirements}
    extras = ",".join(extra for package, extra, needed in wanted if needed and package not in present)
    return f"mlspec[{extras}]=={version}" if extras else f"mlspec=={version}"
