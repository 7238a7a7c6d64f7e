"""A spec file with its includes, a profile and `--set`, as one tree.

In: a project and a path in it, the name of a profile, `key=value` texts. Out: a `Document`: the tree, every text it came from,
findings. Owns the order of the layers: includes, the file, the profile, `--set`. The only place that reads spec files; never
judges what they say. Change it when there is a new layer.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path, PurePath
from types import NoneType

from mlspec.diagnostics import Diagnostic, Related, Span
from mlspec.diagnostics.nearest import nearest
from mlspec.diagnostics.snippet import lines_of
from mlspec.source.merge import merge, wrap
from mlspec.source.node import Node, Point
from mlspec.source.project import FolderProject, Project, ProjectError, TooLargeError
from mlspec.source.reader import MAX_CHARACTERS, MAX_DEPTH, read

MAX_INCLUDES = 100
"""Files that a spec may be made of, all together."""
MAX_BYTES = 4 * MAX_CHARACTERS
"""Of one of them: no character has more than four."""


@dataclass(slots=True)
class Document:
    """A merged spec. `root` is None when no part of it could be read as a mapping."""

    file: str
    """What findings call the spec file: its path as given, or what the project calls it."""
    name: str
    """The file's name in its folder."""
    project: Project
    """The files beside it: what the spec's own paths are relative to."""
    layers: tuple[str, ...] = ()
    """The arguments of a command line that lay the profile and the values over the file."""
    profile: str | None = None
    """The profile that is laid over the file."""
    base: Node | None = None
    """The tree without the profile and the values."""
    root: Node | None = None
    sources: dict[str, str] = field(default_factory=dict)
    parts: dict[str, Node] = field(default_factory=dict)
    """The tree of each file, before it is merged."""
    folders: dict[str, str] = field(default_factory=dict)
    """Where each included file is, relative to the spec: what it names stands beside it."""
    private: set[str] = field(default_factory=set)
    """Files whose lines no finding may show: included, and no part of a spec, or reached by a link that leads out."""
    include_roots: tuple[str | Path, ...] = ()
    """Folders that files may be included from, beside the project's own."""
    findings: list[Diagnostic] = field(default_factory=list)

    @property
    def shown(self) -> dict[str, str]:
        """The texts that findings may show lines of."""
        return {name: text for name, text in self.sources.items() if name not in self.private}

    @property
    def folder(self) -> Path:
        """The project root on disk: where the spec file is. Raises `ProjectError` where it is not on disk."""
        if self.project.folder is None:
            raise ProjectError(f"{self.file} is not on disk: there is no folder to run or write in")
        return self.project.folder


def assemble(
    path: str | Path,
    *,
    profile: str | None = None,
    sets: Iterable[str] = (),
    include_roots: Iterable[str | Path] = (),
    text: str | None = None,
    project: Project | None = None,
) -> Document:
    """Read and merge; whatever is wrong is in the document's findings.

    `text` stands for the content of the file. `path` is one in `project`, where that is given.
    """
    folder, name = PurePath(path).parent, PurePath(path).name
    beside = FolderProject(str(folder)) if project is None else project.below(str(folder))
    from_here = project is None or (project.folder is not None and project.prefix == ".")
    file = str(path) if from_here else beside.name(name)  # findings say it as it was typed
    sets = tuple(sets)
    named = ("--profile", profile) if profile is not None else ()
    layers = (*named, *(word for assignment in sets for word in ("--set", assignment)))
    document = Document(file, name, beside, layers, profile, include_roots=tuple(include_roots))
    if text is None and beside.leads_out(name, document.include_roots):
        document.private.add(file)  # as when somebody's change made the spec a link to a key
    root = _load(document, PurePath(name), file, [], text)
    if root is None:
        return document
    document.base = root
    if profile is not None:
        root = _with_profile(document, root, profile)
    for number, assignment in enumerate(sets):
        root = _with_assignment(document, root, assignment, number)
    document.root = root
    return document


