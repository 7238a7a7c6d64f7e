"""Which code a run is of: the commit that is checked out where it runs, and the repository that it is from.

In: a folder of a project. Out: a commit and an address, as far as git's files or those who checked it out say. Owns which
variables of CI servers count; never starts git, which images rarely have. Standard library only.
Change it when a commit can be known in another way.
"""

from __future__ import annotations

import configparser
import os
import re
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

VARIABLES = ("MLSPEC_COMMIT", "GIT_COMMIT", "GITHUB_SHA", "CI_COMMIT_SHA", "BUILD_SOURCEVERSION")
"""Where a commit is said in a folder that is no checkout, as in an image: the first one that is set."""
_COMMIT = re.compile(r"[0-9a-f]{40}([0-9a-f]{24})?")


class Code(NamedTuple):
    """A commit, and its repository without user and password; empty where nobody knows."""

    commit: str = ""
    repository: str = ""


def code_of(folder: Path) -> Code:
    """Return what is checked out at a folder."""
    said = next((text for name in VARIABLES if _COMMIT.fullmatch(text := os.environ.get(name, ""))), "")
    git = _git_folder(folder)
    if git is None:
        return Code(said)
    with suppress(OSError, UnicodeDecodeError):
        return Code(_head(git) or said, _origin(git))
    return Code(said)


def _git_folder(folder: Path) -> Path | None:
    """The folder of git's files: `.git`, or where that file leads in a work tree or a submodule."""
    for above in (folder, *folder.parents):
        found = above / ".git"
        if found.is_dir():
            return found
        if found.is_file():
            with suppress(OSError, UnicodeDecodeError):
                return above / found.read_text().removeprefix("gitdir:").strip()
    return None


def _head(git: Path) -> str:
    text = (git / "HEAD").read_text().strip()
    if not text.startswith("ref:"):
        return text if _COMMIT.fullmatch(text) else ""
    name = text.removeprefix("ref:").strip()
    for place in (git, _common(git)):
        if (place / name).is_file():
            return (place / name).read_text().strip()
    packed = _common(git) / "packed-refs"
    lines = packed.read_text().splitlines() if packed.is_file() else []
    return next((line.split()[0] for line in lines if line.endswith(f" {name}")), "")


def _common(git: Path) -> Path:
    """What a work tree shares with its repository."""
    shared = git / "commondir"
    return git / shared.read_text().strip() if shared.is_file() else git


def _origin(git: Path) -> str:
    settings = configparser.RawConfigParser(strict=False, allow_no_value=True)
    with suppress(configparser.Error, OSError, UnicodeDecodeError):
        settings.read_string((_common(git) / "config").read_text())
        return without_credentials(settings.get('remote "origin"', "url", fallback="") or "")
    return ""


def without_credentials(address: str) -> str:
    """Return an address of a repository without the user and password in it."""
    parts = urlsplit(address)
    if not parts.scheme or "@" not in parts.netloc:
        return address
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()
