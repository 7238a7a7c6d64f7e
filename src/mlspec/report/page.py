"""The frame of all pages: one look, one escaping, nothing that is loaded.

In: the name of a template and its values. Out: a page that needs nothing else. Owns the environment of the templates in
templates/report, with the forms of times and numbers; never knows what a page is about. Its policy (CSP) lets no script run, whatever
a spec, a step or a log says. Change it when all pages should look or behave differently.
"""

from __future__ import annotations

import base64
from functools import lru_cache
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import escape

from mlspec.diagnostics.printable import harmless, printed
from mlspec.expr.values import as_text
from mlspec.history import words
from mlspec.resources import folder

SYMBOLS = {
    "succeeded": "✓",
    "approved": "✓",
    "failed": "✗",
    "refused": "✗",
    "unanswered": "✗",
    "aborted": "✗",
    "damaged": "✗",
    "interrupted": "✗",
    "running": "…",
    "waiting": "?",
    "skipped": "–",
    "blocked": "·",
    "pending": "·",
    "differs": "≠",
}
"""What says a state beside its colour and its name."""


def page(template: str, **values: Any) -> str:
    """Render a page."""
    return _environment().get_template(f"{template}.html.j2").render(symbols=SYMBOLS, **values) + "\n"


@lru_cache(maxsize=1)
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(folder("templates") / "report"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
        finalize=_plain,
    )
    environment.filters |= {
        "text": as_text,
        "took": words.took,
        "moment": words.moment,
        "digest": words.digest,
        "figure": words.figure,
        "counts": words.counts,
        "log": lambda text: "\n".join(printed(line) for line in text.split("\n")),
        "decoded": lambda data: data.decode("utf-8", "replace"),
        "framed": lambda data: escape(data.decode("utf-8", "replace")),
        "base64": lambda data: base64.b64encode(data).decode(),
    }
    return environment


def _plain(value: Any) -> Any:
    """What a spec, a step or a file says, without controls; what is markup has none."""
    return harmless(value) if type(value) is str else value
