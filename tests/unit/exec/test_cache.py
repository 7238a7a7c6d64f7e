"""Equal steps are run once; anything that could change what a step makes runs it again."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.unit.exec.conftest import Project

SCRIPT = "echo x >> runs; cat ${{ inputs.i }} > ${{ outputs.o }}; echo ${{ params.n }} ${{ with.w }} >> ${{ outputs.o }}"
WORDS = (
    *("--cache", "--step", "s", "--input", "i=in", "--output", "o=dataset", "--with", "w=${{ params.n }}"),
    *("--param", "n:integer=1", "--environment", "ml", "--shell", SCRIPT),
)


def runs(project: Project) -> int:
    return (project.root / "runs").read_text().count("x") if (project.root / "runs").exists() else 0


@pytest.fixture
def ran(project: Project) -> Project:
    """A project in which the step has run once, in the run `r`."""
    project.write("in", "in\n")
    project.done(*WORDS)
    assert runs(project) == 1
    return project


def test_an_equal_step_of_another_run_gets_the_outputs_of_the_first(ran: Project) -> None:
    end = ran.exec(*WORDS, run="two")
    assert (end.returncode, runs(ran)) == (0, 1)
    assert "outputs are taken" in end.stderr
    first, second = ran.record("s"), ran.record("s", "two")
    assert (second["cached_from"], second["attempts"], second["exit_code"]) == ("r", 0, None)
    assert second["outputs"]["o"]["uri"] == "store/lifecycle/two/s/o"
    for key in ("status", "with", "inputs"):
        assert second[key] == first[key]
    assert second["outputs"]["o"]["digest"] == first["outputs"]["o"]["digest"]
    assert ran.read("s", "o", "two") == "in\n1 1\n"
    assert ran.files("s", "two") == {"o", "_record.json"}


def test_the_copies_of_two_runs_are_apart(ran: Project) -> None:
    ran.done(*WORDS, run="two")
    with (ran.path("s") / "o").open("a") as file:
        file.write("changed")
    assert ran.read("s", "o", "two") == "in\n1 1\n"


def test_a_copy_is_found_when_the_first_run_is_gone_and_still_says_where_it_was_made(ran: Project) -> None:
    ran.done(*WORDS, run="two")
    shutil.rmtree(ran.root / "store" / "lifecycle" / "r")
    ran.done(*WORDS, run="three")
    assert runs(ran) == 1
    assert ran.record("s", "three")["cached_from"] == "r"


def spoil(project: Project, what: str) -> None:
    store = project.root / "store" / "lifecycle"
    match what:
        case "output changed":
            (store / "r" / "s" / "o").write_text("forged")
        case "output gone":
            (store / "r" / "s" / "o").unlink()
        case "run gone":
            shutil.rmtree(store / "r")
        case "record broken":
            (store / "r" / "s" / "_record.json").write_text("{")
        case "record of a failure":
            record = json.loads((store / "r" / "s" / "_record.json").read_text())
            (store / "r" / "s" / "_record.json").write_text(json.dumps(record | {"status": "failed"}))
        case "entry broken":
            (entry,) = (store / "_cache").iterdir()
            entry.write_text("[]")


@pytest.mark.parametrize(
    "what", ["output changed", "output gone", "run gone", "record broken", "record of a failure", "entry broken"]
)
def test_what_is_no_longer_as_it_was_made_is_not_taken(ran: Project, what: str) -> None:
    spoil(ran, what)
    ran.done(*WORDS, run="two")
    assert runs(ran) == 2
    assert ran.record("s", "two")["cached_from"] is None
    assert ran.read("s", "o", "two") == "in\n1 1\n"


def replaced(old: str, new: str) -> list[str]:
    assert any(old in word for word in WORDS)
    return [word.replace(old, new) for word in WORDS]


CHANGES: dict[str, Callable[[Project], list[str]]] = {
    "input": lambda project: [str(project.write("in", "other\n"))] and list(WORDS),
    "param": lambda _: replaced("n:integer=1", "n:integer=2"),
    "with": lambda _: replaced("w=${{ params.n }}", "w=3"),
    "script": lambda _: replaced("echo x >> runs;", "echo x >> runs; :;"),
    "output type": lambda _: replaced("o=dataset", "o=artifact"),
    "another output": lambda _: [
        *replaced("echo x >> runs;", "echo x >> runs; echo > ${{ outputs.p }};"),
        "--output",
        "p=model",
    ],
    "environment": lambda _: replaced("ml", "ml@sha256:1"),
    "code of the project": lambda project: [str(project.write("pkg/new.py", ""))] and list(WORDS),
    "another step": lambda _: replaced("s", "s") and [*WORDS[:2], "t", *WORDS[3:]],
}


@pytest.mark.parametrize("what", CHANGES)
def test_a_change_runs_the_step_again(ran: Project, what: str) -> None:
    ran.done(*CHANGES[what](ran), run="two")
    assert runs(ran) == 2


def test_what_cannot_change_an_output_does_not_run_the_step_again(ran: Project) -> None:
    for path in (
        ".hidden/a.py",
        "venv/pyvenv.cfg",
        "venv/lib/a.py",
        "pipelines/airflow/dag.py",
        "pkg/__pycache__/a.py",
        "README.md",
    ):
        ran.write(path, "new")
    ran.done(*WORDS, "--retry", "3", "--timeout", "60", "--when", "true", run="two")
    assert runs(ran) == 1


def test_the_number_of_a_run_is_a_reason_to_run_again_only_where_it_is_read(project: Project) -> None:
    words = ("--cache", "--step", "s", "--output", "o=dataset")
    for run in ("one", "two"):
        project.done(*words, "--shell", "echo x >> runs; echo ${{ run.id }} > ${{ outputs.o }}", run=run)
        assert project.read("s", "o", run) == f"{run}\n"
    for run in ("one", "two"):
        project.done(*words, "--with", "id=${{ run.id }}", "--shell", "echo x >> runs; echo > ${{ outputs.o }}", run=run)
    assert runs(project) == 4


@pytest.mark.parametrize(
    ("words", "path"),
    [
        (("--pythonpath", "src", "--call", "work:make"), "src/other.py"),
        (("--pythonpath", "src", "--call", "work:make"), "src/data/table.csv"),
        (("--call", "work:make"), "other.py"),
        (("--with", "contract=conf/contract.yaml", "--call", "work:make"), "conf/contract.yaml"),
        (("--with", 'deep={"a": ["conf/contract.yaml"]}', "--call", "work:make"), "conf/contract.yaml"),
        (("--pythonpath", "src", "--shell", "sh scripts/make.sh ${{ outputs.o }}"), "scripts/make.sh"),
        (("--pythonpath", "src", "--shell", 'sh "scripts/make.sh" ${{ outputs.o }} --conf=a/b.ini'), "a/b.ini"),
        (("--pythonpath", "src", "--", "sh", "scripts/make.sh", "{outputs.o}", "--conf=./a/b.ini"), "a/b.ini"),
    ],
)
def test_changed_code_runs_the_step_again(project: Project, words: tuple[str, ...], path: str) -> None:
    code = "def make(o, **_):\n    open('runs', 'a').write('x')\n    o.write_text('made')\n"
    project.write("work.py", code)
    project.write("src/work.py", code)
    project.write("scripts/make.sh", "echo x >> runs; echo made > $1")
    if not (project.root / path).exists():
        project.write(path, "a")
    words = ("--cache", "--step", "s", "--output", "o=dataset", *words)
    for run in ("1", "2"):
        project.done(*words, run=run)
        assert runs(project) == 1
    with (project.root / path).open("a") as file:
        file.write("\n")
    project.done(*words, run="3")
    assert runs(project) == 2


def test_steps_without_outputs_and_gates_always_run(project: Project) -> None:
    for run in ("1", "2"):
        project.done("--cache", "--step", "s", "--shell", "echo x >> runs", run=run)
    assert runs(project) == 2
    for run in ("1", "2"):
        project.done("--cache", "--step", "g", "--gate", "true", run=run)
        assert project.record("g", run)["cached_from"] is None


def test_without_the_option_a_step_runs_and_its_outputs_are_not_found_later(project: Project) -> None:
    words = ("--step", "s", "--output", "o=model", "--shell", "echo x >> runs; echo > ${{ outputs.o }}")
    project.done(*words)
    project.done("--cache", *words, run="2")
    assert runs(project) == 2
    project.done(*words, run="3")
    assert runs(project) == 3


def test_a_failed_step_is_not_taken(project: Project) -> None:
    words = ("--cache", "--step", "s", "--output", "o=model", "--shell", "echo x >> runs; echo > ${{ outputs.o }}; test -e ok")
    project.fails(*words)
    project.write("ok", "")
    project.done(*words, run="2")
    assert runs(project) == 2


def test_another_interpreter_is_another_environment_unless_the_caller_says_what_it_is_made_of(project: Project) -> None:
    python = project.root / "bin" / "python"
    python.parent.mkdir()
    python.symlink_to(sys.executable)
    words = ("--cache", "--step", "s", "--output", "o=model", "--shell", "echo x >> runs; echo > ${{ outputs.o }}")
    project.done(*words)
    project.done("--python", "bin/python", *words, run="2")
    assert runs(project) == 2
    for run, python_words in (("3", ()), ("4", ("--python", "bin/python"))):
        project.done("--environment", "ml@1", *python_words, *words, run=run)
    assert runs(project) == 3


def test_what_the_process_itself_is_started_in_counts(ran: Project) -> None:
    words = ["--cache=a" if word == "--cache" else word for word in WORDS]
    ran.done(*words, run="2")
    ran.done(*words, run="3")
    assert (runs(ran), ran.record("s", "3")["cached_from"]) == (2, "2")
    ran.done("--cache=b", *words[1:], run="4")
    assert runs(ran) == 3
    end = ran.exec("--cache=", *words[1:], run="5")
    assert (end.returncode, runs(ran)) == (2, 3)


def test_a_package_more_in_the_interpreter_runs_the_step_again(ran: Project) -> None:
    ran.write("site/some-1.0.dist-info/METADATA", "")
    for run in ("2", "3"):
        ran.done(*WORDS, run=run, PYTHONPATH=str(ran.root / "site"))
    assert (runs(ran), ran.record("s", "3")["cached_from"]) == (2, "2")


def test_a_project_that_is_the_whole_file_system_is_equal_to_none(project: Project) -> None:
    script = f"echo x >> {project.root}/runs; echo > ${{{{ outputs.o }}}}"
    words = ("--cache", "--step", "s", "--project", "/", "--output", "o=model", "--shell", script)
    for run in ("1", "2"):
        project.done(*words, run=run, store=str(project.root / "store"))
    assert runs(project) == 2


def on_kubeflow(project: Project, run: str, kept: str) -> list[str]:
    """The words of a task of the run whose output KFP keeps at the URI `kept`, and puts at a path of the pod's own."""
    artifact = {"name": "o", "uri": kept}
    outputs = {"outputFile": f"{project.root}/{run}.json", "parameters": {"step-outcome": {"outputFile": "x"}}}
    given = {"outputs": {**outputs, "artifacts": {"o": {"artifacts": [artifact]}}}}
    path = f"{project.root}/pod-{run}/o"
    return [f"--executor-input={json.dumps(given)}", *(f"o=dataset:{path}" if word == "o=dataset" else word for word in WORDS)]


