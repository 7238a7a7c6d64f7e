"""What equal steps have in common, as one digest, and part by part for people.

In: an `Invocation` with its resolved `with` and the digests of its inputs. Out: a `CacheKey`. Owns what equal means: step, body, `with`,
inputs' digests, outputs, environment, values read and code all the same; never looks for an equal step. Standard library only.
Change it when something else can change what a step makes: it moves every key.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import mlspec
from mlspec.exec import code
from mlspec.exec.bodies import interpreter
from mlspec.exec.evaluation import Scope
from mlspec.expr.template import addresses
from mlspec.expr.values import compact
from mlspec.invocation.model import Body, Invocation
from mlspec.ir.bodies import Shell, Uses
from mlspec.store.cache import Parts
from mlspec.store.digests import digest_of
from mlspec.store.ending import Ending

_VERSION = 4
_LONGEST = 80
"""Characters of a value that is kept as it is; of longer ones a digest is."""
_MOST_FILES = 1000
"""Files of code that are kept one by one; of more, each folder at the top is kept as one."""
_DEEPEST = 3
"""Words of an address: `step.output.field`."""


class CacheKey(NamedTuple):
    """The digest, and what it was made of: equal parts have one digest."""

    digest: str
    parts: Parts


def cache_key(invocation: Invocation, ending: Ending, scope: Scope, mask: Callable[[str], str] = str) -> CacheKey:
    """Make the key of a step that may be cached; `mask` takes secrets out of the parts. Raises `OSError` where code may not be read."""
    body, environment, cache = invocation.body, invocation.environment, invocation.cache
    assert body is not None, "what runs has a body"
    assert cache is not None, "only steps that may be cached have a key"
    files = code.code_of(invocation, ending.with_).digests()
    equal: dict[str, Any] = {
        "version": _VERSION,
        "step": invocation.step,
        "body": [type(body).__name__, *body],
        "with": ending.with_,
        "inputs": {name: _digests(record) for name, record in ending.inputs.items()},
        "outputs": {output.name: [output.type, output.file_name] for output in invocation.wiring.outputs},
        "environment": [environment.name, environment.digest],
        "python": None if environment.digest is not None else _python(invocation),
        "process": cache.digest,
        "key": scope.text("the key of the cache", cache.key),
        "env": dict(sorted(scope.variables().items())),
        "values": scope.used(),
        "run": {address: scope.lookup(address) for address in _run_addresses(body)},
        "mlspec": mlspec.__version__ if isinstance(body, Uses) else None,
        "code": digest_of(files),
    }
    parts = _parts(equal, files, _installed(invocation))
    masked = {group: {name: mask(text) for name, text in names.items()} for group, names in parts.items() if names}
    return CacheKey(hashlib.sha256(json.dumps(equal).encode()).hexdigest(), masked)


def _parts(equal: Mapping[str, Any], files: Mapping[str, str], packages: Mapping[str, str]) -> Parts:
    name, digest = equal["environment"]
    single = {"version": equal["version"], "mlspec": equal["mlspec"], "process": equal["process"], "key": equal["key"] or None}
    python = equal["python"]
    return {
        "with": _texts(equal["with"]),
        "inputs": {name: _text(found) for name, found in equal["inputs"].items()},
        "outputs": _texts(equal["outputs"]),
        "env": _texts(equal["env"]),
        "values": {address: _text(value) for address, value in _addressed(equal["values"])},
        "run": _texts(equal["run"]),
        "code": _few(files),
        "command": {"": _digest(compact(equal["body"]))},
        "environment": {name or "": digest or _text(python)},
        "packages": dict(packages),
        "other": {name: _text(value) for name, value in single.items() if value is not None},
    }


def _texts(values: Mapping[str, Any]) -> dict[str, str]:
    return {name: _text(value) for name, value in values.items()}


def _text(value: Any) -> str:
    """A value as JSON; of a long one a digest, which no JSON looks like."""
    text = compact(value)
    return text if len(text) <= _LONGEST else _digest(text)


def _digest(text: str) -> str:
    return f"#{hashlib.sha256(text.encode('utf-8', 'surrogatepass')).hexdigest()[:16]}"


def _addressed(values: Mapping[str, Any], above: tuple[str, ...] = ()) -> Iterator[tuple[str, Any]]:
    """What expressions may read, by address: `params.depth`, `matrix.loss`, `train.metrics.auc`."""
    for name, value in values.items():
        address = (*above, name)
        if isinstance(value, dict) and value and len(address) < _DEEPEST and address[0] != "item":
            yield from _addressed(value, address)
        else:
            yield ".".join(address), value


def _few(files: Mapping[str, str]) -> dict[str, str]:
    """The digests of files by name, or of so many that nobody reads the list, by the folder at the top; the library is one thing."""
    folders: dict[str, dict[str, str]] = {}
    for name, digest in files.items():
        folder = "mlspec" if name.startswith("mlspec:") else name.partition("/")[0] + "/" if len(files) > _MOST_FILES else ""
        folders.setdefault(folder, {})[name] = digest
    alone = {name: digest[:16] for name, digest in folders.pop("", {}).items()}
    return alone | {folder: digest_of(inside).removeprefix("sha256:")[:16] for folder, inside in folders.items()}


def _run_addresses(body: Body) -> list[str]:
    """What a script reads of the run, by itself; what `with` reads of it is in `with`."""
    if not isinstance(body, Shell) or "run." not in body.script:
        return []
    return sorted(address for address in addresses(body.script) if address.startswith("run."))


def _digests(record: Any) -> Any:
    return [one["digest"] for one in record] if isinstance(record, list) else record["digest"]


def _python(invocation: Invocation) -> list[Any]:
    """Who says nothing of what an environment is made of gets one that is equal only to itself."""
    path = interpreter(invocation)
    return ["this", *sys.version_info[:3], _named_packages()] if path == sys.executable else [path]


def _named_packages() -> list[str]:
    """What is installed here, as the folders that say so are named: package and version."""
    return sorted(name for folder in _path() for name in _noted_in(folder))


def _installed(invocation: Invocation) -> dict[str, str]:
    """The packages in the environment of the step, with their versions: what people call it by, whatever its digest counts."""
    path = interpreter(invocation)
    if path == sys.executable:
        folders = _path()
    else:
        folders = [str(folder) for folder in Path(path).parent.parent.glob("lib/python*/site-packages")]
    return {name: version for folder in folders for name, version in _noted_in(folder).values() if name}


def _path() -> list[str]:
    """Where packages are. The folder of the script that was started is none of these, however mlspec was started."""
    return list(dict.fromkeys(sys.path if sys.flags.safe_path else sys.path[1:]))


def _noted_in(folder: str) -> Mapping[str, tuple[str, str]]:
    try:
        return _noted(folder, os.stat(folder).st_mtime_ns)  # noqa: PTH116 (a string is all it takes)
    except OSError:  # a ZIP file, or not there
        return {}


@lru_cache
def _noted(folder: str, _changed: int) -> Mapping[str, tuple[str, str]]:
    """The folders that say what is installed, each with the package and its version; once for all steps that one process looks at."""
    found = {}
    for name in os.listdir(folder):  # noqa: PTH208 (names are all it takes)
        if name.endswith((".dist-info", ".egg-info")):
            package, _, version = name.rpartition(".")[0].partition("-")
            found[name] = (package.replace("_", "-").lower() if version else "", version.partition("-")[0])
    return found
