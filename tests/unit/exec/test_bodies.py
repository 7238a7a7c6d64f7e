"""What bodies see and what becomes of what they do."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.unit.exec.conftest import Project

AWKWARD = "a $HOME `id` $(id) \"q\" 's' {{ x }} ${y} \\ \\n * é\n;|&><#!~\t-e \udcff"
OTHER_PYTHON = getattr(sys, "_base_executable", sys.executable)
"""An interpreter without mlspec, unless this one is in no virtual environment."""


@pytest.mark.parametrize(
    "script",
    [
        "printf %s ${{ with.text }} > ${{ outputs.out }}",
        'printf %s "${{ with.text }}" > "${{ outputs.out }}"',
        'printf %s "$MLSPEC_WITH_TEXT" > "$MLSPEC_OUTPUT_OUT"',
        'v=$(printf %s. ${{ with.text }}); printf %s "${v%.}" > ${{ outputs.out }}',
    ],
)
def test_a_script_gets_every_text_byte_for_byte(project: Project, script: str) -> None:
    project.done("--step", "s", "--output", "out=artifact", "--with", f"text={AWKWARD}", "--shell", script)
    assert (project.path("s") / "out").read_bytes() == os.fsencode(AWKWARD)
    assert project.record("s")["with"] == {"text": AWKWARD}


def test_a_script_reads_params_the_run_and_other_steps_through_variables_of_their_own(project: Project) -> None:
    project.write("m.json", '{"auc": 0.5, "name": "$x"}')
    script = (
        "printf '<%s>' ${{ params.n }} ${{ run.id }} ${{ train.values.name }} ${{ item }} ${{ matrix.depth }} ${{ with.n }}"
    )
    out = project.done(
        *("--step", "s", "--param", "n:integer=3", "--value", "train.values=m.json", "--item", '{"a": [1, 2]}'),
        *("--instance", '0={"depth": 2}', "--with", "n=${{ params.n }} of ${{ item }}", "--shell", script),
        run="it's $me",
    )
    assert out == '<3><it\'s $me><$x><{"a":[1,2]}><2><3 of {"a":[1,2]}>'


def test_a_list_of_inputs_is_several_words_in_a_script_and_a_json_list_in_its_variable(project: Project) -> None:
    for name in ("a b", "$c"):
        project.write(name, name)
    script = "cat ${{ inputs.all }}; printf '|%s' ${{ inputs.all }} \"$MLSPEC_INPUT_ALL\""
    out = project.done("--step", "s", "--input", "all[]=a b", "--input", "all[]=$c", "--shell", script)
    paths = [str(project.root / "a b"), str(project.root / "$c")]
    assert out == f"a b$c|{paths[0]}|{paths[1]}|{json.dumps(paths, separators=(',', ':'))}"


def test_a_script_stops_at_the_first_command_that_fails(project: Project) -> None:
    assert "exit status 1" in project.fails("--step", "s", "--shell", "false\ntrue")


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        ("echo '${{ with.x }}'", "single quotes"),
        ("echo ${{ with.y }}", "with.y has no value"),
        ("echo ${{ params.y }}", "params.y has no value"),
        ("echo ${{ with.x", "without `}}`"),
        ("echo ${{ with.x + 1 }}", "is no address"),
    ],
)
def test_a_script_with_a_wrong_placeholder_fails_before_it_starts(project: Project, script: str, reason: str) -> None:
    assert reason in project.fails("--step", "s", "--with", "x=1", "--shell", f"touch {project.root}/ran; {script}")
    assert not (project.root / "ran").exists()


def test_a_command_gets_paths_and_values_in_its_words(project: Project) -> None:
    project.write("a b", "A")
    project.write("c", "C")
    words = ["printf", "<%s>", "{inputs.one}", "--x={with.x}", "{inputs.all}", "{other} {with}", "${{ with.x }}"]
    out = project.done(
        *("--step", "s", "--input", "one=a b", "--input", "all[]=a b", "--input", "all[]=c", "--with", 'x=[1, "$b"]'),
        *("--", *words),
    )
    root = project.root
    assert out == f'<{root}/a b><--x=[1,"$b"]><{root}/a b><{root}/c><{{other}} {{with}}><${{{{ with.x }}}}>'
    project.done("--step", "t", "--input", "i=c", "--output", "o=artifact", "--", "cp", "{inputs.i}", "{outputs.o}")
    assert project.read("t", "o") == "C"
    assert "{with.y} in the command has no value" in project.fails("--step", "u", "--", "echo", "{with.y}")
    assert "must be a word of its own" in project.fails("--step", "u", "--input", "l[]=c", "--", "echo", "x{inputs.l}")


def test_a_command_that_is_not_there_is_a_failure_that_names_it(project: Project) -> None:
    assert "no-such-command cannot be started: No such file" in project.fails("--step", "s", "--", "no-such-command")


def test_the_body_sees_who_it_is_and_runs_in_the_project(project: Project) -> None:
    names = "MLSPEC_RUN_ID MLSPEC_LIFECYCLE MLSPEC_STEP MLSPEC_SPEC_DIGEST MLFLOW_TRACKING_URI MLFLOW_EXPERIMENT_NAME CALLER"
    out = project.done(
        *("--lifecycle", "credit", "--step", "s", "--spec-digest", "sha256:1", "--tracking", "sqlite:///x.db"),
        *("--experiment", "e", "--shell", f"for n in {names}; do eval printf '\"%s|\"' '\"$'$n'\"'; done; pwd; cat"),
        CALLER="me",
    )
    assert out == f"r|credit|s|sha256:1|sqlite:///x.db|e|me|{project.root}\n"


def test_the_project_may_be_another_folder(project: Project, tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    assert project.done("--project", "sub", "--step", "s", "--shell", "pwd") == f"{tmp_path}/sub\n"
    assert project.done("--step", "s", "--shell", "pwd", MLSPEC_PROJECT="sub") == f"{tmp_path}/sub\n"
    assert (tmp_path / "sub" / "store" / "lifecycle" / "r" / "s" / "_record.json").exists()


def test_the_interpreter_is_first_on_the_path_of_a_script(project: Project) -> None:
    folder = project.root / "bin"
    folder.mkdir()
    (folder / "python").symlink_to(sys.executable)
    script = "command -v python"
    assert project.done("--step", "s", "--python", "bin/python", "--shell", script) == f"{folder}/python\n"
    assert project.done("--step", "s", "--shell", script, MLSPEC_PYTHON=str(folder / "python")) == f"{folder}/python\n"
    assert project.done("--step", "s", "--shell", script, PATH="/usr/bin:/bin") == f"{Path(sys.executable).parent}/python\n"


TRAIN = """
import os, sys
from pathlib import Path

