"""`mlspec steps`: the step library."""

from __future__ import annotations

import json

import click

from mlspec.cli import arguments, output
from mlspec.library import load, names
from mlspec.library.model import LibraryStep, Option
from mlspec.terms import DONE


@click.command("steps")
@click.argument("name", required=False, metavar="[STEP]")
@click.option("--format", "form", type=click.Choice(["text", "json", "markdown"]), default="text", show_default=True)
def COMMAND(name: str | None, form: str) -> int:  # noqa: N802
    """List the steps that `uses:` can name, or show one: its inputs, outputs and options. As Markdown all are shown so."""
    if form == "markdown":
        from mlspec.reference import library

        click.echo(library.markdown(map(load, names() if name is None else [_known(name)])))
        return DONE
    if name is None:
        steps = [load(each) for each in names()]
        if form == "json":
            click.echo(json.dumps([_document(step) for step in steps], indent=2, ensure_ascii=False))
        else:
            click.echo(output.table([(step.name, step.summary) for step in steps]))
        return DONE
    step = load(_known(name))
    click.echo(json.dumps(_document(step), indent=2, ensure_ascii=False) if form == "json" else _page(step))
    return DONE


def _known(name: str) -> str:
    arguments.known("library step", name, names())
    return name


def _document(step: LibraryStep) -> dict[str, object]:
    return {
        "name": step.name,
        "summary": step.summary,
        "stage": step.stage,
        "inputs": {
            n: {"type": p.type, "required": p.required, "many": p.many, "description": p.description}
            for n, p in step.inputs.items()
        },
        "outputs": {n: {"type": p.type, "description": p.description} for n, p in step.outputs.items()},
        "with": {
            n: {"type": o.type, "required": o.required, "default": o.default, "description": o.description}
            for n, o in step.options.items()
        },
        "requirements": list(step.requirements),
    }


def _page(step: LibraryStep) -> str:
    parts = [f"{step.name} ({step.stage}): {step.summary}"]
    inputs = [(n, p.type + ("" if p.required else ", optional"), p.description) for n, p in step.inputs.items()]
    options = [(n, _option(o), o.description) for n, o in step.options.items()]
    outputs = [(n, p.type, p.description) for n, p in step.outputs.items()]
    for title, rows in (("inputs", inputs), ("outputs", outputs), ("with", options)):
        if rows:
            parts.append(f"{title}\n{output.table(rows, indent='  ')}")
    if step.requirements:
        parts.append(f"needs {', '.join(step.requirements)}")
    return "\n\n".join(parts)


def _option(option: Option) -> str:
    if option.required:
        return f"{option.type}, required"
    return f"{option.type} = {json.dumps(option.default)}" if option.default is not None else option.type
