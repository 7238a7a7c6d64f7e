"""Any text at all: no traceback, findings in their places, the same each time; what is sound compiles."""

from __future__ import annotations

import contextlib
import io
from pathlib import Path

from hypothesis import assume, event, example, given
from hypothesis import strategies as st

from mlspec import api
from mlspec.cli.main import main
from tests.fuzz.amount import share
from tests.fuzz.properties import compiles, survives
from tests.fuzz.texts import HEAD, SIGNS, mutated, sound, spoilt, wrong

FORMATS = st.sampled_from(["text", "json", "sarif", "github"])


@share(0.3)
@given(mutated())
@example("")
@example("\ufeff")
@example("a: " * 3)
def test_what_was_a_spec(text: str) -> None:
    survives(text)


@share(0.2)
@given(wrong())
def test_lifecycles_by_the_schema(text: str) -> None:
    event("plan" if survives(text).plan is not None else "no plan")


@share(0.2)
@given(spoilt())
def test_lifecycles_with_a_few_wrong_values(text: str) -> None:
    event("plan" if survives(text).plan is not None else "no plan")


@share(0.08)
@given(st.lists(st.sampled_from(SIGNS), max_size=25))
def test_signs(signs: list[str]) -> None:
    survives("".join(signs))
    survives(HEAD + "steps:\n  train:\n    run: " + "".join(signs))


@share(0.02)
@given(sound())
def test_sound_lifecycles_compile(text: str) -> None:
    checked = survives(text)
    event("plan" if checked.plan is not None else "no plan")
    if checked.plan is not None:
        compiles(checked.plan)


@share(0.05)
@given(st.one_of(mutated(), wrong(), spoilt()))
def test_the_same_text_gives_the_same_findings(text: str) -> None:
    first, second = (api.check("mlspec.yaml", text=text) for _ in range(2))
    assert first.findings == second.findings
    assert repr(first.plan) == repr(second.plan), "as text: NaN is not equal to itself"
    if first.plan is not None:
        compiles(first.plan)


@share(0.03)
@given(st.one_of(mutated(), wrong(), spoilt()), FORMATS, st.booleans())
def test_the_command_ends_with_0_or_1(text: str, form: str, strict: bool) -> None:
    Path("given.yaml").write_bytes(text.encode("utf-8", "surrogatepass"))
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        status = main(["validate", "given.yaml", "--format", form, *(["--strict"] if strict else [])])
    assert status in (0, 1), err.getvalue()
    assert err.getvalue() == ""


@share(0.02)
@given(st.binary(max_size=60), st.sampled_from([b"", HEAD.encode(), b"\xff\xfe", b"\xef\xbb\xbf"]))
def test_any_bytes(data: bytes, before: bytes) -> None:
    Path("given.yaml").write_bytes(before + data)
    assume(b"\r" not in data)
    checked = api.check("given.yaml")
    assert checked.plan is None or checked.findings == [] or all(f.severity == "warning" for f in checked.findings)
