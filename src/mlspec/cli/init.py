"""`mlspec init`: a starter project that validates, compiles and runs."""

from __future__ import annotations

import os
import re
import shlex
import sys
from keyword import iskeyword
from pathlib import Path

import click

from mlspec.resources import folder
from mlspec.terms import DONE, FINDINGS

TEMPLATES = {
    "minimal": "two functions and a command; needs nothing but Python",
    "tabular": "scikit-learn: contract, training, evaluation, gate, ONNX",
    "pytorch": "PyTorch: training, evaluation, gates, ONNX by your own code",
}
SCHEMA = "schemas/mlspec.v1.schema.json"
_LABEL, _PACKAGE = "project-name", "project_name"
"""What stands in the templates for the project's name and its Python package."""
_TAKEN = {"joblib", "mlspec", "numpy", "onnx", "onnxruntime", "pandas", "pyarrow", "scipy", "sklearn", "sympy", "torch", "yaml"}
"""Packages that starter projects use: one of the same name would hide them."""


_HELP = """Write a starter project into DIR, the current folder by default, named as the folder is.

It never replaces a file: where one is in the way, nothing is written.

\b
Templates:
""" + "\n".join(f"  {name.ljust(9)}{what}" for name, what in TEMPLATES.items())


@click.command("init", help=_HELP)
@click.argument("directory", default=".", metavar="[DIR]")
@click.option(
    "--template", type=click.Choice(list(TEMPLATES)), default="minimal", show_default=True, help="What to start from."
)
def COMMAND(directory: str, template: str) -> int:  # noqa: N802
    """Write the files of a template, or say what is in their way."""
    root = Path(directory)
    files = _files(template, label(root.resolve().name))
    in_the_way = _in_the_way(root, files)
    if in_the_way:
        for line in in_the_way:
            click.echo(line, err=True)
        click.echo("nothing was written: choose another folder, or move these away", err=True)
        return FINDINGS
    _write(root, files)
    for path in files:
        click.echo(f"created    {(root / path).as_posix()}")
    click.echo(f"\n{_next(directory)}")
    return DONE


def label(name: str) -> str:
    """The lifecycle's name for a folder's: a DNS label of at most 40 characters."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:40].rstrip("-") or "lifecycle"


def package(name: str) -> str:
    """The Python package's name for a lifecycle's: one that hides no other package."""
    plain = name.replace("-", "_")
    if plain[0].isdigit():
        return f"project_{plain}"
    return f"{plain}_project" if iskeyword(plain) or plain in sys.stdlib_module_names or plain in _TAKEN else plain


def _files(template: str, name: str) -> dict[str, str]:
    """The project's files by their path in it, sorted."""
    source = folder("templates") / "init" / template
    files = {SCHEMA: (folder("schemas") / Path(SCHEMA).name).read_text(encoding="utf-8")}
    for path in source.rglob("*"):
        if path.is_file() and "__pycache__" not in path.parts:
            place = path.relative_to(source).as_posix().replace(_PACKAGE, package(name))
            text = path.read_text(encoding="utf-8").replace(_LABEL, name).replace(_PACKAGE, package(name))
            # A real .gitignore among the templates would hide files from this repository and from the wheel.
            files[".gitignore" if place == "gitignore" else place] = text
    return dict(sorted(files.items()))


def _in_the_way(root: Path, files: dict[str, str]) -> list[str]:
    """What is where a file or a folder of the project must go."""
    found = [f"{root / path} is already there" for path in files if os.path.lexists(root / path)]
    folders = sorted({parent for path in files for parent in (root / path).parents if parent != parent.parent})
    return [f"{path} is not a folder" for path in folders if os.path.lexists(path) and not path.is_dir()] or found


def _write(root: Path, files: dict[str, str]) -> None:
    """Write all files or, where that fails, leave none of them behind."""
    written: list[Path] = []
    try:
        for path, text in files.items():
            place = root / path
            place.parent.mkdir(parents=True, exist_ok=True)
            with place.open("x", encoding="utf-8", newline="\n") as file:
                written.append(place)
                file.write(text)
    except OSError as error:
        for place in written:
            place.unlink(missing_ok=True)
        raise click.ClickException(f"{error.filename or root}: {error.strerror or error}") from None


def _next(directory: str) -> str:
    here = Path(directory).resolve() == Path.cwd()
    steps = [
        *([] if here else [(f"cd {shlex.quote(directory)}", "")]),
        ("mlspec validate", "says all that is wrong with mlspec.yaml"),
        ("mlspec plan", "shows the graph"),
        ("mlspec run", "runs it here"),
        ("mlspec compile -t airflow", "writes pipelines/airflow/; also: kubeflow, jenkins"),
    ]
    width = max(len(command) for command, _ in steps)
    lines = (f"  {command.ljust(width)}   {what}".rstrip() for command, what in steps)
    return "\n".join(["Next:", *lines, "", "README.md says what each file is."])
