"""Where the files that ship beside the code are, and where the documentation is.

In: the name of a folder (`templates`, `schemas`). Out: its path.
A wheel carries the folders inside the package; a checkout has them at its top level.
Owns that one difference, and the site's address; never reads a file. Change it when the layout of the wheel changes.
"""

from pathlib import Path

DOCUMENTATION = "https://mlspec.readthedocs.io/"
"""The site that `make site` builds."""
_PACKAGE = Path(__file__).resolve().parent


def folder(name: str) -> Path:
    """Return the shipped folder `name`; raises `FileNotFoundError` when the installation lacks it."""
    for candidate in (_PACKAGE / name, _PACKAGE.parents[1] / name):
        if candidate.is_dir():
            return candidate
    raise FileNotFoundError(f"this installation of mlspec has no {name}/ folder")
