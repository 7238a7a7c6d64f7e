"""Equal steps are run once; anything that could change what a step makes runs it again."""

from __future__ import annotations

import json
import os
import shutil
import stat
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from mlspec.store.files import share

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


def test_what_is_taken_is_one_file_that_no_step_may_write_to(ran: Project) -> None:
    ran.done(*WORDS, run="two")
    first, second = ran.path("s") / "o", ran.path("s", "two") / "o"
    if first.samefile(second):  # a file system that shares blocks keeps them apart itself
        assert not stat.S_IMODE(second.stat().st_mode) & 0o222
    else:
        second.write_text("changed")
        assert first.read_text() == "in\n1 1\n"


def test_what_was_written_to_all_the_same_is_not_taken_again(ran: Project) -> None:
    ran.done(*WORDS, run="two")
    for run in ("r", "two"):
        file = ran.path("s", run) / "o"
        file.chmod(0o644)
        file.write_text("changed")
    ran.done(*WORDS, run="three")
    assert (runs(ran), ran.read("s", "o", "three")) == (2, "in\n1 1\n")


def test_a_store_on_another_file_system_is_copied_from(ran: Project) -> None:
    other = Path("/dev/shm") / f"mlspec-{os.getpid()}"
    if not other.parent.is_dir() or other.parent.stat().st_dev == ran.root.stat().st_dev:
        pytest.skip("there is no other file system")
    other.mkdir()
    try:
        share(ran.path("s") / "o", other / "o")
        assert ((other / "o").read_text(), (ran.path("s") / "o").stat().st_nlink) == ("in\n1 1\n", 1)
    finally:
        shutil.rmtree(other)


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
        case "record of another key":
            record = json.loads((store / "r" / "s" / "_record.json").read_text())
            (store / "r" / "s" / "_record.json").write_text(json.dumps(record | {"cache_key": "0" * 64}))
        case "entry broken":
            (entry,) = (store / "_cache").glob("*.json")
            entry.write_text("[]")
        case "entry cut short":
            (entry,) = (store / "_cache").glob("*.json")
            entry.write_text(entry.read_text()[:20])
        case "entry of nothing":
            (entry,) = (store / "_cache").glob("*.json")
            entry.write_text("{}")


SPOILT = {
    "output changed": "store/lifecycle/r/s/o is not what its record says",
    "output gone": "store/lifecycle/r/s/o: No such file or directory",
    "run gone": "run r has no result of it any more",
    "record broken": "store/lifecycle/r/s/_record.json is damaged: it is not a JSON object",
    "record of a failure": "run r has no result of it any more",
    "record of another key": "what run r has was made in another way than the entry says",
    "entry broken": ".json is damaged: it is not a JSON object",
    "entry cut short": ".json is damaged: it is not a JSON object",
    "entry of nothing": ".json is damaged: it names no step of a run",
}


@pytest.mark.parametrize("what", SPOILT)
def test_what_is_no_longer_as_it_was_made_is_not_taken(ran: Project, what: str) -> None:
    spoil(ran, what)
    end = ran.exec(*WORDS, run="two")
    assert (end.returncode, runs(ran)) == (0, 2)
    (said,) = [line for line in end.stderr.splitlines() if "the cache" in line]
    assert said.startswith("mlspec: step s: nothing is taken from the cache: ")
    assert said.endswith(SPOILT[what])
    ran.done(*WORDS, run="three")  # what was made again has taken its place
    assert (runs(ran), ran.record("s", "three")["cached_from"]) == (2, "two")
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


SAID = {
    "input": "the input i has changed",
    "param": "params.n is 2, was 1",
    "with": "with.w is 3, was 1",
    "script": "its command has changed",
    "output type": "the declaration of the output o has changed",
    "another output": "its command has changed, the declaration of the output p is new",
    "environment": "its environment ml has changed",
    "code of the project": "pkg/new.py is new",
}


