"""The facets of OpenLineage that are mlspec's own: what a lifecycle and a run of one are.

In and out: values. Owns their fields and the addresses of their schemas, `schemas/openlineage/` here. Imports OpenLineage's client.
Change it together with those schemas; one that is published keeps its meaning under its version.
"""

from __future__ import annotations

from typing import Any

import attr
from openlineage.client.generated.base import JobFacet, RunFacet

from mlspec.resources import DOCUMENTATION

VERSION = "1-0-0"


def schema_url(name: str) -> str:
    """Where the schema of a facet is published."""
    return f"{DOCUMENTATION}schemas/openlineage/{VERSION}/{name}.json#/$defs/{name}"


@attr.define
class LifecycleJobFacet(JobFacet):
    """Which lifecycle a job is of, and the digest of its spec's meaning."""

    lifecycle: str
    specDigest: str | None = attr.field(default=None)  # noqa: N815

    @staticmethod
    def _get_schema() -> str:
        return schema_url("MlspecSpecJobFacet")


@attr.define
class LifecycleRunFacet(RunFacet):
    """Which run of a lifecycle it is; of a step, how it ran."""

    runId: str  # noqa: N815
    parameters: dict[str, Any] = attr.field(factory=dict)
    lockDigest: str | None = attr.field(default=None)  # noqa: N815
    step: str | None = attr.field(default=None)
    attempts: int | None = attr.field(default=None)
    cachedFrom: str | None = attr.field(default=None)  # noqa: N815
    options: dict[str, Any] | None = attr.field(default=None)
    exitCode: int | None = attr.field(default=None)  # noqa: N815

    @staticmethod
    def _get_schema() -> str:
        return schema_url("MlspecRunFacet")
