"""What must hold for any text at all.

In: a text, a profile, settings. Out: nothing, or an assertion that fails. Owns the list of properties.
Never makes a text. Change it when something else must hold for every spec.
"""

from __future__ import annotations

import ast
import cProfile
import json

import yaml

from mlspec import __version__, api
from mlspec.checking import Checked
from mlspec.diagnostics import Diagnostic, Span
from mlspec.diagnostics.render import FORMATS, Format, render
from mlspec.diagnostics.snippet import lines_of
from mlspec.ir.model import Plan
from mlspec.targets.base import targets

CALLS = 1_000_000
"""Of Python functions, for one spec of a few kilobytes: the first one takes a tenth, with its imports, later ones a hundredth.

Calls are the same on every machine; a second of processor time is not.
"""


def survives(text: str, *, profile: str | None = None, sets: tuple[str, ...] = ()) -> Checked:
    """Check a text; findings lie in their files, text and one more format show them, and it takes little work."""
    with cProfile.Profile(subcalls=False, builtins=False) as work:
        checked = api.check("mlspec.yaml", text=text, profile=profile, sets=sets)
        forms: tuple[Format, ...] = ("text", FORMATS[1 + len(text) % (len(FORMATS) - 1)])
        shown = {form: render(checked.findings, checked.document.sources, form, version=__version__) for form in forms}
    assert sum(function.callcount for function in work.getstats()) < CALLS
    for finding in checked.findings:
        for span in (finding.span, *(related.span for related in finding.related)):
            lies_inside(span, checked.document.sources)
    for form in forms:
        is_shown(checked.findings, shown[form], form)
    assert (checked.plan is None) == any(finding.severity == "error" for finding in checked.findings)
    return checked


def lies_inside(span: Span, sources: dict[str, str]) -> None:
    """A span begins in its file, ends there and not before it began; a caret may stand for the end of a line."""
    if span.file not in sources:  # a file that cannot be read or is no text
        assert (span.line, span.column) == (1, 1)
        return
    lines = lines_of(sources[span.file])
    assert (span.line, span.column) <= (span.end_line, span.end_column), span
    assert 1 <= span.line <= span.end_line <= len(lines), span
    assert 1 <= span.column <= len(lines[span.line - 1]) + 1, span
    assert 1 <= span.end_column <= len(lines[span.end_line - 1]) + 2, span


def is_shown(findings: list[Diagnostic], shown: str, form: Format) -> None:
    """A format shows all findings, in its own syntax, and lets no character of a file act on a terminal."""
    assert shown.replace("\n", "").isprintable()
    match form:
        case "json":
            assert len(json.loads(shown)["findings"]) == len(findings)
        case "sarif":
            assert len(json.loads(shown)["runs"][0]["results"]) == len(findings)
        case "github":
            assert [line.split(" ")[0] for line in shown.splitlines()] == [f"::{finding.severity}" for finding in findings]
        case "text":
            assert shown.count("error ") >= sum(finding.severity == "error" for finding in findings)


def compiles(plan: Plan) -> None:
    """Every target compiles the plan, twice to the same bytes and to a text of its language, or says why not."""
    for name, target in targets().items():
        files, findings = api.emit(plan, target)
        again, _ = api.emit(plan, target)
        assert files == again
        assert files is not None or any(finding.severity == "error" for finding in findings)
        for file in files or ():
            file.content.encode()
            if file.path.endswith(".py"):
                ast.parse(file.content)
            elif file.path.endswith((".yaml", ".yml")):
                list(yaml.load_all(file.content, Loader=yaml.CSafeLoader))
            assert file.content.strip(), f"{name} wrote an empty {file.path}"
