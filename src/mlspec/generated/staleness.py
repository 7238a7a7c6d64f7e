"""Which generated files are not what the spec says now: what `mlspec compile --check` fails on.

In: the files that ought to be there and the texts that are (`generated.existing`). Out: one entry for each that differs.
Owns nothing but the choice of what counts; never reads a file and never writes one.
Change it when `--check` should let something pass.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mlspec.emission.seal import GeneratedFile
from mlspec.generated.checksums import Checksums
from mlspec.generated.judge import NOTHING_MERGED, Kind, Scope, judge, judge_checksums


@dataclass(frozen=True, slots=True)
class Stale:
    """A path that is not as generated; `reason` is the rest of a sentence that begins with it."""

    path: str
    kind: Kind
    """`missing`, `stale`, `edited`, `orphan`, `leftover`, `foreign` or `other`, as `generated.judge.Verdict` tells them apart."""
    reason: str


def check(
    files: Sequence[GeneratedFile],
    present: Mapping[str, str | None],
    scope: Scope | None = None,
    merged: Checksums = NOTHING_MERGED,
    *,
    shared: bool = False,
) -> list[Stale]:
    """Return everything that writing would change or refuse, sorted by path; empty when all is up to date.

    `merged` are checksums of what git made of files (`generated.merges`). Of checksums nothing is said where files are not up to date
    either: they are written with them.
    """
    verdicts = judge(files, present, scope, merged)
    wrong = [verdict for verdict in verdicts if verdict.kind != "current"]
    if not wrong and (verdict := judge_checksums(verdicts, present, shared=shared)).kind not in ("current", "behind"):
        wrong = [verdict]
    return [Stale(verdict.path, verdict.kind, verdict.reason) for verdict in wrong]