@pytest.mark.parametrize("scheme", ["", "local://"])
def test_an_output_at_a_path_is_taken_from_where_the_orchestrator_keeps_it(project: Project, scheme: str) -> None:
    """The launcher, which takes outputs from the pod to where KFP keeps them, is played here by a move."""
    project.write("in", "in\n")
    for run in ("1", "2"):
        project.done(*on_kubeflow(project, run, f"{scheme}{project.root}/kept-{run}/o"), run=run)
        (project.root / f"pod-{run}").rename(project.root / f"kept-{run}")
    assert (runs(project), project.record("s", "2")["cached_from"]) == (1, "1")
    first, second = project.record("s", "1")["outputs"]["o"], project.record("s", "2")["outputs"]["o"]
    assert first["uri"] == f"{scheme}{project.root}/kept-1/o"
    assert second == first | {"uri": f"{scheme}{project.root}/kept-2/o"}
    assert [path.name for path in (project.root / "kept-2").iterdir()] == ["o"]
    assert (project.root / "kept-2" / "o").read_text() == "in\n1 1\n"
    output = json.loads((project.root / "2.json").read_text())
    assert output["parameterValues"] == {"step-outcome": "succeeded"}
    assert output["artifacts"]["o"]["artifacts"][0]["uri"] == second["uri"]


@pytest.mark.parametrize("kept", ["minio://bucket/o", "local:///nowhere/o"])
def test_an_output_that_cannot_be_fetched_is_as_good_as_none(project: Project, kept: str) -> None:
    project.write("in", "in\n")
    for run in ("1", "2"):
        project.done(*on_kubeflow(project, run, kept), run=run)
        assert (project.root / f"pod-{run}" / "o").read_text() == "in\n1 1\n"
    assert (runs(project), project.record("s", "2")["cached_from"]) == (2, None)
