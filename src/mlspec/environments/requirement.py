"""What must be installed for steps to start: mlspec, with the extras that a plan's steps use at run time.

In: a `Plan` and the packages that are there anyway. Out: one requirement, as pip reads it; the lines of an environment.
Owns which feature needs which extra; never installs anything. Change it when the step process gains an optional package.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from mlspec.environments.lines import without_hashes
from mlspec.ir.declarations import Environment
from mlspec.ir.model import Plan
from mlspec.ir.sources import ExternalUri
from mlspec.store.schemes import PACKAGES, WITH_REMOTE, scheme_of


def step_process(plan: Plan, requirements: Sequence[str], version: str) -> str:
    """Return the requirement for mlspec of this version, to be installed together with `requirements`."""
    sources = [item.source for step in plan.all_steps() for item in step.inputs]
    uris = [plan.store, *(source.uri for source in sources if isinstance(source, ExternalUri))]
    remote = {package for uri in uris for package in _reaching(uri)}
    wanted = [({"mlflow"} if plan.tracking_uri is not None else set[str](), "mlflow"), (remote, "remote")]
    present = {re.split(r"[^a-z0-9-]", line.lower().replace("_", "-"), maxsplit=1)[0] for line in requirements}
    extras = ",".join(extra for packages, extra in wanted if packages - present)
    return f"mlspec[{extras}]=={version}" if extras else f"mlspec=={version}"


def pinned(environment: Environment) -> list[str]:
    """What an environment has, in lines that any installer reads: what it was locked to, without the digests, else what it asks for."""
    if environment.locked:
        return [without_hashes(line) for line in environment.locked]
    return list(environment.requirements)


def _reaching(uri: str) -> Iterator[str]:
    """What of the extra `remote` is needed to reach a URI; nothing for a path."""
    scheme = scheme_of(uri)
    if scheme is not None:
        yield "fsspec"
        package = PACKAGES.get(scheme)
        if package is not None and package.name in WITH_REMOTE:
            yield package.name
