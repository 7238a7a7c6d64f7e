"""What the files of a folder were when they were written: a checksum for each, in a file beside them.

In and out: the text of `.gitattributes` in a folder of generated files. Owns its lines, and which of them are ours; never reads or
writes a file. By the checksums a file that was edited by hand is told from a stale one. They stand in a file of their own, of which git
itself keeps both sides of a merge (`merge=union`), so that no two branches conflict in them; attributes of git, as they are, take
comments and values. Change it when more is to be known of a file than its text.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping

from mlspec.emission.seal import MARK, with_own_ends

FILE = ".gitattributes"
_HEAD = (
    f"# {MARK}: the checksums of what it wrote here, by which it knows what was edited by hand.",
    f"{FILE} merge=union",
)
_ENTRY = re.compile(r'^("(?:[^"\\]|\\.)*"|\S+) linguist-generated checksum=([0-9a-f]{16})$')
_CONFLICT = re.compile(r"^(<{7}|\|{7}|={7}|>{7})( |$)")
_PLAIN = re.compile(r"[A-Za-z0-9._/-]+")

Checksums = Mapping[str, frozenset[str]]
"""By path. Several where branches were merged, and none of them need be that of what git made of the file."""


def checksum_of(text: str) -> str:
    """Sixteen hex digits over a text; the ends of lines that a checkout gives it are not counted."""
    return hashlib.sha256(with_own_ends(text).encode()).hexdigest()[:16]


def read(text: str) -> Checksums:
    """The checksums that are written down."""
    found: dict[str, set[str]] = {}
    for line in text.splitlines():
        if entry := _ENTRY.match(line):
            found.setdefault(_path(entry[1]), set()).add(entry[2])
    return {path: frozenset(all_of) for path, all_of in found.items()}


def written(checksums: Checksums, before: str = "") -> str:
    """The text of the file; whatever else stood in it goes first. Empty where there is nothing to say."""
    others = [
        line for line in before.splitlines() if line not in _HEAD and not _ENTRY.match(line) and not _CONFLICT.match(line)
    ]
    entries = [
        f"{_pattern(path)} linguist-generated checksum={one}" for path in sorted(checksums) for one in sorted(checksums[path])
    ]
    return "".join(f"{line}\n" for line in (*others, *(_HEAD if entries else ()), *entries))


def _pattern(path: str) -> str:
    """A path as git's pattern for that file alone."""
    if _PLAIN.fullmatch(path):
        return f"/{path}"
    return json.dumps("/" + re.sub(r"([*?[])", r"\\\1", path), ensure_ascii=False)


def _path(pattern: str) -> str:
    try:
        text = json.loads(pattern) if pattern.startswith('"') else pattern
    except ValueError:
        return pattern
    return re.sub(r"\\([*?[])", r"\1", str(text)).removeprefix("/")
