"""`--format text`: the form people read, byte for byte."""

from __future__ import annotations

import textwrap

from mlspec.diagnostics import Diagnostic, Related, Span
from mlspec.diagnostics.text import render, summary

SPEC = "steps:\n  train:\n    retires: 3\n    run: 训练 x\n"
BASE = "store: a\nstore: b"


def finding(line: int, column: int, length: int, **more: object) -> Diagnostic:
    span = Span("mlspec.yaml", line, column, line, column + length)
    return Diagnostic(**{"code": "MLS204", "message": "unknown key `retires` in a step", "span": span, **more})  # type: ignore[arg-type]


def test_one_finding_whole() -> None:
    related = Related(Span("base.yaml", 2, 1, 2, 6), "set here")
    hint = "did you mean `retry`?\nretries are counted by `limit`"
    found = finding(3, 5, 7, hint=hint, path="steps.train", related=(related,))
    assert render([found], {"mlspec.yaml": SPEC, "base.yaml": BASE}) == textwrap.dedent("""\
        mlspec.yaml:3:5: error MLS204: unknown key `retires` in a step
          |
        3 |     retires: 3
          |     ^^^^^^^
          = did you mean `retry`?
            retries are counted by `limit`
          = at steps.train
        base.yaml:2:1: note: set here
          |
        2 | store: b
          | ^^^^^

        1 error in 1 file
        """)


def test_no_findings_no_text() -> None:
    assert render([], {}) == ""


def test_findings_are_sorted_and_told_once() -> None:
    late, early = finding(4, 5, 3, code="MLS301", severity="warning"), finding(3, 5, 7)
    text = render([late, early, early], {})
    assert text == (
        "mlspec.yaml:3:5: error MLS204: unknown key `retires` in a step\n\n"
        "mlspec.yaml:4:5: warning MLS301: unknown key `retires` in a step\n\n"
        "1 error, 1 warning in 1 file\n"
    )


def test_the_gutter_is_as_wide_as_the_line_number() -> None:
    text = render([finding(1000, 1, 3, hint="h")], {"mlspec.yaml": "\n" * 999 + "abc"})
    assert text.split("\n")[1:5] == ["     |", "1000 | abc", "     | ^^^", "     = h"]


def test_a_finding_at_the_end_of_the_file() -> None:
    text = render([finding(5, 1, 0)], {"mlspec.yaml": SPEC})
    assert text.split("\n")[1:4] == ["  |", "5 |", "  | ^"]


def test_a_finding_in_an_empty_file() -> None:
    assert "1 |\n  | ^\n" in render([finding(1, 1, 0)], {"mlspec.yaml": ""})


def test_a_file_that_changed_since_is_not_quoted() -> None:
    assert render([finding(9, 1, 0)], {"mlspec.yaml": SPEC}).count("\n") == 3


def test_sources_may_be_read_when_needed_and_once() -> None:
    asked: list[str] = []

    def read(file: str) -> str | None:
        asked.append(file)
        return SPEC

    render([finding(3, 5, 7), finding(4, 5, 3)], read)
    assert asked == ["mlspec.yaml"]


def test_windows_line_ends_leave_no_trace() -> None:
    assert render([finding(3, 5, 7)], {"mlspec.yaml": SPEC.replace("\n", "\r\n")}) == render(
        [finding(3, 5, 7)], {"mlspec.yaml": SPEC}
    )


def test_no_part_of_a_finding_reaches_the_terminal_raw() -> None:
    evil = "\x1b]0;owned\x07\r\n\u202e"
    span = Span(f"m{evil}.yaml", 1, 1, 1, 2)
    found = Diagnostic("MLS204", evil, span, hint=evil, path=evil, related=(Related(span, evil),))
    text = render([found], lambda _: evil)
    assert "\x1b" not in text
    assert "\r" not in text
    assert "\u202e" not in text


def test_colour_only_when_asked_and_only_added() -> None:
    found = finding(3, 5, 7, hint="h", path="p", related=(Related(Span("mlspec.yaml", 1, 1, 1, 6), "note"),))
    plain, coloured = (render([found], {"mlspec.yaml": SPEC}, color=color) for color in (False, True))
    assert "\x1b" not in plain
    stripped = coloured
    for code in ("1;31", "1;36", "1", "34", "0"):
        assert f"\x1b[{code}m" in coloured
        stripped = stripped.replace(f"\x1b[{code}m", "")
    assert stripped == plain


def test_summary_counts_in_words() -> None:
    warning = finding(1, 1, 1, severity="warning")
    assert summary([finding(1, 1, 1)] * 2 + [warning]) == "2 errors, 1 warning in 1 file"
    assert summary([warning, warning]) == "2 warnings in 1 file"
