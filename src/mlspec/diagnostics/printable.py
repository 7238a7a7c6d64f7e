"""Text of others, made safe to show: on a terminal, in the log of a CI service, in a picture or a document.

In: what a spec, a file or a step says. Out: the same with every character that something might obey spelt out. Owns which characters
those are and what commands in logs look like; never colours, never quotes for a language.
Change it when a reader of output obeys something new.
"""

from __future__ import annotations

import json
import re
import unicodedata
from typing import Any

_CONTROL_PICTURES = 0x2400
_JOINERS = "\u200c\u200d"
"""Of letters in Persian and of emoji: they change nothing but how their neighbours look."""
_OBEYED = {"Cc", "Cf", "Cs", "Zl", "Zp"}
"""Controls of C0 and C1, those of direction, halves of characters, separators of lines."""
_COLOUR = re.compile(r"\x1b\[[0-9;:]*m")
_COMMAND = re.compile(r"^([^\S\n]*):(?=:)", re.MULTILINE)
_OLD_COMMAND = re.compile(r"##(?=\[|vso\[)")
_NOT_ASCII = re.compile(r"[^\x00-\x7e]")


def visible(text: str) -> str:
    """Return `text` with every character that a terminal might obey, or that nobody can see, spelt out."""
    return text if text.isprintable() else "".join(shown(character) for character in text)


def word(text: str) -> str:
    """`visible` for a name or another piece of one line, which is no command either."""
    return inert(visible(text))


def lines(text: str) -> str:
    """`visible` for a text of several lines; none of them is a command to a CI service."""
    return inert("\n".join(visible(line) for line in text.split("\n")))


def printed(line: str) -> str:
    """A line that a program printed: without its colours, with its tabs and blanks, else `visible`."""
    return inert(harmless(_COLOUR.sub("", line)).replace("\n", shown("\n")))


def harmless(text: str) -> str:
    """A text in a document: lines, tabs and blanks of all kinds stay, what changes how others look or read is spelt out."""
    return text if text.isprintable() else "".join(shown(each) if _is_obeyed(each) else each for each in text)


def inert(text: str) -> str:
    """Break what a CI service takes for its commands.

    GitHub's runner obeys a line that begins with `::`, blanks before it or not, and an older `##[` anywhere (actions/runner,
    src/Runner.Common/ActionCommand.cs); Azure Pipelines obeys `##vso[` anywhere.
    """
    return _OLD_COMMAND.sub("# #", _COMMAND.sub(r"\1: ", text))


def in_json(text: str) -> str:
    """JSON with all characters that `visible` would spell out in its strings as escapes; their value is the same."""
    return _NOT_ASCII.sub(lambda found: found[0] if found[0].isprintable() else _escape(found[0]), text)


def json_document(value: Any) -> str:
    """A value as the indented JSON that commands print; safe to show, as `in_json` says."""
    return in_json(json.dumps(value, indent=2, ensure_ascii=False))


def shown(character: str) -> str:
    """What stands for one character."""
    if character.isprintable():
        return character
    code = ord(character)
    if code < 0x20:
        return chr(_CONTROL_PICTURES + code)
    if code == 0x7F:
        return "\u2421"
    return f"<U+{code:04X}>"


def _is_obeyed(character: str) -> bool:
    return character not in _JOINERS and character not in "\t\n" and unicodedata.category(character) in _OBEYED


def _escape(character: str) -> str:
    units = character.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[at]:02x}{units[at + 1]:02x}" for at in range(0, len(units), 2))
