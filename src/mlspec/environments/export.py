"""Make the files that describe environments: a Dockerfile, what it leaves out, and a conda file for each.

In: a `Plan` whose environments passed `check`. Out: sealed `GeneratedFile`s, in a folder for each environment.
Owns what an image holds and in which order, and all quoting into a Dockerfile; never builds anything.
Change it when steps need something new around them.
"""

from __future__ import annotations

import json
import posixpath
import re
import shlex
from collections.abc import Iterator, Sequence

from mlspec.emission.seal import GeneratedFile, sealed_by
from mlspec.emission.templates import template
from mlspec.emission.yaml_text import scalar
from mlspec.environments.findings import OLDEST
from mlspec.environments.lines import has_hash
from mlspec.environments.requirement import pinned, step_process
from mlspec.ir.declarations import Environment
from mlspec.ir.model import Plan

PROJECT = "/project"
"""Where an image has the folder of the spec."""

_HASHED = re.compile(r"(^|\s)--(hash[=\s]|require-hashes\b)")
_FILES = ("Dockerfile", "Dockerfile.dockerignore", "environment.yml")


def export(plan: Plan, names: Sequence[str], version: str) -> list[GeneratedFile]:
    """Return the files of these environments; `version` is that of the mlspec that their images install."""
    command = f"mlspec env export --spec {shlex.quote(plan.spec_file)}"
    files: list[GeneratedFile] = []
    for name in names:
        values = _values(plan, plan.environments[name], version)
        texts = {file: template("environments", f"{file}.j2").render(values) for file in _FILES}
        files += [GeneratedFile(f"{name}/{file}", sealed_by(plan, command, text)) for file, text in texts.items()]
    return files


def _values(plan: Plan, environment: Environment, version: str) -> dict[str, object]:
    oldest = ".".join(map(str, OLDEST))
    requirements = pinned(environment)
    # pip holds all to digests or none, and what comes from git has none.
    whole = bool(environment.locked) and all(map(has_hash, environment.locked))
    paths = [posixpath.normpath(posixpath.join(PROJECT, path)) for path in environment.pythonpath]
    return {
        "base": f"python:{environment.python or oldest}-slim",
        "python": environment.python,
        "mlspec": step_process(plan, requirements, version),
        "project": PROJECT,
        "pythonpath": _quoted(":".join(paths)),
        # One line of a shell is no place for the thousands of digests of a lock: it is in the context, as it was committed.
        "lock": json.dumps(environment.lock_file) if whole else None,
        "requirements": [] if whole else [shlex.quote(line) for text in requirements for line in text.splitlines()],
        # A file with hashes wants hashes of all that is installed with it, and of mlspec nobody has any yet.
        "hashed": whole or any(_HASHED.search(line) for line in requirements),
        "ignored": list(_ignored(plan)),
        "yaml_name": scalar(environment.name),
        "yaml_requirements": [scalar(line) for line in requirements],
    }


def _quoted(text: str) -> str:
    """A value of Dockerfile's ENV: the three characters that mean something between double quotes are escaped."""
    return '"' + re.sub(r'(["\\$])', r"\\\1", text) + '"'


def _ignored(plan: Plan) -> Iterator[str]:
    """What steps never read: an image that held the pipelines could not be named in them."""
    yield from (".git", ".mlspec", "pipelines", _pattern(plan.spec_file))
    store = posixpath.normpath(plan.store)
    if "://" not in plan.store and not store.startswith(("/", "..", ".mlspec/")) and store != ".":
        yield _pattern(store)
    yield from ("**/__pycache__", "**/.*_cache", "**/.venv", "**/.env")


def _pattern(path: str) -> str:
    return "/" + re.sub(r"([*?\[\\])", r"\\\1", path)
