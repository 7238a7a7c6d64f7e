"""A section of the language in Markdown, for the reference on the site and on GitHub.

In: the language, a key, the targets. Out: Markdown: a table of keys and one of what targets make of them for each mapping, below
headings whose anchors are paths. Owns its layout and the links; never what is said. Change it when pages should look different.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from mlspec.ir.features import Feature
from mlspec.reference.keys import Language, default_text, on_one_line
from mlspec.reference.model import Key
from mlspec.targets.base import Support, Target, support

_DEEPEST = 6
"""HTML has six levels of headings."""


def markdown(language: Language, key: Key, targets: Mapping[str, Target]) -> str:
    """The section `key` as the body of a page: its facts, its keys, what targets make of them, and so for each mapping in it."""
    return "\n\n".join(_section(language, key, targets, page=key.path.partition(".")[0]))


def top(language: Language, targets: Mapping[str, Target]) -> str:
    """The keys of a whole spec: those that hold one value, and the sections, each with a link to its page."""
    keys = language.below(language.top)
    plain = [key for key in keys if not _has_page(language, key)]
    sections = [(f"[`{key.path}`]({key.path}.md)", cell(key.description)) for key in keys if _has_page(language, key)]
    return "\n\n".join([_keys(language, plain, ""), *_answers_for(plain, targets), table(("section", "says"), sections)])


def pages(language: Language) -> list[str]:
    """The sections that have a page each."""
    return [key.path for key in language.below(language.top) if _has_page(language, key)]


def _has_page(language: Language, key: Key) -> bool:
    return bool(language.below(key)) or (bool(key.meanings) and key.type.startswith("list"))


def _section(language: Language, key: Key, targets: Mapping[str, Target], page: str) -> Iterator[str]:
    """Parts of the page, in order; mappings that another place describes are linked to."""
    todo = [key]
    while todo:
        each = todo.pop()
        if each is not key:
            yield f"{'#' * min(_DEEPEST, each.path.count('.') + 1)} `{each.path}`"
            yield _sentence(each.description)
        yield _facts(each)
        if each.meanings:
            yield table(("value", "means"), [(f"`{word}`", cell(meaning)) for word, meaning in each.meanings.items()])
        inner = language.below(each)
        home = language.home(each) if inner else each.path
        if home != each.path:
            yield f"Its keys are those of {_link(home, page)}."
            continue
        if inner:
            yield _keys(language, inner, page)
        yield from _answers_for([each, *inner] if each is key else inner, targets)
        todo += reversed([key for key in inner if key.definitions])


def _facts(key: Key) -> str:
    examples = [f"```yaml\n{example}\n```" for example in key.placed]
    return "\n\n".join([f"Type: {key.type}{'; required' if key.required else ''}.", *examples])


def _keys(language: Language, keys: Sequence[Key], page: str) -> str:
    rows = []
    for key in keys:
        linked = bool(page) and bool(key.definitions)
        name = _link(key.path, page, f"`{key.name}`") if linked else f"`{key.name}`"
        default = "required" if key.required else f"`{default_text(key)}`" if default_text(key) else ""
        said = cell(key.description)
        if key.meanings and key.type != "text":  # a text that names something known is listed where that is
            said += "".join(f"<br>`{word}`: {cell(meaning)}" for word, meaning in key.meanings.items())
        rows.append((name, cell(key.type), default, said, _code(as_example(key))))
    return table(("key", "type", "default", "says", "example"), rows)


def as_example(key: Key) -> str:
    """The first example, as it stands behind the key: on one line."""
    return on_one_line({key.name: key.examples[0]})


def _answers_for(keys: Sequence[Key], targets: Mapping[str, Target]) -> Iterator[str]:
    return answers(list(dict.fromkeys(feature for key in keys for feature in key.features)), targets)


def answers(features: Sequence[Feature], targets: Mapping[str, Target]) -> Iterator[str]:
    """What the targets make of features, in one table; nothing of none."""
    if not features:
        return
    rows = [(cell(each.title), *(_answer(support(target, each)) for target in targets.values())) for each in features]
    yield "What targets make of it:"
    yield table(("", *targets), rows)


def _answer(answer: Support) -> str:
    kind = f"**{answer.kind}**" if answer.kind == "refused" else answer.kind
    return cell(f"{kind}: {answer.how}" if answer.how else kind)


def _link(path: str, page: str, words: str = "") -> str:
    section = path.partition(".")[0]
    anchor = "" if path == section else f"#{re.sub(r'[^a-z0-9_-]', '', path.lower())}"
    return f"[{words or f'`{path}`'}]({anchor if section == page and anchor else f'{section}.md{anchor}'})"


def _sentence(text: str) -> str:
    return text if text.endswith((".", "!", "?")) else f"{text}."


def cell(text: str) -> str:
    """Text in a cell of a table."""
    parts = text.replace("|", "\\|").replace("\n", " ").split("`")
    return "`".join(part if number % 2 else part.replace("<", "&lt;") for number, part in enumerate(parts))


def _code(text: str) -> str:
    return cell(f"`{text}`")


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table."""
    lines = [f"| {' | '.join(head)} |", f"|{'---|' * len(head)}"]
    return "\n".join([*lines, *(f"| {' | '.join(row)} |" for row in rows)])
