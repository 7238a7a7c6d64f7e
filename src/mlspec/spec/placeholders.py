"""`${{ }}` where nothing reads it.

In: a merged tree and the texts of its files. Out: errors at placeholders that would reach a target, or a folder's name, as they are.
Owns the list of places that do read placeholders: all others refuse them, keys included. Never resolves one (see `mlspec.planning`).
Change it when another text of the language may hold placeholders.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from mlspec.diagnostics import Diagnostic
from mlspec.source import Document, Node, inner_span

Path = tuple[str | int, ...]

_READ = frozenset({"run", "with", "description", "env"})
"""Keys of a step below which placeholders are read."""
_READ_WITHIN = frozenset({("cache", "key"), ("approval", "message")})
"""Texts that read them in other keys of a step."""
_CONDITIONS = frozenset({"when", "gate"})
"""Keys of a step that take addresses without brackets: `planning.expressions` says so."""
_TOKEN = re.compile(r"(?<!\$)\$\{\{(?:\s*([A-Za-z_][\w.-]*)\s*\}\})?")
_MOST_FOUND = 500
"""Placeholders that are reported."""
_UNUSED = ("MLS407", "MLS408")
_UNKNOWN = "MLS201"
_INNER = (dict, list)


def find(document: Document) -> list[Diagnostic]:
    """Find the placeholders that nothing reads, each text's first."""
    root = document.root
    if root is None:
        return []
    findings: list[Diagnostic] = []
    seen: set[int] = set()  # an alias, and what a profile has laid over the spec, is one node in several places
    for path, owner, node in _texts(root):
        token = _TOKEN.search(node.value)
        if token is None or id(node) in seen:
            continue
        seen.add(id(node))
        source = document.sources.get(node.file, "")
        span = inner_span(node, *token.span(), source) if node is not owner.keys.get(str(path[-1])) else node.span
        hint = _hint(root, path, token[1] or "", whole=token.span() == (0, len(node.value)))
        message = "a placeholder is not read here"
        findings.append(Diagnostic("MLS318", message, span, hint=hint, path=".".join(map(str, path))))
        if len(findings) == _MOST_FOUND:
            break
    return findings


def among(findings: Sequence[Diagnostic], placeholders: Iterable[Diagnostic]) -> list[Diagnostic]:
    """Both, less what placeholders are the reason of: a wrong form, no such file; what they were to read seems unused.

    Below a key that does not exist it is the key that is wrong.
    """
    unknown = {finding.path for finding in findings if finding.code == _UNKNOWN and "${{" not in (finding.path or "")}
    unread = [each for each in placeholders if not unknown.intersection(_upwards(each.path or ""))]
    places = {each.path for each in unread}
    return [
        *(
            finding
            for finding in findings
            if not places or (finding.code not in _UNUSED and (finding.path not in places or finding.code == "MLS603"))
        ),
        *unread,
    ]


def _upwards(path: str) -> Iterator[str]:
    parts = path.split(".")
    return (".".join(parts[:length]) for length in range(len(parts), 0, -1))


def _texts(root: Node) -> Iterator[tuple[Path, Node, Node]]:
    """Every text with brackets that nothing reads, keys among them: its path, what it is in, and its node."""
    yield from _of_a_spec(root, ())
    profiles = root.get("profiles")
    for name, profile in profiles.value.items() if profiles is not None and isinstance(profiles.value, dict) else ():
        yield from _of_a_spec(profile, ("profiles", name))


def _of_a_spec(top: Node, base: Path) -> Iterator[tuple[Path, Node, Node]]:
    """Of the spec itself, or of a profile, which is laid over it."""
    if not isinstance(top.value, dict):
        return
    yield from _keys(top, base)
    for key, node in top.value.items():
        if key == "profiles" or key.startswith("x-"):
            continue  # `x-…` at the top are the team's own notes, and anchors of texts that stand elsewhere, too
        path = (*base, key)
        if key in ("steps", "finally"):
            yield from _of_steps(node, path)
        elif key == "environments" and isinstance(node.value, dict):
            yield from _of_environments(node, path)
        elif key == "monitor" and isinstance(node.value, dict):
            yield from _keys(node, path)
            for part, child in node.value.items():
                if part == "steps":
                    yield from _of_steps(child, (*path, part))
                elif part != "retrain":
                    yield from _below(node, (*path, part), child)
        else:
            yield from _below(top, path, node)


def _of_environments(environments: Node, base: Path) -> Iterator[tuple[Path, Node, Node]]:
    yield from _keys(environments, base)
    for name, environment in environments.value.items():
        path = (*base, name)
        if not isinstance(environment.value, dict):
            yield from _below(environments, path, environment)
            continue
        yield from _keys(environment, path)
        for key, node in environment.value.items():
            yield from _below(environment, (*path, key), node, values=key != "env")


