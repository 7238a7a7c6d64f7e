"""`mlspec init`: a starter project that validates, compiles and runs."""

from __future__ import annotations

import os
import re
import secrets
import shlex
import shutil
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
SPEC = "mlspec.yaml"
SCHEMA = "schemas/mlspec.v1.schema.json"
GIT = {
    ".gitignore": (".mlspec/",),
    ".gitattributes": ("pipelines/** linguist-generated merge=mlspec-generated",),
}
"""Files of git's, with the lines that every project wants: runs are of one machine alone, and reviews fold what is generated."""
_LABEL, _PACKAGE = "project-name", "project_name"
"""What stands in the templates for the project's name and its Python package."""
_TAKEN = {"joblib", "mlspec", "numpy", "onnx", "onnxruntime", "pandas", "pyarrow", "scipy", "sklearn", "sympy", "torch", "yaml"}
"""Packages that starter projects use: one of the same name would hide them."""


_HELP = """Write a starter project into DIR, the current folder by default, named as the folder is.

In a repository that is there already it writes what is missing and leaves every file as it is; `.gitignore` and
`.gitattributes` get the lines that they lack. Where DIR has an mlspec.yaml, only these and the schema are written.

\b
Templates:
""" + "\n".join(f"  {name.ljust(9)}{what}" for name, what in TEMPLATES.items())


@click.command("init", help=_HELP)
@click.argument("directory", default=".", metavar="[DIR]")
@click.option(
    "--template", type=click.Choice(list(TEMPLATES)), default="minimal", show_default=True, help="What to start from."
)
@click.option("--spec-only", is_flag=True, help="Write an mlspec.yaml to fill in, and no code.")
def COMMAND(directory: str, template: str, spec_only: bool) -> int:  # noqa: N802
    """Write what is missing of a template, or say what is in its way."""
    root = Path(directory)
    wanted = _files("spec-only" if spec_only else template, label(root.resolve().name))
    if os.path.lexists(root / SPEC):
        wanted = {path: text for path, text in wanted.items() if path in (SPEC, SCHEMA, *GIT)}
    if in_the_way := _in_the_way(root, wanted):
        for line in in_the_way:
            click.echo(line, err=True)
        click.echo("nothing was written: choose another folder, or move these away", err=True)
        return FINDINGS
    kept = [path for path in wanted if os.path.lexists(root / path)]
    added = {path: text for path in kept if (text := _with_lines(root / path, GIT.get(path, ())))}
    _write(root, {path: text for path, text in wanted.items() if path not in kept}, added)
    for path in wanted:
        done = "added to" if path in added else "kept" if path in kept else "created"
        click.echo(f"{done.ljust(10)} {(root / path).as_posix()}")
    _set_up_merging(root)
    click.echo(f"\n{_next(directory, readme='README.md' in wanted and 'README.md' not in kept)}")
    return DONE


def _set_up_merging(root: Path) -> None:
    """Name the merge driver that `.gitattributes` speaks of in the settings of the repository, where there is one."""
    from mlspec.source.git_merge import set_up_driver

    if set_up_driver(root):
        click.echo("set up     git's merge of generated files (in another clone: mlspec merge-generated --install)")


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
    files = {path: "".join(f"{line}\n" for line in lines) for path, lines in GIT.items()}
    files[SCHEMA] = (folder("schemas") / Path(SCHEMA).name).read_text(encoding="utf-8")
    for path in source.rglob("*"):
        if path.is_file() and "__pycache__" not in path.parts:
            place = path.relative_to(source).as_posix().replace(_PACKAGE, package(name))
            text = path.read_text(encoding="utf-8").replace(_LABEL, name).replace(_PACKAGE, package(name))
            # A real .gitignore among the templates would hide files from this repository and from the wheel.
            files[".gitignore" if place == "gitignore" else place] = text
    return dict(sorted(files.items()))


def _in_the_way(root: Path, files: dict[str, str]) -> list[str]:
    """What is a file where a folder of the project must go, or the other way round."""
    folders = sorted({parent for path in files for parent in (root / path).parents if parent != parent.parent})
    found = [f"{path} is not a folder" for path in folders if os.path.lexists(path) and not path.is_dir()]
    return found + [f"{root / path} is a folder" for path in files if (root / path).is_dir()]


def _with_lines(place: Path, lines: tuple[str, ...]) -> str:
    """The text of a file of git's with the lines that it lacks, as it ends its own; nothing where it lacks none."""
    if not lines or not place.is_file():
        return ""
    text = place.read_bytes().decode("utf-8", "surrogateescape")
    there = {_pattern(line) for line in text.splitlines()}
    lacking = [line for line in lines if _pattern(line) not in there]
    end = "\r\n" if "\r\n" in text else "\n"
    gap = end if text and not text.endswith("\n") else ""
    return text + gap + "".join(f"{line}{end}" for line in lacking) if lacking else ""


def _pattern(line: str) -> str:
    """What a line is about, however it is written: the pattern of files in its first word."""
    first = next(iter(line.split()), "")
    return first.removeprefix("**/").strip("/")


def _write(root: Path, files: dict[str, str], added: dict[str, str]) -> None:
    """Write all files and add to those of git or, where that fails, leave everything as it was."""
    written: list[Path] = []
    laid: list[tuple[Path, Path]] = []
    try:
        for path, text in added.items():
            place = (root / path).resolve()  # a link stays one
            beside = place.with_name(f".mlspec-{secrets.token_hex(8)}.tmp")
            laid.append((beside, place))
            with beside.open("x", encoding="utf-8", errors="surrogateescape", newline="") as file:
                file.write(text)
            shutil.copymode(place, beside)
        for path, text in files.items():
            place = root / path
            place.parent.mkdir(parents=True, exist_ok=True)
            with place.open("x", encoding="utf-8", newline="\n") as file:
                written.append(place)
                file.write(text)
        for beside, place in laid:
            beside.replace(place)
    except OSError as error:
        for place in [*written, *(beside for beside, _ in laid)]:
            place.unlink(missing_ok=True)
        raise click.ClickException(f"{error.filename or root}: {error.strerror or error}") from None


def _next(directory: str, *, readme: bool) -> str:
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
    return "\n".join(["Next:", *lines, *(["", "README.md says what each file is."] if readme else [])])
