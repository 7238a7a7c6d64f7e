"""A parameter's pattern as Airflow can look at it: in JSON Schema, by Python's `re` (jsonschema, `_keywords.pattern`).

In: a pattern of RE2. Out: one of Python's that matches at least what RE2 matches, or None where that cannot be told. Owns which of
RE2's syntax means the same there; never checks a value: each step process holds parameters to the pattern itself.
Change it when a pattern that Airflow could check is left to the step processes.
"""

from __future__ import annotations

import re

_CLASSES = {"d": "0-9", "w": "0-9A-Za-z_", "s": "\\t\\n\\f\\r "}
"""RE2's are ASCII (google/re2, doc/syntax.txt), Python's Unicode."""
_TOKEN = re.compile(
    r"""(?P<class>\[\^?\]?(?:\\[nrtf\-dwsDWS\\\]\[^.*+?|(){}$/]|[^\\\[\]])*\])
    |\\(?P<short>[dwsDWS])
    |\\[nrtf^$.*+?|(){}\[\]\\/\-]
    |\((?:\?:|\?P<\w+>)?|\)|[|.^$]
    |(?P<times>[*+?]\??|\{[0-9]+(?:,[0-9]*)?\}\??)
    |[^\\\[(){}*+?|.^$]""",
    re.VERBOSE | re.DOTALL | re.ASCII,
)
_FLAGS = re.compile(r"(?:\(\?[ims]+\))*")
_SETS = ("--", "&&", "~~", "||")
"""In a class, what Python warns of: it may become an operation on sets."""


def native_pattern(pattern: str) -> str | None:
    """The pattern for a whole string: JSON Schema looks for one anywhere. Flags such as `(?i)` must stay in front."""
    start = re.match(_FLAGS, pattern)
    position = start.end() if start else 0
    flags, parts, repeatable = pattern[:position], [], False
    while position < len(pattern):
        token = _TOKEN.match(pattern, position)
        text = _in_python(token) if token else None
        if token is None or text is None or (token["times"] and not repeatable):  # RE2 takes `^*`
            return None
        parts.append(text)
        repeatable = not (token["times"] or token[0] in "^$|" or token[0].startswith("("))
        position = token.end()
    return f"{flags}^(?:{''.join(parts)})$"


def _in_python(token: re.Match[str]) -> str | None:
    if short := token["short"]:
        return f"[{'^' if short.isupper() else ''}{_CLASSES[short.lower()]}]"
    whole = token["class"]
    if whole is None:
        return token[0]
    if any(sign in whole for sign in _SETS) or re.search(r"\\[DWS]", whole):
        return None
    return re.sub(r"\\([dws])", lambda found: _CLASSES[found[1]], whole)
