"""PyYAML's own parser, made to read as libyaml does.

In: YAML text, as yaml.parse hands it over. Out: the same events and errors as libyaml 0.2.5 gives.
Owns the places where PyYAML's scanner differs: tabs between tokens, plain scalars in [ ] and { }, escapes, directives.
Never builds a value. Change it when the two are found to differ; libyaml's src/scanner.c is the reference.
"""

from __future__ import annotations

import yaml
from yaml.scanner import ScannerError
from yaml.tokens import ScalarToken

_BREAK = "\r\n\x85\u2028\u2029"
_BLANK_OR_END = "\0 \t" + _BREAK
_HEX = frozenset("0123456789ABCDEFabcdef")
_QUOTED = "while parsing a quoted scalar"


class PythonLoader(yaml.SafeLoader):
    """Stands in for yaml.CSafeLoader where PyYAML was built without libyaml."""

    def scan_to_next_token(self) -> None:
        """Skip blanks, comments and line ends; a tab may separate tokens, but not indent a line of a block."""
        while True:
            while self.peek() == " " or (self.peek() == "\t" and (self.flow_level or not self.allow_simple_key)):
                self.forward()
            if self.peek() == "#":
                while self.peek() not in "\0" + _BREAK:
                    self.forward()
            if not self.scan_line_break():  # type: ignore[no-untyped-call]
                return
            if not self.flow_level:
                self.allow_simple_key = True

    def scan_directive_name(self, start_mark: yaml.Mark) -> str:
        """Refuse directives other than %YAML and %TAG."""
        name = str(super().scan_directive_name(start_mark))  # type: ignore[no-untyped-call]
        if name not in ("YAML", "TAG"):
            raise ScannerError("while scanning a directive", start_mark, "found unknown directive name", self.get_mark())
        return name

    def scan_plain(self) -> ScalarToken:
        """Read a scalar without quotes; `?` and `:` may stand inside of one in [ ] and { }."""
        start = end = self.get_mark()
        indent = self.indent + 1
        text: list[str] = []
        between: list[str] = []
        broken = False
        while not self._at_document_end() and self.peek() != "#":
            length = self._plain_word(start)
            if length:
                text += between
                text.append(self.prefix(length))
                self.forward(length)
                end = self.get_mark()
                self.allow_simple_key = broken = False
            if self.peek() not in " \t" + _BREAK:
                break
            between, broken = self._plain_space(start, indent)
            if not self.flow_level and self.column < indent:
                break
        if broken:
            self.allow_simple_key = True
        return ScalarToken("".join(text), True, start, end)

    def scan_flow_scalar_non_spaces(self, double: bool, start_mark: yaml.Mark) -> list[str]:
        """Read what is no blank in a quoted scalar."""
        chunks: list[str] = []
        close = '"' if double else "'"
        while True:
            character = self.peek()
            if not double and self.prefix(2) == "''":
                chunks.append(character)
                self.forward(2)
            elif character in _BLANK_OR_END or character == close:
                return chunks
            elif double and character == "\\" and self.peek(1) in _BREAK:
                self.forward()
                self.scan_line_break()  # type: ignore[no-untyped-call]
                chunks += self.scan_flow_scalar_breaks(double, start_mark)
            elif double and character == "\\":
                chunks.append(self._escape(start_mark))
            else:
                chunks.append(character)
                self.forward()

    def _escape(self, start: yaml.Mark) -> str:
        """Read one escape; it must name a character that a text can hold."""
        letter = self.peek(1)
        if letter in self.ESCAPE_REPLACEMENTS:
            self.forward(2)
            return str(self.ESCAPE_REPLACEMENTS[letter])
        if letter not in self.ESCAPE_CODES:
            raise ScannerError(_QUOTED, start, "found unknown escape character", self.get_mark())
        self.forward(2)
        digits = self.prefix(self.ESCAPE_CODES[letter])
        if not _HEX.issuperset(digits):
            raise ScannerError(_QUOTED, start, "did not find expected hexdecimal number", self.get_mark())
        code = int(digits, 16)
        if 0xD800 <= code <= 0xDFFF or code > 0x10FFFF:
            raise ScannerError(_QUOTED, start, "found invalid Unicode character escape code", self.get_mark())
        self.forward(len(digits))
        return chr(code)

    def scan_block_scalar(self, style: str) -> ScalarToken:
        """Read a block scalar, and remember where it begins for what its lines do wrong."""
        self._block = self.get_mark()
        return super().scan_block_scalar(style)

    def scan_block_scalar_indicators(self, start_mark: yaml.Mark) -> tuple[bool | None, int | None]:
        """Read `+`, `-` and a digit behind `|` or `>`; what else stands there is for the rest of the line to say."""
        chomping: bool | None = None
        increment: int | None = None
        while (chomping is None and self.peek() in "+-") or (increment is None and self.peek() in "0123456789"):
            if self.peek() in "+-":
                chomping = self.peek() == "+"
            else:
                increment = int(self.peek())
            if increment == 0:
                problem = "found an indentation indicator equal to 0"
                raise ScannerError("while scanning a block scalar", start_mark, problem, self.get_mark())
            self.forward()
        while self.peek() == "\t":
            self.forward()
        return chomping, increment

    def scan_block_scalar_indentation(self) -> tuple[list[str], int, yaml.Mark]:
        """Find the indentation; a tab in it is an error."""
        chunks, indent, end = super().scan_block_scalar_indentation()
        if self.peek() == "\t":
            self._refuse_tab()
        return chunks, indent, end

    def scan_block_scalar_breaks(self, indent: int) -> tuple[list[str], yaml.Mark]:
        """Skip the indentation of a line; a tab in it is an error."""
        chunks, end = super().scan_block_scalar_breaks(indent)
        if self.column < indent and self.peek() == "\t":
            self._refuse_tab()
        return chunks, end

    def scan_uri_escapes(self, name: str, start_mark: yaml.Mark) -> str:
        """Read %xx in a tag."""
        mark = self.get_mark()
        try:
            return str(super().scan_uri_escapes(name, start_mark))
        except ScannerError:
            raise ScannerError("while parsing a tag", start_mark, "did not find URI escaped octet", mark) from None

    def _refuse_tab(self) -> None:
        problem = "found a tab character where an indentation space is expected"
        raise ScannerError("while scanning a block scalar", self._block, problem, self.get_mark())

    def _at_document_end(self) -> bool:
        return self.column == 0 and self.prefix(3) in ("---", "...") and self.peek(3) in _BLANK_OR_END

    def _plain_word(self, start: yaml.Mark) -> int:
        length = 0
        while (character := self.peek(length)) not in _BLANK_OR_END:
            after = self.peek(length + 1)
            if self.flow_level and character == ":" and after in ",?[]{}":
                self.forward(length)
                raise ScannerError("while scanning a plain scalar", start, "found unexpected ':'", self.get_mark())
            if (character == ":" and after in _BLANK_OR_END) or (self.flow_level and character in ",[]{}"):
                break
            length += 1
        return length

    def _plain_space(self, start: yaml.Mark, indent: int) -> tuple[list[str], bool]:
        """Skip blanks and line ends; returns what they come to between two words, and whether a line ended."""
        blanks, first, breaks = "", "", []
        while self.peek() in " \t" + _BREAK:
            if self.peek() in " \t":
                if first and self.column < indent and self.peek() == "\t":
                    problem = "found a tab character that violates indentation"
                    raise ScannerError("while scanning a plain scalar", start, problem, self.get_mark())
                blanks += "" if first else self.peek()
                self.forward()
            elif first:
                breaks.append(self.scan_line_break())  # type: ignore[no-untyped-call]
            else:
                first = self.scan_line_break()  # type: ignore[no-untyped-call]
        if not first:
            return [blanks], False
        folded = [] if breaks else [" "]
        return [*(folded if first == "\n" else [first]), *breaks], True
