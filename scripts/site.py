"""The hooks of mkdocs: what makes the documents a site that are written to be read on GitHub.

In: mkdocs' own events. Out: pages made of files that lie elsewhere in the repository (the catalogue of findings, the decisions, the
changelog), links between them, diagrams as pictures. Owns which file is which page; writes nothing, loads nothing from the net.
Change it when another file belongs into the site.
"""

from __future__ import annotations

import posixpath
import re
import sys
from pathlib import Path
from typing import Any

from mkdocs.structure.files import File, Files

from mlspec.checking.catalogue import catalogue

sys.path.insert(0, str(Path(__file__).parent))  # mkdocs loads a hook as a module of no package
from diagrams import svg

ROOT = Path(__file__).resolve().parents[1]
DOCS = "docs"
_LINK = re.compile(r"\[((?:[^\[\]]|\[[^\]]*\])*)\]\((?!https?:|mailto:|#)([^)#\s]+)(#[^)\s]*)?\)")

_CELL = re.compile(r"<td( style=\"[^\"]*\")?>((?:<strong>)?(native|emulated|refused|succeeded|failed|skipped|blocked)\b)")


def pages() -> dict[str, str]:
    """The page for each file of the repository that is one and lies outside of `docs`; and the decisions, which lie in it."""
    found = {"CONTRIBUTING.md": "contributing.md", "CHANGELOG.md": "changelog.md", "benchmarks/README.md": "benchmarks.md"}
    for code in catalogue().codes:
        path = catalogue().file(code).resolve()
        if path.is_relative_to(ROOT):
            found[path.relative_to(ROOT).as_posix()] = f"findings/{code}.md"
    return found


def on_config(config: Any) -> Any:
    """List what there is one file of for each decision and each finding."""
    decisions = sorted(Path(config.docs_dir, "decisions").glob("*.md"))
    for section in config.nav:
        for items in section.values() if isinstance(section, dict) else ():
            for item in items:
                if isinstance(item, dict) and item.get("Decisions") == []:
                    item["Decisions"] = [f"decisions/{path.name}" for path in decisions]
                elif isinstance(item, dict) and "Findings" in item:
                    item["Findings"] += sorted(page for page in pages().values() if page.startswith("findings/"))
    return config


def on_files(files: Files, config: Any) -> Files:
    """Add the pages that lie elsewhere."""
    for source, page in pages().items():
        text = (ROOT / source).read_text(encoding="utf-8")
        files.append(File.generated(config, page, content=text))
    return files


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """Lead links to the pages of this site; those to other files of the repository become plain words. Draw diagrams."""
    moved = {page: source for source, page in pages().items()}
    source = moved.get(page.file.src_uri, f"{DOCS}/{page.file.src_uri}")
    return "".join(
        _drawn(part) if part.startswith("```") else _linked(part, source, page.file.src_uri) for part in _parts(markdown)
    )


def on_page_content(html: str, **_: Any) -> str:
    """Let cells of tables be seen that say how a target does something, or how a step ends."""
    return _CELL.sub(r'<td class="\3">\2', html)


def _drawn(block: str) -> str:
    return svg(block) if block.startswith("```mermaid") else block


def _parts(markdown: str) -> list[str]:
    """The text, and the fenced blocks in it, apart."""
    return re.split(r"(^```.*?^```$)", markdown, flags=re.MULTILINE | re.DOTALL)


def _linked(text: str, source: str, page: str) -> str:
    known = pages()

    def target(link: re.Match[str]) -> str:
        path = posixpath.normpath(posixpath.join(posixpath.dirname(source), link[2]))
        place = known.get(path) or (path.removeprefix(f"{DOCS}/") if path.startswith(f"{DOCS}/") else None)
        if place is None:
            return link[1]
        if place == "decisions":
            place = "decisions/" + sorted(path.name for path in (ROOT / DOCS / "decisions").glob("*.md"))[0]
        return f"[{link[1]}]({posixpath.relpath(place, posixpath.dirname(page) or '.')}{link[3] or ''})"

    return _LINK.sub(target, text)
