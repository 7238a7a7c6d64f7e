from __future__ import annotations

import ast
import difflib
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from syrupy.assertion import SnapshotAssertion
from syrupy.extensions.single_file import SingleFileSnapshotExtension, WriteMode

from mlspec.plan.model import Parameter, Plan, Shell
from mlspec.targets.airflow import TARGET
from mlspec.targets.base import HEADER_LINES, Target, seal_of
from tests.targets.airflow.plans import CLASHES, CREDIT, DIAMOND, FAILING
from tests.targets.airflow.specs import ASKS, DOCKER, FAN, PODS
from tests.targets.built import plan, step

PLANS = {made.lifecycle: made for made in (CREDIT, CLASHES, DIAMOND, FAILING, FAN, ASKS, DOCKER, PODS)}
THREE = replace(CREDIT, target_options={"airflow": {"version": 3}})
ROOT = Path(__file__).parents[3]


class DagFile(SingleFileSnapshotExtension):
    _write_mode = WriteMode.TEXT
    file_extension = "txt"


@pytest.fixture
def snapshot(snapshot: SnapshotAssertion) -> SnapshotAssertion:
    return snapshot.use_extension(DagFile)


def text(plan: Plan) -> str:
    [file] = TARGET.emit(plan)
    return file.content


def changed(old: Plan, new: Plan) -> list[str]:
    """Lines of the new file that the old one lacks, headers aside."""
    before, after = (text(made).splitlines()[HEADER_LINES:] for made in (old, new))
    return [line for line in difflib.ndiff(before, after) if line.startswith("+ ")]


