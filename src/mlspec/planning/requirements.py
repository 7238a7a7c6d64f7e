"""The requirement lines of each environment.

In: a spec. Out: lines, those of its requirements files and of the files that these name among them. Owns how files of requirements lead to
others; never asks an index. Change it when requirements may be written in another way.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from mlspec.diagnostics.collection import Findings
from mlspec.environments.lines import logical
from mlspec.source import OUTSIDE_HINT
from mlspec.spec import leaks
from mlspec.spec.loaded import Spec

MAX_FILES = 100
"""Of requirements that one environment may be made of."""
_OTHER = re.compile(r"(?P<option>-r|-c|--requirement|--constraint)(?:\s*=\s*|\s*)(?P<path>\S.*)$")


def of(spec: Spec, name: str, findings: Findings) -> tuple[str, ...]:
    """Return the lines of an environment; what cannot be read is an error."""
    requirements = spec.lifecycle.environments[name].requirements
    own = tuple(requirements.packages)
    if requirements.file is None:
        return own
    path = ("environments", name, "requirements", "file")
    return own + tuple(_Files(spec, path, findings).lines(requirements.file))


class _Files:
    """The files that one `file:` leads to."""

    def __init__(self, spec: Spec, path: tuple[str, ...], findings: Findings) -> None:
        self._spec = spec
        self._path = path
        self._findings = findings
        self._count = 0

    def lines(self, file: str) -> Iterator[str]:
        """Yield the lines of a file, and those of each file that it names in the place of its name."""
        open_files = self._opened(self._spec.beside(file, *self._path), f"`{file}`")
        while open_files:
            place, lines = open_files[-1]
            line = next(lines, None)
            other = _OTHER.match(line) if line is not None else None
            if line is None:
                open_files.pop()
            elif other is None or "://" in other["path"]:
                yield line
            else:
                found = posixpath.normpath(posixpath.join(posixpath.dirname(place), other["path"]))
                if other["option"] in ("-c", "--constraint"):
                    yield f"-c {found}"
                elif any(found == above for above, _ in open_files):
                    self._refuse(f"the requirements file `{found}` leads back to itself", "remove one of these lines")
                else:
                    open_files += self._opened(found, f"`{found}`, which `{place}` names,")

    def _opened(self, place: str, called: str) -> list[tuple[str, Iterator[str]]]:
        self._count += 1
        if self._count > MAX_FILES:
            return []
        if self._count == MAX_FILES:
            self._refuse(f"it leads to more than {MAX_FILES} requirements files", "list packages in fewer files")
            return []
        if self._spec.project.leads_out(place, self._spec.document.include_roots):
            self._refuse(f"the requirements file {called} lies outside the project", OUTSIDE_HINT)
            return []
        try:
            text = self._spec.project.read(place).decode("utf-8-sig")
        except (OSError, UnicodeDecodeError) as error:
            reason = (getattr(error, "strerror", None) or str(error)).lower()
            message = f"the requirements file {called} cannot be read: {reason}"
            self._refuse(message, "the path is relative to the file that names it")
            return []
        for number, line in enumerate(text.splitlines(), 1):
            secret = leaks.formed(line)
            if secret is not None:
                hint = "revoke it, and write ${NAME} in its place: installers read variables of the environment"
                span, message = (
                    self._spec.span(*self._path),
                    f"line {number} of `{place}` looks like a secret in plain text: {secret[0]}",
                )
                self._findings.add("MLS603", message, span, hint, path=self._path)
        return [(place, iter(logical(text)))]

    def _refuse(self, message: str, hint: str) -> None:
        self._findings.add("MLS413", message, self._spec.span(*self._path), hint, path=self._path)