def _load(document: Document, path: PurePath, name: str, chain: list[str], text: str | None = None) -> Node | None:
    """Read one file and lay it over what it includes."""
    if text is None:
        text = _read_text(document, path, name)
    if text is None:
        return None
    text = text.removeprefix("\ufeff")
    document.sources[name] = text
    root, findings = read(text, name)
    document.findings += findings
    if chain and (root is None or not isinstance(root.value, dict)):
        document.private.add(name)
    if any(finding.code == "MLS101" for finding in findings):
        return None
    if root is None or not isinstance(root.value, dict):
        if not findings:
            document.findings.append(_no_mapping(root, name))
        return None
    document.parts[name] = root
    includes = root.value.get("include")
    if includes is None:
        return root
    if chain:
        _check_includes(document, includes)
    base = _includes(document, includes, path, [*chain, document.project.identity(str(path))])
    if base is None:
        return root
    return _lay(base, root)


def _no_mapping(root: Node | None, name: str) -> Diagnostic:
    hint = "start with `apiVersion: mlspec/v1`; `mlspec init` writes a working spec"
    if root is None or root.value is None:
        return Diagnostic("MLS109", "the file is empty", Span(name, 1, 1, 1, 1), hint=hint)
    kind = "a list" if isinstance(root.value, list) else "a single value"
    return Diagnostic("MLS109", f"the file is {kind}; a spec is a mapping", root.span, hint=hint)


def _read_text(document: Document, path: PurePath, name: str) -> str | None:
    top = Span(name, 1, 1, 1, 1)
    try:
        data = document.project.read(str(path), MAX_BYTES)
    except TooLargeError as error:
        message = f"the file has {error.size:,} bytes; at most {MAX_BYTES:,} are read"
        document.findings.append(Diagnostic("MLS102", message, top))
        return None
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        document.findings.append(Diagnostic("MLS100", f"the file cannot be read: {reason}", top))
        return None
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        before = lines_of(data[: error.start].decode("utf-8", "replace"))
        line, column = len(before), len(before[-1]) + 1
        document.sources[name] = data.decode("utf-8", "replace")
        if name != document.file:
            document.private.add(name)
        place = Span(name, line, column, line, column + 1)
        message = f"the byte 0x{data[error.start]:02X} is not UTF-8"
        document.findings.append(Diagnostic("MLS101", message, place, hint="save the file as UTF-8"))
        return None


def _check_includes(document: Document, includes: Node) -> None:
    """Report a wrong `include` of an included file; that of the spec itself takes its place before the spec is validated."""
    wrong = includes.value if isinstance(includes.value, list) else None
    items = [includes] if wrong is None else [item for item in wrong if not isinstance(item.value, str)]
    expected = "a list" if wrong is None else "text"
    for item in items:
        document.findings.append(
            Diagnostic(
                "MLS203", f"expected {expected}: `include` names files", item.span, hint="write [base.yaml]", path="include"
            )
        )


def _includes(document: Document, includes: Node, path: PurePath, chain: list[str]) -> Node | None:
    """Merge the included files in order. A wrong type is left for the spec's own validation to report."""
    items = includes.value if isinstance(includes.value, list) else []
    base: Node | None = None
    for count, item in enumerate(items):
        if not isinstance(item.value, str) or "\0" in item.value:
            continue
        if count >= MAX_INCLUDES or len(document.sources) > MAX_INCLUDES:
            message = f"more than {MAX_INCLUDES} files are included"
            document.findings.append(Diagnostic("MLS111", message, item.span, hint="merge some of them"))
            break
        target = path.parent / item.value
        if document.project.leads_out(str(target), document.include_roots):
            document.findings.append(_outside(item))
            continue
        if document.project.identity(str(target)) in chain:
            message = f"`{item.value}` includes itself" if len(chain) == 1 else f"`{item.value}` leads back to itself"
            document.findings.append(Diagnostic("MLS111", message, item.span, hint="remove one include of the circle"))
            continue
        if not document.project.is_file(str(target)):
            message, hint = f"there is no file `{item.value}`", _file_hint(document.project, target)
            if document.project.exists(str(target)):  # a folder, a pipe
                message, hint = f"`{item.value}` is no file", "name a file of YAML"
            document.findings.append(Diagnostic("MLS110", message, item.span, hint=hint))
            continue
        document.folders[document.project.name(str(target))] = str(target.parent)
        part = _load(document, target, document.project.name(str(target)), chain)
        if part is not None:
            base = _lay(base, part)
    return base


