"""`mlspec runs list`, `runs compare` and `mlspec open`: runs of any maker, found, sorted and laid side by side."""

from __future__ import annotations

import json
import os
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.test_cli import mlspec
from tests.engines.browser import Browser
from tests.run_folders import run_folders

SPEC = """\
apiVersion: mlspec/v1
kind: Lifecycle
metadata: {name: runs}
params: {depth: 2, label: "a|b"}
steps:
  fit:
    matrix: {k: [1, 2]}
    run: 'echo "{\\"auc\\": 0.${{ params.depth }}, \\"k\\": ${{ matrix.k }}, \\"x\\": 1}" > ${{ outputs.m }}; : ${{ params.label }}'
    outputs: {m: metrics}
  all: {run: 'echo "{\\"auc\\": 0.${{ params.depth }}}" > ${{ outputs.m }}', outputs: {m: metrics}}
  good: {gate: [all.m.auc < 0.6]}
"""


def rows(project: Path, *words: str) -> list[str]:
    """The runs that a list has, by their parameter."""
    done = mlspec("runs", "list", "--format", "json", *words, cwd=project)
    assert done.returncode == 0, done.stderr
    return [str(row["params"].get("depth")) for row in json.loads(done.stdout)]


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Path:
    project = tmp_path_factory.mktemp("runs")
    (project / "mlspec.yaml").write_text(SPEC, encoding="utf-8")
    for depth in (4, 9, 5):
        mlspec("run", "--quiet", "-p", f"depth={depth}", cwd=project)
    return project


@pytest.fixture
def project(ran: Path, tmp_path: Path) -> Iterator[Path]:
    shutil.copytree(ran, tmp_path / "p")
    yield tmp_path / "p"


def test_a_list_has_what_differs_and_what_gates_read(project: Path) -> None:
    head, *lines = mlspec("runs", "list", cwd=project).stdout.splitlines()
    assert head.split() == ["run", "state", "started", "took", "params.depth", "all.m.auc", "steps"]
    assert [line.split()[1] for line in lines] == ["succeeded", "failed", "succeeded"]
    assert "0.9" in lines[1]


def test_a_list_is_sorted_and_cut(project: Path) -> None:
    assert rows(project) == ["4", "9", "5"]
    assert rows(project, "--limit", "2") == ["9", "5"]
    assert rows(project, "--sort", "-all.m.auc") == ["9", "5", "4"]
    assert rows(project, "--sort", "params.depth", "--limit", "1") == ["4"]


def test_a_list_takes_conditions(project: Path) -> None:
    assert rows(project, "--where", 'run.status == "failed"') == ["9"]
    assert rows(project, "--where", "all.m.auc < 0.6 && params.depth > 4") == ["5"]
    assert rows(project, "--where", "fit[k=2].m.k == 2 && fit[k=1].m.auc > 0.45") == ["9", "5"]
    for wrong, said in (
        ("params.dept > 3", "no run has params.dept; did you mean params.depth?"),
        ("all.m.auc >", "the condition ends too early"),
        ("all.m.auc + 1", "it must be true or false"),
        ('params.depth > "x"', "a number > a string"),
    ):
        done = mlspec("runs", "list", "--where", wrong, cwd=project)
        assert (done.returncode, said in done.stderr) == (2, True), done.stderr
    assert mlspec("runs", "list", "--where", "run.seconds < 0.0", cwd=project).stdout == "no run fits\n"
    assert mlspec("runs", "list", "--sort", "fit", cwd=project).returncode == 2


