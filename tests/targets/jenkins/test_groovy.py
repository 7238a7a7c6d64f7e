from __future__ import annotations

import json
import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlspec.targets.jenkins import TARGET
from mlspec.targets.jenkins.groovy import block, comment, literal, unspeakable
from tests.engines import jenkins
from tests.targets.jenkins.plans import AWKWARD, DIAMOND

HOSTILE = [
    "",
    "'",
    "''",
    "'''",
    "a'''\nb'",
    "'\n'",
    "'''\n'''",
    "\\",
    "\\\\",
    "\\'",
    "\\\n",
    "\\u0027",
    "\\\\u0027",
    "\\\\\\u000a",
    "C:\\users\\new",
    '${HOME} $HOME `id` $(id) "q"',
    "a\nb",
    "a\r\nb\r",
    "\n",
    " \t lead and trail \n ",
    "\u2028\u2029\x85\ufeff\u202e\x7f\x1b[0m",
    "é 😀 \U000e0001 ̈ 漢",
    "/* */ // # */",
    "'; rm -rf /; '",
    "-n",
    "!x *",
    "%s %%",
    AWKWARD,
]
TEXTS = st.text(
    st.one_of(
        st.sampled_from("\\'u0123456789abcdef\n\r\t\"$`{}/*"),
        st.characters(exclude_categories=["Cs"], exclude_characters="\x00\uffff"),
    ),
    max_size=40,
)


def through_shell(commands: list[str]) -> list[str]:
    """What `/bin/sh` makes of each word: one process for all of them."""
    script = "".join(f"printf '%s\\0' {command}\n" for command in commands)
    done = subprocess.run(["/bin/sh", "-e"], input=script.encode(), capture_output=True, check=True)
    return done.stdout.decode().split("\0")[:-1]


def quoted_by_the_file(words: list[str]) -> list[str]:
    """The words as the generated `command` quotes them, in Groovy."""
    text = TARGET.emit(DIAMOND)[0].content
    function = text[text.index("def command(") : text.index("\n}\n", text.index("def command("))] + "\n}\n"
    given = "params = [:]\nenv = [BUILD_TAG: 'tag']\nshared = []\nrunStatus = null\n"
    commands = jenkins.evaluate(f"{given}{function}return {lists(words, literal)}.collect {{ command('it', [it]) }}")
    before = "{ set +x; } 2>/dev/null\n'env' 'mlspec' 'exec' '--run-id' 'tag' '--step' 'it' "
    assert all(command.startswith(before) for command in commands)
    return [command.removeprefix(before) for command in commands]


def lists(words: list[str], form: object) -> str:
    return "[" + ", ".join(form(word) for word in words) + "]"  # type: ignore[operator]


@pytest.mark.groovy
@pytest.mark.parametrize("form", [literal, block])
def test_hostile_literals_mean_themselves(form: object) -> None:
    assert jenkins.evaluate(lists(HOSTILE, form)) == HOSTILE


@pytest.mark.groovy
def test_hostile_words_reach_a_process_as_they_are() -> None:
    assert through_shell(quoted_by_the_file(HOSTILE)) == HOSTILE


@pytest.mark.groovy
@settings(max_examples=40, deadline=None)
@given(st.lists(TEXTS, min_size=1, max_size=60))
def test_any_text_survives_groovy_and_the_shell(texts: list[str]) -> None:
    assert jenkins.evaluate(lists(texts, block)) == texts
    assert through_shell(quoted_by_the_file(texts)) == texts


@pytest.mark.groovy
@settings(max_examples=40, deadline=None)
@given(st.lists(TEXTS, min_size=1, max_size=60))
def test_nothing_leaves_a_comment(texts: list[str]) -> None:
    lines = "\n".join(f"// {comment(text)}" for text in [*texts, *HOSTILE])
    assert jenkins.evaluate(f"{lines}\nreturn 1") == 1


@given(TEXTS)
def test_a_literal_is_one_printable_line(text: str) -> None:
    assert literal(text).isprintable()
    assert unspeakable(text) is None


def test_a_block_keeps_its_lines_for_the_reader() -> None:
    assert block("set -u\necho 'x' \\\n  y\n") == "'''\\\nset -u\necho 'x' \\\\\n  y\n'''"
    assert json.loads(literal("a").replace("'", '"')) == "a"
