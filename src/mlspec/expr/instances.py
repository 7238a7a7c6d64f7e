"""Addresses of one instance of a matrix: `train[depth=2].model`.

In: the first part of an address, or the text of a condition. Out: what is chosen by the brackets, and texts with other names in their
place. Owns this form; never knows which instances there are (see `mlspec.planning.scope`). Change it when instances are chosen
otherwise.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from mlspec.expr.addresses import SELECTOR

_IN_TEMPLATE = re.compile(rf"(?<!\$)(\$\{{\{{\s*)([a-z][a-z0-9_]*{SELECTOR})(?=[.\s}}\[])")
_IN_CONDITION = re.compile(
    r"""("(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')|(?<![\w.])([a-z][a-z0-9_]*\[\s*[A-Za-z_]\w*=(?!=)[^\[\]{}\n]*\])"""
)


def chosen(part: str) -> tuple[str, dict[str, str] | None]:
    """The step that the first part of an address names, and which values its brackets ask for; None without brackets."""
    name, bracket, inside = part.partition("[")
    if not bracket:
        return name, None
    pairs = (pair.partition("=") for pair in inside.removesuffix("]").split(","))
    return name, {key.strip(): value.strip() for key, _, value in pairs}


def in_template(text: str, name_of: Callable[[str], str]) -> str:
    """A text whose placeholders have other names in the place of `train[…]`."""
    return _IN_TEMPLATE.sub(lambda found: found[1] + name_of(found[2]), text) if "[" in text and "${{" in text else text


def in_condition(text: str, name_of: Callable[[str], str]) -> str:
    """A condition that has other names in the place of `train[…]`; an index (`scores[0]`) stays what it is."""
    if "[" not in text or "=" not in text:
        return text
    return _IN_CONDITION.sub(lambda found: found[1] if found[2] is None else name_of(found[2]), text)


def stood_in(text: str, known: dict[str, str] | None = None) -> tuple[str, Mapping[str, str]]:
    """A condition with a name of the same length in the place of each `train[…]`, and what each name stands for.

    `known` keeps the names for another condition.
    """
    names = known if known is not None else {}

    def name_of(part: str) -> str:
        if part not in names:
            names[part] = f"{part.partition('[')[0]}_{len(names)}".ljust(len(part), "_")[: len(part)]
        return names[part]

    replaced = in_condition(text, name_of)
    return replaced, {name: part for part, name in names.items()}
