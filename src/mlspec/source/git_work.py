"""What a work tree is at, and a clean copy of what it was at.

In: a folder of a repository, a commit. Out: the commit, what no commit has, the text of a file, a clone. Owns which git commands tell of it
(docs/decisions/0008); never changes a repository but the clone that it makes. Change it when more must be known of where files are from.
"""

from __future__ import annotations

import os
import posixpath
import subprocess
from pathlib import Path

from mlspec.source.git_objects import environment
from mlspec.source.project import ProjectError
from mlspec.terms import Json

_PATHS = (".", ":(exclude,glob)**/__pycache__/**", ":(exclude,glob)**/.mlspec/**")
_MOST = 100
"""Files that are named of those that no commit has."""


def origin(folder: Path, spec_file: str, store: str) -> dict[str, Json]:
    """What a run must note of its files: their commit, the spec's path in the repository, and which files of its folder are in
    no commit, those in the store left out. Nothing outside of a repository, and before its first commit.
    """
    try:
        commit, prefix = _git(folder, "rev-parse", "--verify", "-q", "HEAD"), _git(folder, "rev-parse", "--show-prefix")
        status = _git(folder, "status", "--porcelain", "-z", "--untracked-files=all", "--no-renames", "--", *_PATHS)
    except ProjectError:
        return {}
    prefix, made = prefix.removesuffix("\n"), posixpath.normpath(store)
    # From the top of the repository, whatever the folder.
    changed = (entry[3:].removeprefix(prefix) for entry in status.split("\0") if entry)
    found = sorted(path for path in changed if not path.startswith(f"{made}/"))
    return {"commit": commit.strip(), "path": f"{prefix}{spec_file}", "changed": found[:_MOST]}


def clone(folder: Path, commit: str, into: Path) -> None:
    """Make a clean clone of the repository that `folder` is in, at a commit; raises `ProjectError` where it lacks that."""
    top = _git(folder, "rev-parse", "--show-toplevel").removesuffix("\n")
    _git(folder, "cat-file", "-e", f"{commit}^{{commit}}")
    quiet = ("-c", "core.hooksPath=/dev/null", "-c", "advice.detachedHead=false")
    _git(folder, *quiet, "clone", "-q", "--shared", "--no-checkout", "--", top, str(into))
    _git(into, *quiet, "checkout", "-q", "--detach", commit)


def last_commit(folder: Path, path: str) -> str:
    """The last commit that changed a file of the folder, a merge that took neither side of it among them; empty before there is one.

    Raises `ProjectError` where there is no repository.
    """
    return _git(folder, "log", "-1", "--format=%H", "--", path).strip()


def committed(folder: Path, commit: str, path: str) -> str:
    """The text of a file of the folder in a commit, or without one in the index; raises `ProjectError` where it has none."""
    return _git(folder, "show", f"{commit}:./{path}")


def _git(folder: Path, *arguments: str) -> str:
    try:
        done = subprocess.run(["git", "-C", str(folder), *arguments], env=environment(), capture_output=True, check=False)
    except OSError as error:
        raise ProjectError(f"git cannot be started: {(error.strerror or str(error)).lower()}") from None
    if done.returncode:
        reason = os.fsdecode(done.stderr).strip().partition("\n")[0].removeprefix("fatal: ")
        raise ProjectError(f"git in {folder}: {reason or 'it has no such thing'}")
    return os.fsdecode(done.stdout)
