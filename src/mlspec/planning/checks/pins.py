"""Requirements without a pin give another environment tomorrow.

In: a spec, and which environments are locked. Out: warnings. Knows the forms of requirement lines that pip reads, no
more; never asks an index.
Change it when another form pins a package.
"""

from __future__ import annotations

import re
from collections.abc import Collection

from mlspec.diagnostics.collection import Findings
from mlspec.environments.lines import is_local
from mlspec.spec.loaded import Spec

_PINNED = re.compile(r"===?\s*[^*\s,;]+\s*(;.*)?$|@\s*\S+|^\s*-")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


def check(spec: Spec, locked: Collection[str], findings: Findings) -> None:
    """Warn of requirement lines that admit more than one version, but for those of environments that are locked."""
    for name, environment in spec.lifecycle.environments.items():
        if name in locked:
            continue
        listed = spec.node("environments", name, "requirements")
        for index, line in enumerate(environment.requirements.packages):
            path = ("environments", name, "requirements", index)
            if _PINNED.search(line) or is_local(line) or listed is None:
                continue
            package = _NAME.match(line.strip())
            hint = f"write {package[0]}==1.2.3 with the version you tested" if package else None
            message = f"`{line}` is not pinned: it installs another version tomorrow"
            findings.warn("MLS601", message, spec.span(*path), hint, path=path)
