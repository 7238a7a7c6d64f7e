"""The steps of the library in Markdown: what each takes, makes and may be told.

In: declarations of steps. Out: Markdown, a heading a step. Owns its layout; never what is said.
Change it when steps declare something new.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator

from mlspec.library.model import LibraryStep, Option, Port
from mlspec.reference.markdown import cell, table
from mlspec.terms import Json


def markdown(steps: Iterable[LibraryStep]) -> str:
    """A section for each step."""
    return "\n\n".join(part for step in steps for part in _section(step))


def _section(step: LibraryStep) -> Iterator[str]:
    yield f"### `{step.name}`"
    needs = f" It needs {', '.join(f'`{name}`' for name in step.requirements)} where it runs." if step.requirements else ""
    yield f"{cell(step.summary)}. Its stage is `{step.stage}`.{needs}"
    rows = [*map(_input, step.inputs.items()), *([_input(("any other", step.extra_inputs))] if step.extra_inputs else [])]
    if rows:
        yield table(("input", "type", "is"), rows)
    if step.options:
        yield table(("`with`", "type", "default", "says"), list(map(_option, step.options.items())))
    if step.outputs:
        yield table(("output", "type", "is"), list(map(_output, step.outputs.items())))


def _input(named: tuple[str, Port]) -> tuple[str, str, str]:
    name, port = named
    kind = f"{port.type}, or a list of them" if port.many else port.type
    return f"`{name}`", kind if port.required else f"{kind}; optional", cell(port.description)


def _option(named: tuple[str, Option]) -> tuple[str, str, str, str]:
    name, option = named
    default = "required" if option.required else f"`{_value(option.default)}`" if option.default is not None else ""
    return f"`{name}`", cell(_type(option)), cell(default), cell(option.description)


def _value(value: Json) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _type(option: Option) -> str:
    if option.enum:
        return ", ".join(f"`{_value(choice)}`" for choice in option.enum)
    kind = f"{option.type} of {option.items}s" if option.items else option.type
    bounds = [
        f"at least {option.minimum:g}" if option.minimum is not None else "",
        f"at most {option.maximum:g}" if option.maximum is not None else "",
    ]
    return ", ".join(filter(None, (kind, *bounds)))


def _output(named: tuple[str, Port]) -> tuple[str, str, str]:
    name, port = named
    described = all(field in port.description for field in port.fields)
    fields = "" if described else f": {', '.join(f'`{field}`' for field in port.fields)}"
    return f"`{name}`", port.type, cell(port.description) + fields
