"""The versions that an environment asks for by name.

In: an `Environment` of the plan. Out: package and version. Owns the reading of requirements for people; what is installed, others say.
Never looks at this machine. Change it when requirements can be said in another way.
"""

from __future__ import annotations

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from mlspec.ir.declarations import Environment


def pins(environment: Environment) -> dict[str, str]:
    """The packages that are pinned to one version (`==`, without a wildcard), by their normal names."""
    found: dict[str, str] = {}
    for text in environment.requirements:
        try:
            requirement = Requirement(text)
        except InvalidRequirement:
            continue
        exact = [one.version for one in requirement.specifier if one.operator == "==" and not one.version.endswith("*")]
        if len(exact) == 1:
            found[canonicalize_name(requirement.name)] = exact[0]
    return found
