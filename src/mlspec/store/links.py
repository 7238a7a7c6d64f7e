"""Symbolic links in what a step made, before it is put elsewhere.

In: a file or folder. Out: nothing where its links still lead to the same afterwards, or what is wrong. Owns which links may be
published: those that stay within, relative. Standard library only. Change it when links are to be kept, or resolved, in another way.
"""

from __future__ import annotations

import os
from pathlib import Path

from mlspec.store.files import copy, remove


def settle_links(made: Path) -> str | None:
    """Put what it points to in the place of an output that is itself a link, and make absolute links within it relative.

    Returns what is wrong, if anything is: a link that leads out of it, to what the next step may not have, or to everything.
    """
    if made.is_symlink():
        target = made.resolve()
        if made.parent.resolve().is_relative_to(target):
            return f"is a link to {target}, in which it is itself"
        if target.is_dir() and (reason := _outward(target, change=False)):
            return reason
        aside = made.with_name(f".{made.name}.{os.urandom(8).hex()}")
        copy(target, aside)
        remove(made)
        aside.rename(made)
    return _outward(made, change=True) if made.is_dir() else None


def _outward(folder: Path, *, change: bool) -> str | None:
    top = os.path.realpath(folder)
    for path, folders, files in os.walk(top):
        for name in (*folders, *files):
            link = Path(path, name)
            if not link.is_symlink():
                continue
            text = os.readlink(link)  # noqa: PTH115 (as it is written)
            leads_to = os.path.realpath(link)
            if leads_to != top and not leads_to.startswith(f"{top}/"):
                return f"has a link that leads out of it: {_shown(str(link.relative_to(top)))} -> {_shown(text)}"
            if text.startswith("/") and change:
                _replace(link, os.path.relpath(leads_to, os.path.realpath(path)))
    return None


def _shown(name: str) -> str:
    return name if name.isprintable() else ascii(name)


def _replace(link: Path, target: str) -> None:
    folder, mode = link.parent, link.parent.stat().st_mode & 0o7777
    folder.chmod(mode | 0o300)  # the body may have left its folders read-only
    link.unlink()
    link.symlink_to(target)
    folder.chmod(mode)
