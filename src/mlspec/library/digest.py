"""What a file or folder is, as one line: the digest that step records show too.

In: a path. Out: `sha256:…`. Owns nothing but that; docs/step-process.md says what a digest covers.
Standard library only. Change it together with the step process.
"""

from __future__ import annotations

import hashlib
from pathlib import Path


def digest(path: Path) -> str:
    """Return the SHA-256 of a file's bytes, or of the sorted lines `<digest of file>  <relative path>` of a folder."""
    if not path.is_dir():
        return f"sha256:{_hex(path)}"
    files = [part for part in path.rglob("*") if part.is_file()]
    lines = sorted(f"{_hex(part)}  {part.relative_to(path).as_posix()}\n".encode() for part in files)
    return f"sha256:{hashlib.sha256(b''.join(lines)).hexdigest()}"


def _hex(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