def _of_steps(steps: Node, base: Path) -> Iterator[tuple[Path, Node, Node]]:
    if not isinstance(steps.value, dict):
        yield from _below(steps, base, steps)
        return
    yield from _keys(steps, base)
    for name, step in steps.value.items():
        path = (*base, name)
        if not isinstance(step.value, dict):
            yield from _below(steps, path, step)
            continue
        yield from _keys(step, path)
        for key, node in step.value.items():
            value = node.value
            if isinstance(value, _INNER):
                if key in _CONDITIONS or _is_plain(value):  # as most are: a closer look takes five times as long
                    continue
                below = _below(step, (*path, key), node, values=key not in _READ)
                yield from (found for found in below if found[0][len(path) :] not in _READ_WITHIN)
            elif isinstance(value, str) and "${{" in value and key not in _READ and key not in _CONDITIONS:
                yield (*path, key), step, node


def _is_plain(inner: object) -> bool:
    """Whether it is a mapping of scalars without brackets."""
    if not isinstance(inner, dict):
        return False
    for key, child in inner.items():
        value = child.value
        if "${{" in key or isinstance(value, _INNER) or (isinstance(value, str) and "${{" in value):
            return False
    return True


def _below(owner: Node, path: Path, node: Node, *, values: bool = True) -> Iterator[tuple[Path, Node, Node]]:
    """The texts of `node`, and the keys; without `values` the keys alone."""
    if isinstance(node.value, str) and values and "${{" in node.value:
        yield path, owner, node
    waiting = [(path, node)] if isinstance(node.value, _INNER) else []
    for path, inner in waiting:  # which grows meanwhile
        if isinstance(inner.value, dict):
            yield from _keys(inner, path)
        for part, child in inner.value.items() if isinstance(inner.value, dict) else enumerate(inner.value):
            if isinstance(child.value, _INNER):
                waiting.append(((*path, part), child))
            elif values and isinstance(child.value, str) and "${{" in child.value:
                yield (*path, part), inner, child


def _keys(node: Node, path: Path) -> Iterator[tuple[Path, Node, Node]]:
    return (((*path, key), node, node.keys[key]) for key in node.value if "${{" in key)


_BY_PROFILE = "write the text itself; what differs stands in a profile, `profiles: {{prod: …}}`, or comes by `--set {place}=…`"


def _hint(root: Node, path: Path, address: str, *, whole: bool) -> str:
    """What works at a place of the spec, instead of a placeholder."""
    profiled, place = path[:1] == ("profiles",), path[2:] if path[:1] == ("profiles",) else path
    inside = _of_step(place)
    if root.get(*path) is None or "${{" in str(path[-1]):
        return "keys are taken as they are: write the key itself"
    if inside[:1] in (("inputs",), ("foreach",), ("needs",)) and len(inside) <= 2 and whole and address:
        if address.split(".")[0] in ("params", "run", "matrix", "item") and inside[0] == "inputs":
            return f"an input is a file or a folder: pass the value with `with: {{{inside[-1]}: ${{{{ {address} }}}}}}`"
        return f"write `{address}`" if inside[0] != "needs" else f"write `{address.split('.')[0]}`"
    if inside[:1] == ("inputs",):
        return "pass the value by `with` and open the file in the step, or name a file for each profile"
    if inside[:1] == ("approval",):
        return "placeholders stand in `with`, `run`, `env` and `description`"
    if place[0] in ("metadata", "governance", "params", "lint", "policies", "include"):
        return "write the text itself: placeholders stand in `with`, `run` and `description` of steps"
    if profiled:
        return "write the text itself: a profile is the place for what differs"
    if inside[:1] in (("matrix",), ("foreach",)):
        name = address.removeprefix("params.") if address.startswith("params.") and address.count(".") == 1 else "name"
        return (
            f"write the values; for a list that each run gives: `foreach: params.{name}`, where `{name}` is a list, and `item`"
        )
    if place == ("store",) and address == "run.id":
        return "leave it out: in the store each run has a folder of its own"
    return _BY_PROFILE.format(place=".".join(_settable(place)))


def _of_step(place: Path) -> Path:
    """The place within a step; nothing elsewhere."""
    place = place[1:] if place[:1] == ("monitor",) else place
    return place[2:] if place[:1] in (("steps",), ("finally",)) else ()


def _settable(place: Path) -> list[str]:
    """As far as `--set` can name it: lists are set as a whole, and so is what has a key with a dot."""
    parts: list[str] = []
    for part in place:
        if isinstance(part, int) or "." in part or "=" in part:
            break
        parts.append(part)
    return parts
