"""YAML text: the one place where strings and JSON values become YAML, whatever generated file holds it.

In: strings, JSON values. Out: text in block style that YAML 1.1 and 1.2 readers alike (PyYAML, Go's, libyaml) turn back
into the same value. Owns every quoting rule; never builds a document, nor imports a library of YAML.
Change it when a reader disagrees with what is written here.
"""

from __future__ import annotations

import json
import re
from functools import lru_cache
from typing import Any

_PLAIN = re.compile(
    r"(?:--)?[A-Za-z/](?:[A-Za-z0-9_./@-]|[=,:](?=[A-Za-z0-9/.]))*"
    r"|[A-Za-z][A-Za-z0-9_.-]*(?:\[[A-Za-z0-9_,-]+\])?[<>=!~]{1,3}\d[A-Za-z0-9_.*+!,<>=~-]*",
    re.ASCII,
)
"""Text that no reader takes for anything but itself, `_WORDS` aside: no digit, sign or indicator in front. The second
line is a package with its versions."""
_WORDS = frozenset(["y", "n", "yes", "no", "on", "off", "true", "false", "null", "nan", "inf"])
_UNPRINTABLE = re.compile("[^\t\n -~\u00a0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]")
"""What YAML 1.1 forbids in a stream or takes for a line break (U+0085, U+2028, U+2029), and the byte order mark."""
_JSON_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?[eE][+-]?\d+')


@lru_cache(maxsize=16_384)
def scalar(text: str) -> str:
    """Write a string on one line: plain where that is safe, else in single quotes, else in double quotes."""
    if _PLAIN.fullmatch(text) and text.lower() not in _WORDS:
        return text
    if "\n" in text or "\t" in text or _UNPRINTABLE.search(text):
        return _double_quoted(text)
    if "'" in text and '"' not in text and "\\" not in text:
        return f'"{text}"'
    return "'" + text.replace("'", "''") + "'"


def item(text: str, indent: int) -> str:
    """Write a string as the value behind `- ` or `key: `; several lines become a literal block `indent` deep."""
    if "\n" not in text or "\t" in text or text[:1] in " \n" or _UNPRINTABLE.search(text):
        return scalar(text)
    body = text.rstrip("\n")
    trailing = len(text) - len(body)
    chomping = ("-", "", "+")[min(trailing, 2)]
    pad = " " * indent
    lines = [pad + line if line else "" for line in text.split("\n")]
    if trailing:
        lines.pop()
    return f"|{chomping}\n" + "\n".join(lines)


def value(json_value: Any) -> str:
    """Write a JSON value on one line, in flow style."""
    if isinstance(json_value, str):
        return scalar(json_value)
    text = json.dumps(json_value, ensure_ascii=False)
    return _escaped(_JSON_TOKEN.sub(_with_point, text))


def comment(text: str) -> str:
    """Fold text into what may follow `# ` on one line."""
    return _UNPRINTABLE.sub("\ufffd", " ".join(text.split()))


def _double_quoted(text: str) -> str:
    return _escaped(json.dumps(text, ensure_ascii=False))


def _escaped(text: str) -> str:
    return _UNPRINTABLE.sub(lambda match: f"\\U{ord(match[0]):08x}", text)


def _with_point(match: re.Match[str]) -> str:
    """YAML 1.1 takes `1e-05` for a string; `1.0e-05` is a number everywhere."""
    token = match[0]
    if token.startswith('"') or "." in token:
        return token
    mantissa, _, exponent = token.lower().partition("e")
    return f"{mantissa}.0e{exponent}"
