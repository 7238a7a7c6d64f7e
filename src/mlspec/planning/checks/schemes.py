"""Stores and inputs that need a package which is not there.

In: a spec, its pipelines and what its environments list, in files too. Out: warnings, where a URI stands and at environments. Looks for
packages in the interpreter that checks, which is the one that reaches them in runs here, and in what environments list, which is all that
their images have. Never opens a URI. Change it when images bring other packages.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from importlib.util import find_spec

from mlspec.diagnostics.collection import Findings
from mlspec.planning.pipeline import Pipeline
from mlspec.planning.scope import Path
from mlspec.spec.loaded import Spec
from mlspec.store.schemes import PACKAGES, WITH_REMOTE, Package, scheme_of


def check(spec: Spec, pipelines: Iterable[Pipeline], listed: Mapping[str, Sequence[str]], findings: Findings) -> None:
    """Check the scheme of the store and of each input; of several with the same the first. `listed`: what environments list."""
    wanted: dict[str, tuple[str, Path]] = {}
    for uri, path in _uris(spec, pipelines):
        if (found := scheme_of(uri)) not in (None, "file"):
            wanted.setdefault(str(found), (uri, path))
    for scheme, (_, path) in wanted.items():
        if scheme not in PACKAGES:
            if not _fsspec_knows(scheme):
                hint = "write s3://, gs://, abfs:// or a folder"
                findings.warn("MLS418", f"nothing that mlspec knows reaches `{scheme}://`", spec.span(*path), hint, path=path)
            continue
        package = PACKAGES[scheme]
        if missing := [name for name in ("fsspec", package.module if package else None) if name and find_spec(name) is None]:
            more = "" if package is None or package.name in WITH_REMOTE else f" {package.name}"
            message = f"`{scheme}://` needs {' and '.join(missing)}, which this Python lacks: no run here reaches it"
            findings.warn("MLS418", message, spec.span(*path), f"pip install mlspec[remote]{more}", path=path)
        if package is not None and package.name not in WITH_REMOTE:
            _check_environments(spec, scheme, package, listed, findings)


def _check_environments(
    spec: Spec, scheme: str, package: Package, listed: Mapping[str, Sequence[str]], findings: Findings
) -> None:
    """An image that is built from requirements has what these say, and what `mlspec[remote]` brings."""
    for name, lines in listed.items():
        unknown = any("://" in line and line.startswith("-") for line in lines)  # a file that is elsewhere
        if lines and not unknown and not any(_names(line, package.name) for line in lines):
            path = ("environments", name, "requirements")
            message = f"the image of `{name}` lacks {package.name}, which `{scheme}://` needs"
            findings.warn("MLS418", message, spec.span(*path), f"add {package.name} to its requirements", path=path)


def _names(line: str, package: str) -> bool:
    found = re.match(r"[A-Za-z0-9._-]+", line.strip())
    return found is not None and re.sub(r"[._-]+", "-", found[0]).lower() == package.replace("_", "-")


def _uris(spec: Spec, pipelines: Iterable[Pipeline]) -> Iterator[tuple[str, Path]]:
    yield spec.lifecycle.store, ("store",)
    for pipeline in pipelines:
        for named in pipeline.scope.steps.values():
            for name, value in named.step.inputs.items():
                uri = getattr(value, "uri", None)
                if isinstance(uri, str):
                    yield uri, (*named.path, "inputs", name)


def _fsspec_knows(scheme: str) -> bool:
    try:
        from fsspec.registry import get_filesystem_class

        get_filesystem_class(scheme)
    except ImportError:
        return find_spec("fsspec") is not None  # a kind that it knows, and lacks the package of: it will say which
    except ValueError:
        return False
    return True
