"""Findings in any of the formats of `--format`.

In: findings, the texts of the files they point to, a format's name. Out: the text to print.
Owns the list of formats; each format is a module of its own, imported when it is asked for. Change it when a format is added.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal, TypeAlias

from mlspec.diagnostics import text
from mlspec.diagnostics.model import Diagnostic

if TYPE_CHECKING:
    from mlspec.diagnostics.explain import Catalogue

Format: TypeAlias = Literal["text", "json", "sarif", "github"]
FORMATS: tuple[Format, ...] = ("text", "json", "sarif", "github")


def render(
    findings: Sequence[Diagnostic],
    sources: text.Sources,
    form: Format,
    *,
    version: str,
    color: bool = False,
    specs: int | None = None,
    catalogue: Catalogue | None = None,
) -> str:
    """Return `findings` in the format `form`.

    `version` is mlspec's own and `catalogue` has the pages of codes, for SARIF; `color` is for text alone; `specs`, for JSON, is
    how many were read.
    """
    match form:
        case "text":
            return text.render(findings, sources, color=color)
        case "json":
            from mlspec.diagnostics import as_json

            return as_json.render(findings, specs)
        case "sarif":
            from mlspec.diagnostics import sarif

            return sarif.render(findings, version, catalogue)
        case "github":
            from mlspec.diagnostics import github

            return github.render(findings)
