"""Whether this interpreter will do for an environment.

In: an `Environment` of the plan. Out: yes or no. Owns the reading of what is installed here, extras included; never installs
anything. Change it when a requirement is taken for missing that is there, or the other way round.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.metadata import Distribution, PackageNotFoundError, distribution

from packaging.requirements import InvalidRequirement, Requirement

from mlspec.environments.lines import without_hashes
from mlspec.ir.declarations import Environment


def satisfied(environment: Environment) -> bool:
    """Tell whether this interpreter is of the right version and has all that the environment requires.

    Of what is locked it has nothing in another version; what a package needs and nobody here has is found when it is imported.
    """
    wanted = (environment.python or "").split(".")
    version = [str(part) for part in sys.version_info[:3]]
    if environment.python and wanted != version[: len(wanted)]:
        return False
    try:
        return not _lacks_any([Requirement(text) for text in environment.requirements]) and _agrees(environment.locked)
    except InvalidRequirement:
        return False


def _agrees(locked: Sequence[str]) -> bool:
    """Tell whether what is installed here of the locked packages is what they were locked to."""
    for line in locked:
        wanted = Requirement(without_hashes(line))
        if wanted.marker is not None and not wanted.marker.evaluate():
            continue
        found = _installed(wanted.name)
        if found is not None and (wanted.url or not wanted.specifier.contains(found.version, prereleases=True)):
            return False
    return True


def _lacks_any(requirements: Sequence[Requirement]) -> bool:
    """Tell whether something is not installed here in the version asked for, the extras asked for included."""
    todo = [(requirement, "") for requirement in requirements]
    seen: set[tuple[str, str]] = set()
    while todo:
        requirement, extra = todo.pop()
        if (str(requirement), extra) in seen or (requirement.marker and not requirement.marker.evaluate({"extra": extra})):
            continue
        seen.add((str(requirement), extra))
        installed = _installed(requirement.name)
        if installed is None or requirement.url or not requirement.specifier.contains(installed.version, prereleases=True):
            return True
        for wanted in requirement.extras:
            todo += [(Requirement(text), wanted) for text in installed.requires or () if "extra" in text]
    return False


def _installed(name: str) -> Distribution | None:
    try:
        return distribution(name)
    except PackageNotFoundError:
        return None
