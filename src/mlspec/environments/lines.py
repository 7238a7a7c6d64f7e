"""Lines of requirements, as pip and uv read them.

In: one line. Out: what it asks for, in one spelling; whether it names a file, an index or a package. Owns the forms of these lines; never
reads a file and never asks an index. Change it when installers learn another form.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from packaging.requirements import Requirement

_LOCAL = re.compile(r"(-r|-c|-e|--requirement|--constraint|--editable)\b|[./~]|(.*@\s*)?file:")
_INDEX = re.compile(r"(-i|-f|--index-url|--extra-index-url|--find-links|--trusted-host|--no-index)\b")
_HASH = re.compile(r"\s--hash[=\s]\S+")


def is_local(line: str) -> bool:
    """Whether it is about something on the disk: another file of requirements, a folder, a `file:` address."""
    return _LOCAL.match(line) is not None


def is_index(line: str) -> bool:
    """Whether it says where packages are found: a matter of the place, which no lock has."""
    return _INDEX.match(line) is not None


def requirement_of(line: str) -> Requirement | None:
    """What a line asks for; None where it names no package."""
    from packaging.requirements import InvalidRequirement, Requirement

    try:
        return Requirement(_HASH.sub("", f"{line} ").strip())
    except InvalidRequirement:
        return None


def canonical(line: str) -> str:
    """The line in the one spelling that all lines have which ask for the same."""
    from packaging.utils import canonicalize_name

    wanted = requirement_of(line)
    if wanted is None:
        return " ".join(line.split())
    extras = f"[{','.join(sorted(map(canonicalize_name, wanted.extras)))}]" if wanted.extras else ""
    where = f" @ {wanted.url}" if wanted.url else ",".join(sorted(map(str, wanted.specifier)))
    marker = f" ; {wanted.marker}" if wanted.marker else ""
    hashes = "".join(sorted(f" {one.strip()}" for one in _HASH.findall(line)))
    return f"{canonicalize_name(wanted.name)}{extras}{where}{marker}{hashes}"


def without_hashes(line: str) -> str:
    """The line as conda and people read it."""
    return _HASH.sub("", line)


def has_hash(line: str) -> bool:
    """Whether what is installed is held to a digest."""
    return _HASH.search(line) is not None


def logical(text: str) -> list[str]:
    """The lines of a requirements file: continued ones joined, comments and empty ones left out."""
    joined = re.sub(r"[ \t]*\\\r?\n[ \t]*", " ", text)
    found = (re.sub(r"(^|\s)#.*", "", line).strip() for line in joined.splitlines())
    return [line for line in found if line]
