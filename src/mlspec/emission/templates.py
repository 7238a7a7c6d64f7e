"""Templates of generated files, read in one way.

In: the names of a folder below `templates/` and of a file. Out: Jinja's template. Owns how templates are read: a name that is not
given is an error, a line with nothing but a block leaves nothing behind, and nothing is escaped as HTML, for each format is
escaped by its own function. Imports Jinja when it is asked for the first one. Change it when templates need another rule.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from mlspec.emission.yaml_text import scalar
from mlspec.resources import folder

if TYPE_CHECKING:
    from jinja2 import Environment, Template


def template(name: str, file: str) -> Template:
    """Return `templates/<name>/<file>`, compiled once; its filter `yaml` quotes a string as YAML.

    An absolute path for `name` is a folder of another package's own.
    """
    return _environment(name).get_template(file)


@cache
def _environment(name: str) -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(folder("templates") / name),
        undefined=StrictUndefined,
        autoescape=False,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["yaml"] = scalar
    return environment