def test_the_index_is_a_copy_that_never_stays_wrong(project: Path) -> None:
    index = project / ".mlspec/store/runs/_index.json"
    for run in index.parent.glob("2*"):  # what has changed in this moment is not kept yet
        for path in (run / "_run.json", run / "_started"):
            os.utime(path, (1e9, 1e9))
    assert rows(project) == ["4", "9", "5"]
    assert len(json.loads(index.read_text())["runs"]) == 3
    before = index.read_text()
    last = run_folders(index.parent)[-1]
    record = last / "all/_record.json"
    text = record.read_text()
    record.write_text("not read")
    assert rows(project) == ["4", "9", "5"]
    assert index.read_text() == before
    record.write_text(text)
    for damage in (
        "",
        "{",
        '{"version": 1, "runs": {"x": 1}}',
        before.replace('"run":', '"ran":'),
        before.replace('"params": {', '"params": ['),
    ):
        index.write_text(damage)
        assert rows(project) == ["4", "9", "5"]
    shutil.rmtree(last)
    assert rows(project) == ["4", "9"]
    failed = run_folders(index.parent)[-1]
    text = (project / "mlspec.yaml").read_text()
    (project / "mlspec.yaml").write_text(text.replace("< 0.6", "< 1.0"))
    assert mlspec("run", "--quiet", "--resume", failed.name, cwd=project).returncode == 0
    assert rows(project, "--where", 'run.status == "succeeded"') == ["4", "9"]


def test_runs_of_an_orchestrator_are_read_anew_when_they_go_on(project: Path) -> None:
    words = ("--lifecycle", "runs", "--run-id", "manual__1", "--store", ".mlspec/store", "--step", "good", "--shell")
    assert mlspec("exec", *words, "exit 1", cwd=project).returncode == 1
    started = project / ".mlspec/store/runs/manual__1/_started"
    os.utime(started, (1e9, 1e9))
    for _ in range(2):
        assert rows(project, "--where", 'run.id == "manual__1" && run.status == "failed"') == ["None"]
    assert mlspec("exec", *words, "true", cwd=project).returncode == 0
    assert rows(project, "--where", 'run.id == "manual__1" && run.status == "failed"') == []


def test_a_store_that_may_only_be_read_is_listed(project: Path) -> None:
    folder = project / ".mlspec/store/runs"
    (folder / "_index.json").mkdir()  # which nobody can write over, not even root
    assert rows(project) == ["4", "9", "5"]
    folder.chmod(stat.S_IRUSR | stat.S_IXUSR)
    assert rows(project) == ["4", "9", "5"]
    folder.chmod(0o755)


def test_runs_side_by_side(project: Path) -> None:
    first, second, _ = (folder.name for folder in run_folders(project / ".mlspec/store/runs"))
    text = mlspec("runs", "compare", first, second, cwd=project).stdout
    assert "parameters: 1 differ, 1 the same\n  depth" in text
    assert "label" not in text
    assert "code: the same" in text
    document = json.loads(mlspec("runs", "compare", first, second, "--format", "json", cwd=project).stdout)
    assert document["parameters"]["depth"] == {"differs": True, "values": [4, 9]}
    assert document["parameters"]["label"] == {"differs": False, "values": ["a|b", "a|b"]}
    assert document["steps"]["good"]["values"] == ["succeeded", "failed"]
    mlspec("run", "--quiet", "-p", "label=c|<b>@x", cwd=project)
    markdown = mlspec("runs", "compare", first, "latest", "--format", "markdown", cwd=project).stdout
    assert "| label | a\\|b | c\\|\\<b\\>\\@x |" in markdown
    assert mlspec("runs", "compare", first, cwd=project).returncode == 2
    assert mlspec("runs", "compare", first, "never", cwd=project).returncode == 2


@pytest.mark.browser
def test_pages_open_in_a_browser(project: Path, browser: Browser) -> None:
    first, second, _ = (folder.name for folder in run_folders(project / ".mlspec/store/runs"))
    page = mlspec("runs", "compare", first, second, "--format", "html", cwd=project).stdout
    (project / "both.html").write_text(page, encoding="utf-8")
    with browser.opened(project / "both.html", width=360) as opened:
        assert (opened.overflow(), opened.said, opened.violations()) == (0, [], [])
    seen = project / "seen"
    told = {"BROWSER": f"sh -c 'echo \"$1\" > {seen}' sh %s"}
    done = mlspec("open", first, cwd=project, env=told)
    file = Path(done.stdout.strip())
    assert (done.returncode, file.is_file()) == (0, True)
    assert seen.read_text().strip() == file.as_uri()
    without = mlspec("open", cwd=project, env={"BROWSER": "", "PATH": "/nowhere", "DISPLAY": ""})
    assert (without.returncode, Path(without.stdout.strip()).is_file()) == (0, True)