def fit(table, parts, model, depth, ratio, options):
    assert isinstance(table, Path) and isinstance(model, Path) and model.parent.is_dir() and not model.exists()
    assert (depth, ratio, options) == (4, 0.5, {"a": [None]}), (depth, ratio, options)
    model.mkdir()
    (model / "weights").write_text(table.read_text() + "".join(part.read_text() for part in parts))
    return {"auc": 0.75, "lost": float("nan")}

def two(**_):
    return {"scores": {"auc": 1}, "notes": [1, {"path": Path("x")}]}

def one_of_two():
    return {"scores": {"auc": 1}}

def wrong_keys():
    return {"auc": 1}

def nothing():
    return None

def unserialisable():
    return {"a": object()}

def boom():
    raise ValueError("Error: on purpose\\nsecond line")

def where():
    print([name for name in sys.modules if name.startswith("mlspec")], sys.argv)

def leave():
    sys.exit(3)

class Maker:
    @staticmethod
    def make():
        return {"a": 1}
"""


def test_a_function_gets_paths_and_typed_values_and_returns_metrics(project: Project) -> None:
    project.write("credit.py", TRAIN)
    for name in "abc":
        project.write(name, name)
    project.done(
        *("--step", "s", "--input", "table=a", "--input", "parts[]=b", "--input", "parts[]=c", "--output", "model=model"),
        *("--output", "metrics=metrics", "--with", "depth=4", "--with", "ratio=0.5", "--with", 'options={"a": [null]}'),
        *("--call", "credit:fit"),
    )
    assert project.read("s", "model/weights") == "abc"
    assert project.read("s", "metrics") == '{"auc": 0.75, "lost": NaN}\n'
    assert project.files("s") == {"model", "model/weights", "metrics", "_record.json"}


def test_a_function_with_several_results_returns_them_by_name(project: Project) -> None:
    project.write("credit.py", TRAIN)
    outputs = ("--output", "scores=metrics", "--output", "notes=values")
    project.done("--step", "s", *outputs, "--call", "credit:two")
    assert project.read("s", "scores") == '{"auc": 1}\n'
    assert project.read("s", "notes") == '[1, {"path": "x"}]\n'
    assert "output notes was not written" in project.fails("--step", "s", *outputs, "--call", "credit:one_of_two")
    assert "keys scores, notes" in project.fails("--step", "s", *outputs, "--call", "credit:wrong_keys")


@pytest.mark.parametrize(
    ("function", "reason"),
    [
        ("credit:nothing", "output metrics was not written"),
        ("credit:unserialisable", "the result for output metrics is not JSON: it holds a object"),
        ("credit:fit", "credit:fit: missing a required argument: 'table'; it is called with no arguments"),
        ("credit:none", "credit has no function 'none'"),
        ("credit:TRAIN.x", "credit has no function 'TRAIN.x'"),
        ("no.such:thing", "there is no module 'no', neither on the pythonpath nor in the project"),
        ("credit:boom", "credit:boom raised ValueError: Error: on purpose"),
        ("credit:leave", "its process ended with exit status 3"),
    ],
)
def test_a_function_that_cannot_be_used_is_named(project: Project, function: str, reason: str) -> None:
    project.write("credit.py", TRAIN)
    last = project.fails("--step", "s", "--output", "metrics=metrics", "--call", function)
    assert last == f"mlspec: step s failed: {reason}"


def test_the_traceback_of_a_function_starts_in_the_users_code(project: Project) -> None:
    project.write("credit.py", TRAIN)
    err = project.exec("--step", "s", "--call", "credit:boom").stderr
    assert 'credit.py", line' in err
    assert "child.py" not in err


def test_a_function_runs_where_nothing_of_mlspec_is_installed_or_visible(project: Project) -> None:
    project.write("lib/credit.py", TRAIN)
    project.write("lib/helper.py", "from credit import Maker")
    out = project.done("--step", "s", "--pythonpath", "lib", "--python", OTHER_PYTHON, "--call", "credit:where")
    assert out == "[] ['credit:where']\n"
    out = project.done("--step", "s", "--pythonpath", "lib", "--call", "credit:where")
    assert out == "[] ['credit:where']\n"
    project.done("--step", "s", "--pythonpath", "lib", "--output", "m=metrics", "--call", "helper:Maker.make")


def test_modules_are_found_on_the_pythonpath_and_then_in_the_project(project: Project) -> None:
    project.write("both.py", "def tell(): print('project')")
    project.write("only.py", "def tell(): print('project')")
    project.write("lib/both.py", "def tell(): print('lib')")
    assert project.done("--step", "s", "--pythonpath", "lib", "--call", "both:tell") == "lib\n"
    assert project.done("--step", "s", "--pythonpath", "lib", "--call", "only:tell") == "project\n"
    project.write("lib/deep.py", "def tell(): print('lib')")
    assert project.done("--step", "s", "--pythonpath", "lib", "--shell", "python -c 'import deep; deep.tell()'") == "lib\n"


def test_a_library_step_runs_in_an_interpreter_without_mlspec(project: Project) -> None:
    message = project.fails("--step", "s", "--python", OTHER_PYTHON, "--uses", "data/nonsense")
    assert message == "mlspec: step s failed: there is no library step 'data/nonsense'"
    message = project.fails("--step", "s", "--python", OTHER_PYTHON, "--with", "nonsense=1", "--uses", "data/validate")
    assert "data/validate" in message
