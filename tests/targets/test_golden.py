"""The files of every target for every spec of this repository, as they were reviewed: `golden/SPEC/TARGET/…`.

An example's own `pipelines/` are those of its targets; `make generate` writes them. `pytest --snapshot-update` writes the rest.
"""

from __future__ import annotations

import re
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from mlspec import __version__, api
from mlspec.cli.main import main
from mlspec.environments.export import export
from mlspec.environments.findings import check
from mlspec.targets.base import targets

ROOT = Path(__file__).parents[2]
GOLDEN = Path(__file__).with_name("golden")
STARTERS = [f"init-{path.name}" for path in sorted((ROOT / "templates" / "init").iterdir())]
CONFORMANCE = [path.parent.name for path in sorted((ROOT / "tests/conformance/specs").glob("*/mlspec.yaml"))]
EXAMPLES = [f"example-{path.parent.name}" for path in sorted((ROOT / "examples").glob("*/mlspec.yaml"))]


def project(name: str, folder: Path) -> Path:
    """A copy of a project; starters are made as people make them."""
    kind, _, rest = name.partition("-")
    if kind == "init":
        words = ["--spec-only"] if rest == "spec-only" else ["--template", rest]
        assert main(["init", str(folder / "starter"), *words]) == 0
        return folder / "starter"
    source = ROOT / "examples" / rest if kind == "example" else ROOT / "tests/conformance/specs" / name
    shutil.copytree(source, folder / "copy", ignore=shutil.ignore_patterns("pipelines", ".mlspec", "__pycache__"))
    return folder / "copy"


def reviewed(name: str, target: str) -> Path:
    """The folder of the files as they were reviewed."""
    own = ROOT / "examples" / name.removeprefix("example-") / "pipelines" / target
    return own if name in EXAMPLES and own.is_dir() else GOLDEN / name / target


def made(name: str, target: str, folder: Path) -> dict[str, str]:
    """By path, the files of a target, or those of the environments."""
    spec = project(name, folder) / "mlspec.yaml"
    plan = api.plan(api.load(spec))
    if f"# refused: {target} " in spec.read_text(encoding="utf-8"):
        return {}
    if target == "environments":
        built = [each for each, environment in plan.environments.items() if not check(plan, [each])]
        return {file.path: _undated(file.content) for file in export(plan, built, __version__)}
    if target == "kubeflow" and name in CONFORMANCE:
        plan = replace(plan, store="file:///mnt/store")  # a path alone is refused where steps read records
    return {file.path: _undated(file.content) for file in api.compile(plan, target)}


def _undated(text: str) -> str:
    """A release changes what installs mlspec, which is not what is looked at here."""
    return re.sub(rf"(mlspec(\[[a-z,]+\])?)=={re.escape(__version__)}", r"\1==VERSION", text)


@pytest.mark.parametrize("target", [*targets(), "environments"])
@pytest.mark.parametrize("name", [*STARTERS, *CONFORMANCE, *EXAMPLES])
def test_files_are_as_reviewed(name: str, target: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    golden = reviewed(name, target)
    wanted = made(name, target, tmp_path)
    kept_here = golden.is_relative_to(GOLDEN)
    if request.config.option.update_snapshots and kept_here:
        shutil.rmtree(golden, ignore_errors=True)
        for path, text in wanted.items():
            (golden / path).parent.mkdir(parents=True, exist_ok=True)
            (golden / path).write_text(text, encoding="utf-8")
    there = {path.relative_to(golden).as_posix(): path.read_text("utf-8") for path in golden.rglob("*") if path.is_file()}
    there.pop(".gitattributes", None)  # checksums
    assert (there if kept_here else {path: _undated(text) for path, text in there.items()}) == wanted


def test_no_folder_is_left_over() -> None:
    kept = {path.relative_to(GOLDEN).as_posix() for path in GOLDEN.glob("*/*")}
    folders = [reviewed(name, each) for name in (*STARTERS, *CONFORMANCE, *EXAMPLES) for each in (*targets(), "environments")]
    assert kept <= {path.relative_to(GOLDEN).as_posix() for path in folders if path.is_relative_to(GOLDEN)}
