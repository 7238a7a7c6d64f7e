"""Which generated files are not what the spec says now: what `mlspec compile --check` fails on.

In: the files that ought to be there and the texts that are (`generated.existing`). Out: one entry for each that differs.
Owns nothing but the choice of what counts; never reads a file and never writes one.
Change it when `--check` should let something pass.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mlspec.emission.seal import GeneratedFile
from mlspec.generated.judge import Kind, judge


@dataclass(frozen=True, slots=True)
class Stale:
    """A path that is not as generated; `reason` is the rest of a sentence that begins with it."""

    path: str
    kind: Kind
    """`missing`, `stale`, `edited`, `orphan`, `leftover`, `foreign` or `other`, as `generated.judge.Verdict` tells them apart."""
    reason: str


def check(files: Sequence[GeneratedFile], present: Mapping[str, str | None]) -> list[Stale]:
    """Return everything that writing would change or refuse, sorted by path; empty when all is up to date."""
    verdicts = judge(files, present)
    return [Stale(v.path, v.kind, v.reason) for v in verdicts if v.kind != "current"]
