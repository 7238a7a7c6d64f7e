"""`mlspec explain`: the page of a code, or of a key of the language."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from mlspec.cli import completion, output
from mlspec.terms import DONE

if TYPE_CHECKING:
    from mlspec.reference.keys import Language


@click.command("explain")
@click.argument("word", required=False, metavar="[CODE|KEY]", shell_complete=completion.codes_and_keys)
@click.option("--format", "form", type=click.Choice(["text", "markdown"]), default="text", show_default=True)
def COMMAND(word: str | None, form: str) -> int:  # noqa: N802
    """Explain a finding by its CODE, such as MLS201, or a KEY of the language, such as steps.retry.

    Without one, list all codes; `.` is the whole language.
    """
    from mlspec.checking.catalogue import catalogue

    pages = catalogue()
    if word is None:
        click.echo(output.table([(each, pages.page(each).title) for each in pages.codes]))
        return DONE
    found = pages.code_of(word)
    if found is not None:
        click.echo(pages.page(found).text.rstrip("\n"))
        return DONE
    if word[-3:].isdigit():
        close = pages.nearest_code(word)
        raise click.UsageError(f"there is no code {word!r}" + (f"; did you mean {close}?" if close else ""))
    click.echo(_key(word.strip("."), form))
    return DONE


def _key(path: str, form: str) -> str:
    from mlspec.ir.features import Feature
    from mlspec.reference import markdown, text
    from mlspec.reference.language import language
    from mlspec.targets.base import targets

    known: Language = language(installed=form == "text")  # what is written down holds wherever mlspec is
    if not path:
        return markdown.top(known, targets()) if form == "markdown" else text.text(known, known.top, targets())
    key = known.find(path)
    if key is None and (asked := [feature for feature in Feature if path in feature.keys]):  # an address, such as run.date
        show = markdown.answers if form == "markdown" else text.answers
        return "\n\n".join(show(asked, targets()))
    if key is None:
        near = known.near(path)
        raise click.UsageError(
            f"there is no code and no key {path!r}" + (f"; did you mean {' or '.join(near)}?" if near else "")
        )
    return markdown.markdown(known, key, targets()) if form == "markdown" else text.text(known, key, targets())