OUTSIDE_HINT = (
    "the project is the git work tree, or without git the folder, that the spec is in; "
    "copy the file there or allow its folder: --include-root DIR"
)
"""What to do where a file that is read to compile a spec lies outside of its project."""


def _outside(item: Node) -> Diagnostic:
    return Diagnostic("MLS115", f"`{item.value}` lies outside the project", item.span, hint=OUTSIDE_HINT)


def _file_hint(project: Project, target: PurePath) -> str | None:
    close = nearest(target.name, project.entries(str(target.parent)))
    return f"did you mean `{close}`?" if close else "the path is relative to the file that includes it"


def _with_profile(document: Document, root: Node, profile: str) -> Node:
    profiles = root.get("profiles")
    patch = root.get("profiles", profile)
    if patch is None or not isinstance(patch.value, dict):
        known = sorted(profiles.value) if profiles is not None and isinstance(profiles.value, dict) else []
        close = nearest(profile, known)
        hint = f"did you mean `{close}`?" if close else f"known: {', '.join(known)}" if known else None
        span = root.key_span("profiles") if profiles is not None else Span(document.file, 1, 1, 1, 1)
        document.findings.append(Diagnostic("MLS112", f"there is no profile `{profile}`", span, hint=hint))
        return root
    return _lay(root, patch)


def _with_assignment(document: Document, root: Node, assignment: str, number: int) -> Node:
    """Lay one `a.b.c=value` over the tree. The value is read as YAML, so numbers and lists keep their types."""
    file = f"--set[{number}]"
    document.sources[file] = assignment
    path, equals, text = assignment.partition("=")
    parts = tuple(part.strip() for part in path.split("."))
    whole = Span(file, 1, 1, 1, len(lines_of(assignment)[0]) + 1)
    if not equals or not all(parts) or not path.isprintable() or len(parts) > MAX_DEPTH:
        message = f"`{assignment}` sets nothing"
        document.findings.append(Diagnostic("MLS113", message, whole, hint="write steps.train.with.depth=6"))
        return root
    padded = " " * (len(path) + 1) + text
    leaf, findings = read(padded, file)
    document.findings += findings
    if findings:
        return root
    if leaf is None:
        leaf = Node(text, file, Point(0, len(path) + 1), Point(0, len(assignment)))
    key = Node(path, file, Point(0, 0), Point(0, len(path)))
    blocked = _scalar_on_the_way(root, parts)
    if blocked is not None:
        prefix, node = blocked
        message = f"`{prefix}` is a value, not a mapping: nothing can be set below it"
        related = (Related(node.span, "written here"),)
        document.findings.append(Diagnostic("MLS113", message, key.span, related=related))
        return root
    return _lay(root, wrap(parts, key, leaf))


def _scalar_on_the_way(root: Node, parts: tuple[str, ...]) -> tuple[str, Node] | None:
    node: Node | None = root
    for depth, part in enumerate(parts[:-1]):
        node = node.get(part) if node is not None else None
        if node is not None and not isinstance(node.value, dict):
            return ".".join(parts[: depth + 1]), node
    return None


def _lay(base: Node | None, patch: Node) -> Node:
    """Merge, but a plain value over a parameter in its long form sets the default: its limits stay."""
    params, known = patch.get("params"), base.get("params") if base is not None else None
    if params is None or known is None or not isinstance(params.value, dict) or not isinstance(known.value, dict):
        return merge(base, patch)
    value = dict(params.value)
    for name, child in params.value.items():
        if isinstance(getattr(known.value.get(name), "value", None), dict) and not isinstance(child.value, dict | NoneType):
            key = params.keys[name]
            value[name] = Node({"default": child}, child.file, child.start, child.end, {"default": key})
    sections = {**patch.value, "params": Node(value, params.file, params.start, params.end, params.keys)}
    return merge(base, Node(sections, patch.file, patch.start, patch.end, patch.keys))