@pytest.mark.parametrize("what", CHANGES)
def test_a_change_runs_the_step_again_and_is_named(ran: Project, what: str) -> None:
    end = ran.exec(*CHANGES[what](ran), run="two")
    assert (end.returncode, runs(ran)) == (0, 2)
    said = [line for line in end.stderr.splitlines() if "it runs" in line]
    assert said == ([f"mlspec: step s: it runs: {SAID[what]} since run r"] if what in SAID else [])


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
        (("--pythonpath", "src", "--call", "work:make"), "src/near.py"),
        (("--pythonpath", "src", "--call", "work:make"), "src/data/table.csv"),
        (("--pythonpath", "src", "--call", "work:make"), "data/named.csv"),
        (("--call", "work:make"), "near.py"),
        (("--shell", "python -c 'import work; work.run(1)' && echo > ${{ outputs.o }}"), "other.py"),
        (("--shell", "cat work.py > ${{ outputs.o }}; echo x >> runs"), "work.py"),
        (("--shell", "python program.py > ${{ outputs.o }}; echo x >> runs"), "data/named.csv"),
        (("--shell", "cd deep; cat table.csv > ${{ outputs.o }}; echo x >> ../runs"), "deep/table.csv"),
        (("--shell", "cat deep/*.csv > ${{ outputs.o }}; echo x >> runs"), "deep/table.csv"),
        (("--shell", "ls deep/ > ${{ outputs.o }}; echo x >> runs"), "deep/table.csv"),
        (("--shell", "cat 'deep/my table.csv' > ${{ outputs.o }}; echo x >> runs"), "deep/my table.csv"),
        (("--with", "contract=conf/contract.yaml", "--call", "work:make"), "conf/contract.yaml"),
        (("--with", 'deep={"a": ["conf/contract.yaml"]}', "--call", "work:make"), "conf/contract.yaml"),
        (("--pythonpath", "src", "--shell", "sh scripts/make.sh ${{ outputs.o }}"), "scripts/make.sh"),
        (("--pythonpath", "src", "--shell", 'sh "scripts/make.sh" ${{ outputs.o }} --conf=a/b.ini'), "a/b.ini"),
        (("--pythonpath", "src", "--", "sh", "scripts/make.sh", "{outputs.o}", "--conf=./a/b.ini"), "a/b.ini"),
    ],
)
def test_changed_code_runs_the_step_again(project: Project, words: tuple[str, ...], path: str) -> None:
    code = (
        "import near\n\ndef run(_):\n    open('runs', 'a').write('x')\n\ndef make(o, **_):\n    run(open('data/named.csv'))\n"
    )
    code += "    o.write_text('made')\n"
    for folder in ("", "src/"):
        project.write(f"{folder}work.py", code)
        project.write(f"{folder}near.py", "")
    project.write("data/named.csv", "")
    project.write("program.py", "print(open('data/named.csv').read())\n")
    project.write("deep/table.csv", "")
    project.write("scripts/make.sh", "echo x >> runs; echo made > $1")
    if not (project.root / path).exists():
        project.write(path, "a")
    words = ("--cache", "--step", "s", "--output", "o=dataset", *words)
    for run in ("1", "2"):
        project.done(*words, run=run)
        assert runs(project) == 1
    with (project.root / path).open("a") as file:
        file.write("new = 1\n" if path.endswith(".py") and path != "work.py" else "\n# new\n")
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


SOURCE = ("--cache", "--step", "s", "--output", "o=model", "--shell", "echo x >> runs; date +%N > ${{ outputs.o }}")


def test_nothing_is_taken_that_was_made_longer_ago_however_often_it_was_taken_since(project: Project) -> None:
    project.done(*SOURCE)
    for run in ("2", "3"):
        project.done("--cache-for", "1h", *SOURCE, run=run)
    assert runs(project) == 1
    for run in ("r", "2", "3"):
        assert project.read("s", "o", run) == project.read("s", "o")
    shutil.rmtree(project.root / "store" / "lifecycle" / "r")  # who made it is gone; when, is known
    time.sleep(1.1)
    project.done("--cache-for", "1h", *SOURCE, run="4")
    assert runs(project) == 1
    project.done("--cache-for", "1s", *SOURCE, run="5")
    assert runs(project) == 2
    project.done("--cache-for", "1h", *SOURCE, run="6")
    assert (runs(project), project.record("s", "6")["cached_from"]) == (2, "5")


def test_another_key_is_another_step(project: Project) -> None:
    words = ("--cache-key", "of ${{ params.day }} in ${{ run.id }}", "--param", "day:string=monday", *SOURCE)
    project.done("--cache-key", "monday", *SOURCE)
    project.done("--cache-key", "monday", *SOURCE, run="2")
    assert runs(project) == 1
    project.done("--cache-key", "tuesday", *SOURCE, run="3")
    assert runs(project) == 2
    for run in ("4", "5"):
        project.done(*words, run=run)
    assert runs(project) == 4
    assert "params.dya has no value" in project.fails("--cache-key", "${{ params.dya }}", *SOURCE, run="r")


def test_bounds_need_the_cache(project: Project) -> None:
    for words in (("--cache-for", "1h"), ("--cache-key", "k"), ("--cache", "--cache-for", "0s")):
        assert project.exec(*words, "--step", "s", "--shell", "true").returncode == 2


