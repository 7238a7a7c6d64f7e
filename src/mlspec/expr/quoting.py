"""The quoting of POSIX sh: in what context each `${{ }}` of a script stands.

In: a script and its placeholders. Out: these and the `$${{` escapes as `Mark`s. Owns the reading of quotes, substitutions, here-documents,
comments and `case` patterns; never judges and never changes a script. Standard library only: the step process imports it.
Change it when a shell construct is read wrongly.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable
from typing import NamedTuple

from mlspec.expr.template import Placeholder

_ESCAPE = re.compile(r"\$\$\{\{")
DELIMITERS = " \t\n;&|()<>"
"""Characters that end a word."""
_DEEPEST = 20
"""Here-documents and backticks within each other that are followed."""
_INTRICATE = re.compile(r"""['"`\\#]|<<|\$(?!\{\{)""")
"""What begins an escape and every context but plain: most scripts have none of it and need not be scanned."""
_NAME = re.compile(r"[A-Za-z0-9_]+")
_BACKTICKED = re.compile(r"(?:[^`\\]|\\.)*", re.DOTALL)
_BEFORE_COMMAND = frozenset({"if", "then", "else", "elif", "do", "while", "until"})


class Mark(NamedTuple):
    """A placeholder, or with `address` None a `$${{`, at `start:end` of the script.

    Its context is one of: plain, quoted (double quotes, here-document), comment, single (quotes), document (a here-document
    that expands nothing), arithmetic, escaped (by a backslash), nested (backticks in backticks), muddled (a quote before it in
    a quoted `${ }`), delimiter (the end word of a here-document), deep (too many here-documents around it).
    """

    start: int
    end: int
    address: str | None
    context: str


def is_simple(script: str) -> bool:
    """Whether every placeholder of the script stands plain: it has no quotes, substitutions, here-documents or comments."""
    return not _INTRICATE.search(script)


def marks(script: str, placeholders: Iterable[Placeholder]) -> list[Mark]:
    """Return the marks of `script`, whose placeholders are known, in its order."""
    if is_simple(script):
        return [Mark(part.start, part.end, part.address, "plain") for part in placeholders]
    found: dict[int, Placeholder | None] = {part.start: part for part in placeholders}
    found |= {match.start(): None for match in _ESCAPE.finditer(script)}
    if not found:
        return []
    scanner = _Scanner(script, found)
    scanner.scan(0, len(script), "top")
    return sorted(scanner.marks)


class _Frame:
    """One level of nesting. `kind`: top, paren, command, backtick (all read commands), double, brace, arithmetic, text."""

    def __init__(self, kind: str, quoted: bool = False) -> None:
        self.kind = kind
        self.quoted = quoted
        """Of a brace: it stands in double quotes or a here-document."""
        self.depth = 0
        """Of arithmetic: open parentheses."""
        self.cases = 0
        """Of commands: open `case` words, whose patterns end with a `)` that closes nothing."""
        self.at_command = True
        """Of commands: the next word is a command's name."""
        self.odd = False
        """Of a brace: a quote came. Of backticks: an escaped backtick is open."""


_COMMANDS = frozenset({"top", "paren", "command", "backtick"})


class _Scanner:
    """Reads a script once, left to right, and notes the context of each mark."""

    def __init__(self, script: str, found: dict[int, Placeholder | None]) -> None:
        self.script = script
        self.found = found
        self.places = sorted(found)
        self.depth = 0
        self.marks: list[Mark] = []
        self.stack: list[_Frame] = []
        self.documents: list[tuple[str, bool, bool]] = []
        """Here-documents whose body starts after this line: end word, quoted, tabs stripped."""
        self.word_start = True
        """A `#` here starts a comment, letters here a word."""

    def scan(self, position: int, end: int, kind: str) -> None:
        """Read `position:end`, which starts in a frame of its own."""
        if self.depth == _DEEPEST:
            self._note_all(position, end, "deep")
            return
        self.depth += 1
        outer = self.stack, self.documents, self.word_start
        self.stack, self.documents, self.word_start = [_Frame(kind)], [], True
        while position < end:
            frame = self.stack[-1]
            if position in self.found:
                position = self._note(position, self._context())
                self.word_start = frame.at_command = False
            elif frame.kind in _COMMANDS:
                position = self._command(position, end)
            else:
                position = self._text(position, end)
        self.stack, self.documents, self.word_start = outer
        self.depth -= 1

    def _note(self, start: int, context: str) -> int:
        placeholder = self.found[start]
        stop = start + len("$${{") if placeholder is None else placeholder.end
        self.marks.append(Mark(start, stop, None if placeholder is None else placeholder.address, context))
        return stop

    def _note_all(self, start: int, stop: int, context: str) -> None:
        for position in self.places[bisect_left(self.places, start) : bisect_left(self.places, stop)]:
            self._note(position, context)

    def _context(self) -> str:
        if self.stack[0].kind == "backtick" and self.stack[0].odd:
            return "nested"
        frame = self.stack[-1]
        if frame.kind == "arithmetic":
            return "arithmetic"
        if frame.kind == "brace":
            return "muddled" if frame.quoted and frame.odd else "quoted" if frame.quoted else "plain"
        return "plain" if frame.kind in _COMMANDS else "quoted"

    def _command(self, position: int, end: int) -> int:
        script, frame, character = self.script, self.stack[-1], self.script[position]
        fresh, self.word_start = self.word_start, character in DELIMITERS
        if character == "\n":
            frame.at_command = True
            return self._read_documents(position + 1, end) if self.documents else position + 1
        if character in " \t":
            return position + 1
        if character == "#" and fresh:
            stop = _find(script, "\n", position, end)
            self._note_all(position, stop, "comment")
            return stop
        if script.startswith("<<", position):
            return self._operator(position, end)
        if character in ";&|":
            frame.at_command = True
            return position + 1
        if character == "(":
            self.stack.append(_Frame("paren"))
            return position + 1
        if character == ")":
            return self._close_paren(position)
        if fresh and frame.at_command and character.isascii() and character.isalpha():
            return self._word(position, end)
        if character == "\\" and script.startswith("\n", position + 1):
            self.word_start = fresh
            return position + 2
        frame.at_command = frame.at_command and character in "!{<>"
        return self._shared(position, end)

    def _word(self, position: int, end: int) -> int:
        match = _NAME.match(self.script, position, end)
        assert match is not None
        frame, word = self.stack[-1], match[0]
        whole = match.end() == end or self.script[match.end()] in DELIMITERS
        if whole and word == "case":
            frame.cases += 1
        elif whole and word == "esac":
            frame.cases = max(0, frame.cases - 1)
        frame.at_command = whole and word in _BEFORE_COMMAND
        return match.end()

    def _close_paren(self, position: int) -> int:
        frame = self.stack[-1]
        if frame.cases:
            frame.at_command = True
        elif frame.kind in ("paren", "command"):
            self.stack.pop()
            self.word_start = frame.kind == "paren"
            self.stack[-1].at_command = frame.kind == "paren"  # `f() …`: a body follows
        return position + 1

    def _text(self, position: int, end: int) -> int:
        frame, character = self.stack[-1], self.script[position]
        if frame.kind == "double" and character == '"':
            self.stack.pop()
            return position + 1
        if frame.kind == "brace" and character == "}":
            self.stack.pop()
            return position + 1
        if frame.kind == "arithmetic" and character in "()":
            return self._arithmetic(position)
        if frame.kind in ("text", "arithmetic") and character in "\"'":
            return position + 1
        if character in "\"'" and (frame.kind == "double" or frame.quoted):
            frame.odd = True
            return position + 1
        return self._shared(position, end)

    def _arithmetic(self, position: int) -> int:
        frame = self.stack[-1]
        if self.script[position] == "(":
            frame.depth += 1
        elif frame.depth:
            frame.depth -= 1
        else:
            self.stack.pop()
            return position + (2 if self.script.startswith("))", position) else 1)
        return position + 1

    def _shared(self, position: int, end: int) -> int:
        """Read one character, or the start of a construct, that means the same nearly everywhere."""
        script, frame, character = self.script, self.stack[-1], self.script[position]
        if character == "\\":
            return self._backslash(position)
        if character == "`":
            return self._backtick(position, end)
        if character == "$":
            return self._dollar(position)
        if character == '"':
            self.stack.append(_Frame("double"))
            return position + 1
        if character == "'" and (frame.kind in _COMMANDS or (frame.kind == "brace" and not frame.quoted)):
            stop = _find(script, "'", position + 1, end)
            self._note_all(position, stop, "single")
            return stop + 1
        return position + 1

    def _backslash(self, position: int) -> int:
        if position + 1 in self.found:
            return self._note(position + 1, "escaped")
        if self.script.startswith("`", position + 1):
            self.stack[0].odd = not self.stack[0].odd
        return position + 2

    def _backtick(self, position: int, end: int) -> int:
        """Read to the next backtick without a backslash: the shell looks for it before it looks at any quotes."""
        close = _BACKTICKED.match(self.script, position + 1, end)
        stop = close.end() if close is not None else end
        self.scan(position + 1, stop, "backtick")
        return stop + 1

    def _dollar(self, position: int) -> int:
        script = self.script
        if script.startswith("$((", position):
            self.stack.append(_Frame("arithmetic"))
            return position + 3
        if script.startswith("$(", position):
            self.stack.append(_Frame("command"))
            self.word_start = True
            return position + 2
        if script.startswith("${", position):
            frame = self.stack[-1]
            self.stack.append(_Frame("brace", quoted=frame.quoted or frame.kind in ("double", "text", "arithmetic")))
            return position + (3 if script.startswith("${#", position) else 2)
        if script[position + 1 : position + 2] in ("$", "#") and position + 1 not in self.found:
            return position + 2
        return position + 1

    def _operator(self, position: int, end: int) -> int:
        """Read `<<`, `<<-` and the end word of a here-document."""
        script = self.script
        if script.startswith("<<<", position):
            return position + 3
        position += 2
        tabs = script.startswith("-", position)
        position += tabs
        while position < end and script[position] in " \t":
            position += 1
        word, quoted = "", False
        while position < end and script[position] not in DELIMITERS:
            if position in self.found:
                position = self._note(position, "delimiter")
            elif script[position] in "'\"":
                quoted = True
                stop = _find(script, script[position], position + 1, end)
                self._note_all(position, stop, "delimiter")
                word += script[position + 1 : stop]
                position = stop + 1
            else:
                escaped = script[position] == "\\"
                quoted = quoted or escaped
                position += escaped
                word += script[position : position + 1]
                position += 1
        self.documents.append((word, quoted, tabs))
        return position

    def _read_documents(self, position: int, end: int) -> int:
        documents, self.documents = self.documents, []
        for word, quoted, tabs in documents:
            start = position
            while position < end:
                stop = _find(self.script, "\n", position, end)
                line = self.script[position:stop]
                if (line.lstrip("\t") if tabs else line) == word:
                    break
                position = min(stop + 1, end)
            if quoted:
                self._note_all(start, position, "document")
            else:
                self.scan(start, position, "text")
            position = min(_find(self.script, "\n", position, end) + 1, end)
        return position


def _find(script: str, character: str, start: int, end: int) -> int:
    found = script.find(character, start, end)
    return end if found < 0 else found