def ruff(*arguments: str, cwd: Path) -> None:
    done = subprocess.run([Path(sys.executable).with_name("ruff"), *arguments], cwd=cwd, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("written")
    for made in (*PLANS.values(), replace(THREE, lifecycle="three")):
        for file in TARGET.emit(made):
            (folder / file.path).write_text(file.content, encoding="utf-8")
    return folder


def test_the_target_fits_the_protocol() -> None:
    target: Target = TARGET
    assert (target.name, target.options(), target.extension) == ("airflow", TARGET.options(), TARGET.extension)


@pytest.mark.parametrize("name", PLANS)
def test_the_file_reads_as_reviewed(name: str, snapshot: SnapshotAssertion) -> None:
    assert text(PLANS[name]) == snapshot


def test_the_file_is_named_after_the_lifecycle_and_sealed() -> None:
    [file] = TARGET.emit(CREDIT)
    assert file.path == "credit_default.py"
    assert seal_of(file.content) == "ours"


@pytest.mark.parametrize("length", ["88", "120"])
def test_the_formatter_has_nothing_to_change(written: Path, length: str) -> None:
    ruff("format", "--isolated", "--check", "--line-length", length, ".", cwd=written)


def test_the_linter_finds_nothing_that_airflow_deprecates(written: Path) -> None:
    ruff("check", "--isolated", "--preview", "--select", "AIR,E4,E7,E9,F,I,B,UP,W", ".", cwd=written)


@pytest.mark.airflow
@pytest.mark.slow
def test_the_type_checker_finds_nothing(written: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "mypy", "--config-file", os.devnull, "--follow-imports", "silent", "--strict"]
    # The Kubernetes client has no types.
    command += ["--disable-error-code", "import-untyped", "--disable-error-code", "no-untyped-call"]
    files = sorted(str(path) for path in written.glob("*.py"))
    done = subprocess.run([*command, "--cache-dir", str(tmp_path), *files], cwd=written, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


def test_the_bytes_depend_on_the_plan_alone(tmp_path: Path) -> None:
    script = (
        f"import sys; sys.path.insert(0, {str(ROOT)!r})\n"
        "from mlspec.targets.airflow import TARGET\n"
        "from tests.targets.airflow.plans import CREDIT\n"
        "sys.stdout.buffer.write(TARGET.emit(CREDIT)[0].content.encode())\n"
        "assert not any(name.split('.')[0] == 'airflow' for name in sys.modules)\n"
    )
    seen = {
        subprocess.run(
            [sys.executable, "-c", script],
            cwd=tmp_path,
            env={"PYTHONHASHSEED": seed, "LC_ALL": locale, "PATH": "", "TZ": "Asia/Tokyo"},
            capture_output=True,
            check=True,
        ).stdout
        for seed, locale in (("1", "C"), ("2", "C.UTF-8"))
    }
    assert seen == {text(CREDIT).encode()}


def test_the_file_imports_nothing_of_mlspec_and_names_no_place_of_this_machine() -> None:
    for made in (CREDIT, CLASHES, DIAMOND, FAILING):
        tree = ast.parse(text(made))
        imported = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
        imported |= {str(node.module) for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
        assert {name.split(".")[0] for name in imported} == {"airflow", "os", "pathlib", "pendulum", "shlex", "typing"}
        assert str(ROOT) not in text(made)


def test_a_new_default_changes_one_line() -> None:
    parameter = replace(CREDIT.params[0], default=8)
    lines = changed(CREDIT, replace(CREDIT, params=(parameter, *CREDIT.params[1:])))
    assert lines == ['+         "seed": Param(8, type="integer"),']


def test_a_renamed_leaf_changes_its_own_block_only() -> None:
    old = plan("a", step("ingest", "true"), step("train", "true", "ingest"), step("report", "true", "train"))
    new = plan("a", *old.steps[:2], step("render", "true", "train"))
    lines = changed(old, new)
    assert len(lines) <= 8
    assert all("render" in line for line in lines)


def test_a_new_step_touches_no_other_block() -> None:
    more = replace(CREDIT, steps=(*CREDIT.steps, step("extra", "true", "quality")))
    before, after = text(CREDIT).splitlines()[HEADER_LINES:], text(more).splitlines()[HEADER_LINES:]
    assert not [line for line in difflib.ndiff(before, after) if line.startswith("- ")]


def test_version_3_needs_no_compat_provider() -> None:
    assert "from airflow.sdk import DAG, Param, TriggerRule, literal\n" in text(THREE)
    assert "compat" not in text(THREE)


def test_a_plan_without_parameters_imports_no_param() -> None:
    assert "Param" not in text(FAILING)


@pytest.mark.parametrize(
    ("on_failure", "expected"), [("stop", ["a", "b", "c", "d"]), ("continue", [])], ids=["stop", "continue"]
)
def test_steps_look_for_failed_ones_where_failures_stop_the_run(on_failure: Any, expected: list[str]) -> None:
    calls = [
        node
        for node in ast.walk(ast.parse(text(replace(FAILING, on_failure=on_failure))))
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "step_process"
    ]
    words = [[argument.value for argument in call.args if isinstance(argument, ast.Constant)] for call in calls]
    assert [options[0].removeprefix("--step ") for options in words if "--fail-fast" in options] == expected


def test_a_description_that_ends_like_a_file_name_stays_text() -> None:
    assert 'doc_md="See README.md\\n",' in text(plan("a", step("s", "true"), description="See README.md"))


def test_a_step_id_cannot_leave_its_comment() -> None:
    odd = replace(step("train", "true"), id="train[x=\n    raise SystemExit]")
    assert "SystemExit" not in ast.dump(ast.parse(text(plan("a", odd))))


def test_long_chains_take_time_in_proportion() -> None:
    steps = [step("s0", "true"), *(step(f"s{n}", "true", f"s{n - 1}") for n in range(1, 10_000))]
    assert text(plan("chain", *steps)).count("BashOperator(") == 10_001


def test_scripts_stand_as_they_were_written() -> None:
    script = "python -m train \\\n  --data ${{ inputs.x }}\n"
    made = text(plan("a", replace(step("s", ""), body=Shell(script))))
    assert f'r"""--shell {script}""",\n' in made


def test_a_parameter_named_like_a_method_of_a_mapping_is_read_as_a_key() -> None:
    made = plan("a", step("s", "true"), params=(Parameter("items", "string", ""),))
    assert "{{ params['items'] }}" in text(made)
