"""The pages of all codes that this installation can find.

In: nothing. Out: a `Catalogue`. Owns who brings pages: the diagnostics, the environments, each target; never reads one.
Change it when another part brings pages of its own.
"""

from __future__ import annotations

from functools import cache

from mlspec import environments
from mlspec.diagnostics.explain import OWN, Catalogue
from mlspec.targets.base import targets


@cache
def catalogue() -> Catalogue:
    """The catalogue; ours come first, so that another package cannot give a code of ours another meaning."""
    brought = [target.catalogue for target in targets().values() if target.catalogue is not None]
    ours = [folder for folder in brought if folder.is_relative_to(OWN.parents[1])]
    others = [folder for folder in brought if folder not in ours]
    return Catalogue((OWN, environments.CATALOGUE, *ours, *others))