MADE = ("--cache", "--step", "s", "--output", "o=model", "--call", "work:make")
WORK = "import near\n\n\ndef make(o):\n    open('runs', 'a').write('x')\n    o.write_text(near.WORD)\n"


@pytest.mark.parametrize(
    ("path", "before", "after"),
    [
        ("work.py", WORK, f"# why\n{WORK.replace('def', chr(10) * 3 + 'def')}  # and how\n"),
        ("near.py", "WORD = 'a'\n", "WORD   =   (\n    'a'  # a word\n)\n"),
        ("other.py", "WORD = 'a'\n", "WORD = 'b'\n"),
        ("tests/test_work.py", "", "import work\n"),
    ],
)
def test_what_changes_nothing_that_a_function_does_makes_nothing_stale(
    project: Project, path: str, before: str, after: str
) -> None:
    for file, text in {"work.py": WORK, "near.py": "WORD = 'a'\n", path: before}.items():
        project.write(file, text)
    project.done(*MADE)
    project.write(path, after)
    project.done(*MADE, run="2")
    assert runs(project) == 1


@pytest.mark.parametrize("changed", ["src/pack/sub/a.py", "src/pack/sub/inner/__init__.py"])
def test_what_a_package_gives_away_counts_wherever_it_is_searched(project: Project, changed: str) -> None:
    project.write("src/pack/__init__.py", "")
    project.write("src/pack/sub/__init__.py", "__all__ = ['a', 'inner']\n")
    for path in ("src/pack/sub/a.py", "src/pack/sub/inner/__init__.py"):
        project.write(path, "WORD = 'a'\n")
    project.write("src/work.py", "from pack.sub import *\n\ndef make(o):\n    o.write_text(a.WORD + inner.WORD)\n")
    made = (*MADE, "--pythonpath", "src")
    for run in ("1", "2"):
        project.done(*made, run=run)
    assert project.record("s", "2")["cached_from"] == "1"
    project.write(changed, "WORD = 'bb'\n")
    project.done(*made, run="3")
    assert "b" in project.read("s", "o", "3")


@pytest.mark.parametrize(
    ("path", "after"),
    [
        ("near.py", "WORD = 'b'\n"),
        ("near.py", "# coding: latin-1\nWORD = 'é'\n"),
        ("near.py", "WORD = '# a'\n"),
        ("near.py", "WORD = 'é'\n'Said.'\n"),
        ("sitecustomize.py", ""),
        ("work.py", WORK.replace("import near", "import far.near as near")),
    ],
)
def test_what_changes_what_a_function_does_makes_it_stale(project: Project, path: str, after: str) -> None:
    for file, text in {"work.py": WORK, "near.py": "WORD = 'é'\n", "far/near.py": "WORD = 'f'\n"}.items():
        project.write(file, text)
    project.done(*MADE)
    project.write(path, after)
    project.done(*MADE, run="2")
    assert runs(project) == 2


_SAID = """
async def _said(*command):
    process = await asyncio.create_subprocess_exec(*command, stdout=-1)
    return (await process.communicate())[0].decode()
"""


@pytest.mark.parametrize(
    "how",
    [
        "importlib.import_module(''.join('other')).WORD",
        "runpy.run_path('oth' + 'er.py')['WORD']",
        "subprocess.check_output([sys.executable, '-c', 'import other; print(other.WORD)'], text=True)",
        "(lambda scope: exec('from other import WORD', scope) or scope['WORD'])({})",
        "pickle.loads(b'cother\\nWORD\\n.')",
        "[load := importlib.import_module, load('oth' + 'er').WORD][1]",
        "getattr(importlib, 'import_module')('oth' + 'er').WORD",
        "pydoc.locate('oth' + 'er.WORD')",
        "asyncio.run(_said(sys.executable, '-c', 'import other; print(other.WORD)'))",
    ],
)
def test_code_that_no_import_names_counts(project: Project, how: str) -> None:
    project.write("other.py", "WORD = 'a'\n")
    modules = ", ".join(
        name for name in ("asyncio", "importlib", "pickle", "pydoc", "runpy", "subprocess", "sys") if name in how
    )
    said = _SAID if "_said" in how else ""
    project.write("work.py", f"{'import ' + modules if modules else ''}\n{said}\n\ndef make(o):\n    o.write_text({how})\n")
    for run in ("1", "2"):
        project.done(*MADE, run=run)
    assert project.record("s", "2")["cached_from"] == "1"
    project.write("other.py", "WORD = 'b'  # of another size: bytecode of the same second is Python's own matter\n")
    project.done(*MADE, run="3")
    assert project.read("s", "o", "3").strip() == "b"
