"""How the tests of targets look at what is emitted.

In: a target, plans. Out: text, lines, a kind of snapshot. Owns how two files are compared; never says what must be in them.
Change it when all targets' files are to be looked at in another way.
"""

from __future__ import annotations

import difflib
from typing import NamedTuple

from syrupy.extensions.single_file import SingleFileSnapshotExtension, WriteMode

from mlspec.ir.model import Plan
from mlspec.targets.base import HEADER_LINES, Target


class Change(NamedTuple):
    """Lines that the new file has and the old one lacks, and the other way round."""

    added: list[str]
    removed: list[str]


def text(target: Target, plan: Plan) -> str:
    """The first file that a plan becomes."""
    return target.emit(plan)[0].content


def changed(target: Target, old: Plan, new: Plan) -> Change:
    """What another plan changes in the first file, its header aside."""
    before, after = (text(target, plan).splitlines()[HEADER_LINES:] for plan in (old, new))
    lines = list(difflib.ndiff(before, after))
    return Change(*([line[2:] for line in lines if line.startswith(f"{sign} ")] for sign in "+-"))


def files_named(extension: str) -> type[SingleFileSnapshotExtension]:
    """Snapshots as text files of their own, with this extension."""
    return type("Files", (SingleFileSnapshotExtension,), {"file_extension": extension, "_write_mode": WriteMode.TEXT})
