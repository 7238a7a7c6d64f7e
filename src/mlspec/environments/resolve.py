"""What an environment comes to, found by uv.

In: an environment of a plan, the lines it came to before, platforms. Out: lines with hashes, sorted, without an address of an index.
Owns how uv is asked, and which of its lines stand in a lock; never writes a file.
Change it when a lock is to be for other platforms, or found by another tool.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

from packaging.markers import Marker
from packaging.version import Version

from mlspec.environments import installers
from mlspec.environments.findings import OLDEST
from mlspec.environments.installers import InstallerError, Said
from mlspec.environments.lines import logical, requirement_of
from mlspec.ir.declarations import Environment

PLATFORMS: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "linux": {"sys_platform": "linux", "platform_system": "Linux", "os_name": "posix", "platform_machine": "x86_64"},
        "linux-arm": {"sys_platform": "linux", "platform_system": "Linux", "os_name": "posix", "platform_machine": "aarch64"},
        "macos": {"sys_platform": "darwin", "platform_system": "Darwin", "os_name": "posix", "platform_machine": "arm64"},
        "macos-intel": {
            "sys_platform": "darwin",
            "platform_system": "Darwin",
            "os_name": "posix",
            "platform_machine": "x86_64",
        },
        "windows": {"sys_platform": "win32", "platform_system": "Windows", "os_name": "nt", "platform_machine": "AMD64"},
    }
)
"""What a lock can be for, and what markers say of each."""
_CREDENTIALS = re.compile(r"(?<=://)[^\s/@$]+(?=@)")
_ABSOLUTE = re.compile(r"(?:^|\s)/|file:///")


class ResolveError(Exception):
    """An environment cannot be locked; the text says why, `requirement` is the line that it is about."""

    def __init__(self, message: str, requirement: str | None = None) -> None:
        super().__init__(message)
        self.requirement = requirement


def resolve(
    environment: Environment,
    project: Path,
    *,
    before: str = "",
    constraints: Sequence[Path] = (),
    platforms: Sequence[str] = (),
    upgrade: bool = False,
    said: Said = lambda _: None,
) -> str:
    """Return the text of an environment's lock, with the versions of `before` where they still do and `upgrade` is not said.

    Raises `ResolveError`; uv asks the indexes that it is told of by its own files and variables, and by the requirements.
    """
    uv = installers.uv()
    if uv is None:
        raise ResolveError("uv is not installed, and it is what finds the packages: pip install 'mlspec[lock]'")
    with tempfile.TemporaryDirectory(prefix="mlspec-lock-") as scratch:
        out = Path(scratch, "requirements.txt")
        out.write_text(before, encoding="utf-8")
        oldest = environment.python or ".".join(map(str, OLDEST))
        command = [*uv, "pip", "compile", "--universal", "--generate-hashes", "--python-version", oldest, "--quiet"]
        command += ["--no-emit-index-url", "--no-emit-find-links", "--no-header", "--no-annotate", "--output-file", str(out)]
        command += [word for path in constraints for word in ("--constraint", str(path.absolute()))]
        try:
            installers.run([*command, *(["--upgrade"] if upgrade else []), "-"], project, said, environment.requirements)
        except InstallerError as error:
            words = str(error).partition("\n")[2]
            said_of = installers.at_fault(words, environment.requirements)
            raise ResolveError("; ".join(line.strip() for line in words.splitlines() if line.strip()), said_of) from None
        lines = logical(out.read_text(encoding="utf-8"))
    found = sorted({line for line in lines if _is_for(line, platforms, environment.python)})
    for line in found:
        _refuse_what_is_of_here(line, environment)
    return "".join(f"{_folded(line)}\n" for line in found)


def _is_for(line: str, platforms: Sequence[str], python: str | None) -> bool:
    """Whether a line is for one of the platforms, and for the Python that is asked for."""
    wanted = requirement_of(line)
    if wanted is None or wanted.marker is None:
        return True
    kinds = [PLATFORMS[name] for name in platforms] or list(PLATFORMS.values())
    return any(_holds(wanted.marker, {**kind, **version}) for kind in kinds for version in _versions(python))


def _versions(python: str | None) -> list[dict[str, str]]:
    """What markers may find as the version; of one that is not said in full, its first and its last."""
    if python is None:
        return [{"python_version": f"3.{minor}", "python_full_version": f"3.{minor}.0"} for minor in range(OLDEST[1], 30)]
    parts = Version(python).release
    minor = ".".join(map(str, parts[:2]))
    patches = [parts[2]] if len(parts) > 2 else [0, 99]
    return [{"python_version": minor, "python_full_version": f"{minor}.{patch}"} for patch in patches]


def _holds(marker: Marker, values: Mapping[str, str]) -> bool:
    return marker.evaluate(
        {"extra": "", "implementation_name": "cpython", "platform_python_implementation": "CPython", **values}
    )


def _refuse_what_is_of_here(line: str, environment: Environment) -> None:
    """What holds a password, or a place on this machine, is for nobody else to read."""
    about = next((own for own in environment.requirements if own.split(";")[0].strip() in line), None)
    if "git+ssh://" not in line and _CREDENTIALS.search(line):
        what = "has a password in its address: write ${NAME} in its place, or name the package and tell uv of the index"
        raise ResolveError(f"`{_CREDENTIALS.sub('****', line.split(' --hash')[0])}` {what}", about)
    if _ABSOLUTE.search(line):
        raise ResolveError(
            f"`{line.split(' --hash')[0]}` is a place on this machine: make it one below the spec's folder", about
        )


def _folded(line: str) -> str:
    """A line as installers write it: a digest a line, so that a change shows what has changed."""
    head, *hashes = line.split(" --hash=")
    return " \\\n".join([head, *(f"    --hash={one}" for one in sorted(hashes))])
