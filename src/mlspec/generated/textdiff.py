"""What writing generated files would change, as a unified diff that `git apply` and `patch -p1` take.

In: the files that ought to be there and the texts that are (`generated.existing`). Out: one text, empty without changes.
Owns the form of `mlspec compile --diff`; never reads a file. With colour, which is for eyes alone, control characters are
spelt out; without, every byte is as in the files. Change it when diffs should read differently.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from difflib import unified_diff

from mlspec.diagnostics.printable import inert, visible
from mlspec.emission.seal import GeneratedFile
from mlspec.generated.judge import Scope, judge

_NOTHING = "/dev/null"
_NO_NEWLINE = "\\ No newline at end of file"
_COLORS = {"+": "32", "-": "31", "@": "36"}


def diff(
    files: Sequence[GeneratedFile],
    present: Mapping[str, str | None],
    scope: Scope | None = None,
    *,
    root: str = "",
    color: bool = False,
    safe: bool = False,
) -> str:
    """Return the diff from what is there to what ought to be, in the order of paths, which are shown below `root`.

    A patch, byte for byte; coloured, or `safe` to look at, it shows control characters instead.
    What is no text (a link, a folder, bytes) has no lines to compare and is left out.
    """
    lines: list[str] = []
    for verdict in judge(files, present, scope):
        if verdict.kind in ("current", "leftover") or (verdict.kind == "foreign" and verdict.present is None):
            continue
        path = f"{root.rstrip('/')}/{verdict.path}" if root else verdict.path
        old, new = verdict.present, verdict.wanted
        lines += _hunks(path, old, new)
    if not color and not safe:
        return "".join(f"{line}\n" for line in lines)
    return inert("".join(f"{_painted(line) if color else _shown(line)}\n" for line in lines))


def _hunks(path: str, old: str | None, new: str | None) -> Iterator[str]:
    before = _NOTHING if old is None else f"a/{path}"
    after = _NOTHING if new is None else f"b/{path}"
    for number, line in enumerate(unified_diff(_lines(old), _lines(new), before, after, n=3)):
        if number < 2 or line.startswith("@@"):
            yield line.rstrip("\n")
        elif line.endswith("\n"):
            yield line[:-1]
        else:
            yield line
            yield _NO_NEWLINE


def _lines(text: str | None) -> list[str]:
    """Split at newlines alone, and keep them: other line ends are content."""
    if not text:
        return []
    lines = [f"{line}\n" for line in text.split("\n")]
    last = lines.pop()[:-1]
    return [*lines, last] if last else lines


def _painted(line: str) -> str:
    if line.startswith(("--- ", "+++ ")):
        return f"\x1b[1m{visible(line)}\x1b[0m"
    shown = _shown(line)
    style = _COLORS.get(line[:1])
    return f"\x1b[{style}m{shown}\x1b[0m" if style else shown


def _shown(line: str) -> str:
    return "\t".join(visible(part) for part in line.split("\t"))
