"""Values of secrets are masked however a stream is cut, and nothing else is."""

from __future__ import annotations

import base64
import itertools
import json
import textwrap
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mlspec.exec.masking import SHORTEST, Masker, gives_away

VALUES = st.lists(st.one_of(st.text("ab1\n", min_size=1, max_size=6), st.text(min_size=1, max_size=9)), min_size=1, max_size=3)


def fed(masker: Masker, content: bytes, cuts: list[int]) -> bytes:
    places = [0, *sorted(cut % (len(content) + 1) for cut in cuts), len(content)]
    parts = [masker.feed(content[start:stop]) for start, stop in itertools.pairwise(places)]
    return b"".join(parts) + masker.flush()


@given(VALUES, st.data(), st.lists(st.integers(0, 10_000), max_size=12))
@example(["aba", "ba1"], None, [2])
def test_it_does_not_matter_how_a_stream_is_cut(values: list[str], data: st.DataObject | None, cuts: list[int]) -> None:
    pieces = st.one_of(st.sampled_from(values), st.text("ab1\n", max_size=5))
    text = "".join(data.draw(st.lists(pieces, max_size=8))) if data else "xaba1aba"
    content = text.encode("utf-8", "surrogatepass")
    whole = fed(Masker(values), content, [])
    assert fed(Masker(values), content, cuts) == whole
    assert fed(Masker(values), content, list(range(len(content)))) == whole
    for value in values:
        if len(value) >= SHORTEST and not {"\r", "\n", "*"} & set(value):
            assert value.encode("utf-8", "surrogatepass") not in whole


@pytest.mark.parametrize("end", ["\n", "\r", "\r\n", "\n\n"])
def test_an_end_of_line_is_not_part_of_a_value(end: str) -> None:
    assert Masker([f"abc{end}"]).mask(f"it is abc{end}") == f"it is ***{end}"


@given(st.text(min_size=5, max_size=40).filter(lambda value: value.strip() == value), st.text(max_size=7), st.booleans())
def test_base64_alone_and_behind_a_user(value: str, user: str, urlsafe: bool) -> None:
    """What is left of it tells at most a few bits at either edge."""
    raw = value.encode()
    encode = base64.urlsafe_b64encode if urlsafe else base64.b64encode
    masker = Masker([value])
    assert encode(raw) not in fed(masker, b"x " + encode(raw) + b" y", [3])
    before = f"{user}:".encode()
    token = encode(before + raw)
    shown = fed(masker, b"Basic " + token + b"\n", [9, 12]).removeprefix(b"Basic ").rstrip(b"=\n")
    assert b"***" in shown
    assert len(shown.replace(b"***", b"")) <= len(before) * 8 // 6 + 1


@given(
    st.text("abcXYZ019_+/é", min_size=20, max_size=120),
    st.text("user", max_size=60),
    st.sampled_from([64, 76]),
    st.sampled_from(["\n", "\r\n"]),
)
def test_base64_behind_a_user_in_lines(value: str, user: str, width: int, end: str) -> None:
    """As `base64` and `encodebytes` write it: of no line is more left than what is beside the value, and a few characters."""
    before = f"{user}:".encode()
    code = base64.b64encode(before + value.encode()).decode()
    lines = [code[place : place + width] for place in range(0, len(code), width)]
    shown = Masker([value]).mask(end.join(lines) + end)
    left = shown.replace("***", "").replace(end, "").rstrip("=")
    assert len(left) <= len(before) * 8 // 6 + 1 + 5


@pytest.mark.parametrize(
    "value", ["hunter2", "pässwörd", "-----BEGIN KEY-----\nabcdefgh\nijk\n-----END KEY-----\n", 'a"b\\c' * 40]
)
def test_forms(value: str) -> None:
    masker = Masker([value])
    lines = [line for line in value.splitlines() if len(line) > 3]
    for text in (value, json.dumps(value), json.dumps({"v": value}), f"psql://u:{value}@h"):
        shown = masker.mask(text)
        assert not [line for line in lines if line in shown or json.dumps(line)[1:-1] in shown]
    code = base64.b64encode(value.encode()).decode()
    for text in (code, "\n".join(textwrap.wrap(code, 76)), "\n".join(textwrap.wrap(code, 64))):
        assert set(masker.mask(text)) <= set("*\n=")


def test_a_line_is_not_held_back_and_no_more_than_the_beginning_of_a_value() -> None:
    masker = Masker(["hunter2"])
    assert masker.feed(b"the password is hunt\n") == b"the password is hunt\n"
    assert masker.feed(b"Password: ") == b"Password: "
    assert masker.feed(b"is hun") == b"is "
    assert masker.feed(b"ter") == b""
    assert masker.feed(b"2!") == b"***!"
    assert masker.feed(b"hu") == b""
    assert masker.feed(b"ge") == b"huge"
    assert masker.feed(b"hunt") == b""
    assert masker.flush() == b"hunt"


def test_nothing_is_masked_without_a_value_that_can_be_told() -> None:
    assert not Masker([])
    assert Masker(["", "7", "ok"]).mask("7 is ok") == "7 is ok"
    assert Masker(["hunter2"]).mask("a\udcffb") == "a\udcffb"


@pytest.mark.parametrize("value", ["p@ss/w0rd+xyz", "a b&c", "gr\u00fc\u00dfe/1"])
def test_a_value_in_a_url_is_masked(value: str) -> None:
    masker = Masker([value])
    for written in {quote(value, safe=""), quote(value), quote_plus(value), quote(value, safe="").lower()}:
        assert masker.mask(f"https://me:{written}@host/") == "https://me:***@host/"


@pytest.mark.parametrize(
    ("text", "value", "told"),
    [
        ("as3cr3t-token!", "s3cr3t-token", True),
        ("analytics_prod", "analytics", False),
        ("postgresql://db", "postgres", False),
        ("postgres://analytics@db", "analytics", True),
        ("analytics", "analytics", True),
        ("hunter2", "hunter2", False),
    ],
)
def test_what_gives_a_value_away(text: str, value: str, told: bool) -> None:
    assert gives_away(text, value) is told
