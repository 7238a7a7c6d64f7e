"""Whatever a spec, a file or a step says, nothing that shows it obeys it."""

from __future__ import annotations

import json
import re
import unicodedata
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mlspec import api
from mlspec.cli.live import Live
from mlspec.cli.progress import Progress
from mlspec.diagnostics import Diagnostic, Related, Span
from mlspec.diagnostics.printable import in_json, inert, lines, printed
from mlspec.diagnostics.render import FORMATS, render
from mlspec.engine.events import ApprovalWanted, StepEnded, StepOutput, StepStarted
from mlspec.ir.bodies import Shell
from mlspec.ir.model import Plan
from mlspec.report import FORMS
from mlspec.report import render as render_plan

HOSTILE = [
    "\x1b",
    "\x1b]0;t\x07",
    "\r",
    "\n",
    "\0",
    "\u202e",
    "\u2066",
    "\x9b",
    "\x85",
    "\u2028",
    "\x7f",
    "::error::",
    "::set-output name=x::",
]
HOSTILE += [
    "##[add-path]",
    "##vso[task.setvariable]",
    "%0A",
    "</text>",
    "<script>",
    '"',
    "\\",
    "%%{init:{}}%%",
    " ",
    "a",
    "é",
    "\ud800",
]
TEXTS = st.lists(st.sampled_from(HOSTILE) | st.text(max_size=4), min_size=1, max_size=6).map("".join)


def assert_nothing_is_obeyed(shown: str, *, tabs: bool = False) -> None:
    for character in shown:
        if character not in ("\n\t" if tabs else "\n"):
            assert unicodedata.category(character) not in ("Cc", "Cf", "Cs", "Zl", "Zp"), ascii(shown)


def assert_no_command(shown: str) -> None:
    assert not any(line.lstrip().startswith("::") for line in shown.splitlines()), ascii(shown)
    assert not re.search(r"##(\[|vso\[)", shown), ascii(shown)


@given(code=st.just("MLS501"), words=TEXTS, hint=st.none() | TEXTS, file=TEXTS, path=TEXTS, source=TEXTS)
def test_findings(code: str, words: str, hint: str | None, file: str, path: str, source: str) -> None:
    place = Span(file, 1, 1, 1, 2)
    found = Diagnostic(code, words, place, hint=hint, related=(Related(place, words),), path=path)
    for form in FORMATS:
        shown = render([found], {file: source}, form, version="1")
        assert_nothing_is_obeyed(shown)
        if form == "text":
            assert_no_command(shown)
        if form == "github":
            assert len(shown.splitlines()) == 1
            assert shown.startswith("::error file=")
        if form == "sarif":
            result = json.loads(shown)["runs"][0]["results"][0]
            for text in (result["message"]["text"], result["relatedLocations"][0]["message"]["text"]):
                assert_nothing_is_obeyed(text)
                assert_no_command(text)


@pytest.fixture(scope="module")
def plan(tmp_path_factory: pytest.TempPathFactory) -> Plan:
    spec = tmp_path_factory.mktemp("project") / "mlspec.yaml"
    spec.write_text(
        "apiVersion: mlspec/v1\nkind: Lifecycle\nmetadata: {name: demo, description: d}\nparams: {p: text}\n"
        "steps: {first: {run: 'true'}, last: {run: 'true', needs: [first]}}\nfinally: {tidy: {run: 'true'}}\n"
    )
    return api.plan(api.load(spec))


def with_texts(plan: Plan, text: str) -> Plan:
    """The plan with `text` wherever a spec, checked or not, might get it in."""
    first, last = plan.steps
    name = f"first[{text}]"
    first = replace(first, id=name, body=Shell(f"echo {text}"), description=text, when=text)
    last = replace(last, upstream=(name,), body=Shell(f"echo {text}"))
    params = tuple(replace(parameter, default=text, description=text) for parameter in plan.params)
    return replace(plan, lifecycle=text, description=text, owners=(text,), spec_file=text, steps=(first, last), params=params)


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(text=TEXTS)
def test_plans(plan: Plan, text: str) -> None:
    for form in FORMS:
        shown = render_plan(with_texts(plan, text), form)
        document = form == "html"  # in which joiners and tabs stay
        assert_nothing_is_obeyed(re.sub("[\u200c\u200d]", "", shown) if document else shown, tabs=document)
        assert_no_command(shown) if form == "text" else None
        match form:
            case "json":
                assert json.loads(shown)["steps"][0]["when"] == text
            case "svg":
                ElementTree.fromstring(shown)
            case "html":
                assert "<script>" not in shown
            case "mermaid":
                assert "%%{" not in shown


@given(text=TEXTS)
def test_one_line_a_program_printed(text: str) -> None:
    shown = printed(text)
    kept = shown.replace("\u200c", "").replace("\u200d", "")
    assert_nothing_is_obeyed(kept, tabs=True)
    assert_no_command(shown)
    assert inert(shown) == shown


def test_colours_are_dropped_and_words_kept() -> None:
    assert printed("\x1b[1;31mloss\x1b[0m\t0.5 €\u00a0\x1b[2K") == "loss\t0.5 €\u00a0␛[2K"
    assert lines("a\r\n  ::error::b\n##[add-path]c") == "a␍\n  : :error::b\n# #[add-path]c"


@given(value=st.text())
def test_json_keeps_its_value(value: str) -> None:
    text = in_json(json.dumps(value, ensure_ascii=False))
    assert json.loads(text) == value
    assert text.isprintable()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(text=TEXTS, verbose=st.booleans(), status=st.sampled_from(["succeeded", "failed"]))
def test_the_progress_of_a_run(plan: Plan, text: str, verbose: bool, status: str, capsys: pytest.CaptureFixture[str]) -> None:
    live = Live(enabled=False, colour=False)
    progress = Progress(with_texts(plan, text), Path("project"), lambda option: text, live, verbose=verbose, quiet=False)
    step = f"first[{text}]"
    events: list[Any] = [
        StepStarted(step),
        StepOutput(step, text),
        ApprovalWanted(step, text, (text,), None, text, text),
        StepEnded(step, "failed", error=text, log=text),
    ]
    for event in events:
        progress(event)
    made = {"model": {"type": "model", "uri": text}}
    progress.summary(
        SimpleNamespace(
            status=status, run_id=text, steps={step: SimpleNamespace(status="succeeded", outputs=made)}, warnings=(text,)
        )
    )  # type: ignore[arg-type]
    shown = capsys.readouterr().out
    assert_nothing_is_obeyed(shown.replace("\u200c", "").replace("\u200d", ""), tabs=True)
    assert_no_command(shown)
