"""The command line as a person or a CI job uses it: words in, text and an exit status out, each command a process."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.waiting import until

ROOT = Path(__file__).parents[2]
SPECS = ROOT / "tests" / "conformance" / "specs"
GOLDEN = ROOT / "tests" / "targets" / "golden"

GOOD = """\
apiVersion: mlspec/v1
kind: Lifecycle
metadata: {name: small}
params: {n: {type: integer, default: 3, minimum: 1}}
steps:
  make: {run: "seq ${{ params.n }} > ${{ outputs.table }}", outputs: {table: dataset}}
  count: {run: "wc -l < ${{ inputs.table }} > ${{ outputs.lines }}", inputs: {table: make.table}, outputs: {lines: artifact}}
"""


def mlspec(*words: str, cwd: Path, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "NO_COLOR": "1", **(env or {})}
    command = [sys.executable, "-m", "mlspec", *words]
    done = subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    assert "Traceback" not in done.stderr, done.stderr
    return done


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "mlspec.yaml").write_text(GOOD, encoding="utf-8")
    return tmp_path


def test_validate_says_that_a_spec_is_valid(project: Path) -> None:
    done = mlspec("validate", cwd=project)
    assert (done.returncode, done.stdout, done.stderr) == (0, "mlspec.yaml: valid\n", "")


def test_validate_takes_files_folders_and_globs_and_says_how_many(project: Path) -> None:
    for name in ("a", "b"):
        (project / name).mkdir()
        shutil.copy(project / "mlspec.yaml", project / name)
    assert mlspec("validate", "a/*.yaml", "b", "mlspec.yaml", cwd=project).stdout == "3 specs: valid\n"
    (project / "mlspec.yaml").unlink()
    assert mlspec("validate", ".", cwd=project).stdout == "2 specs: valid\n"


def test_several_mistakes_come_at_once_with_position_line_caret_and_suggestion(project: Path) -> None:
    text = GOOD.replace("metadata:", "metdata:").replace("make.table", "make.tabel")
    (project / "mlspec.yaml").write_text(text, encoding="utf-8")
    done = mlspec("validate", cwd=project)
    assert done.returncode == 1
    assert "mlspec.yaml:3:1: error MLS201: unknown key `metdata`" in done.stdout
    assert "3 | metdata: {name: small}\n  | ^^^^^^^\n  = did you mean `metadata`?" in done.stdout
    assert "did you mean `make.table`?" in done.stdout
    assert done.stdout.endswith("2 errors in 1 file\n")  # what the misspelt key leaves missing is no mistake of its own


def test_warnings_pass_unless_strict(project: Path) -> None:
    (project / "mlspec.yaml").write_text(GOOD.replace("${{ params.n }}", "3"), encoding="utf-8")
    assert mlspec("validate", cwd=project).returncode == 0
    strict = mlspec("validate", "--strict", cwd=project)
    assert strict.returncode == 1
    assert "error MLS407" in strict.stdout


def test_findings_as_json_for_many_specs(project: Path) -> None:
    (project / "bad.yaml").write_text("steps: 1\n", encoding="utf-8")
    done = mlspec("validate", "mlspec.yaml", "bad.yaml", "--format", "json", cwd=project)
    assert done.returncode == 1
    assert json.loads(done.stdout)


@pytest.mark.parametrize(
    "words",
    [
        ["validate", "nowhere.yaml"],
        ["validate", "--format", "xml"],
        ["frobnicate"],
        ["compile", "-t", "kubflow"],
        ["run", "-p", "n=0"],
        ["run", "-p", "n=two"],
        ["run", "-p", "m=1"],
        ["run", "-p", "n"],
        ["run", "--resume", "never"],
        ["run", "--only", "nothing"],
        ["run", "--pipeline", "monitor"],
        ["runs", "show", "never"],
        ["approve", "latest", "make"],
        ["explain", "MLS999"],
        ["steps", "evaluate/clasifier"],
        ["targets", "airflw"],
    ],
)
def test_wrong_usage_ends_with_2_and_a_reason(project: Path, words: list[str]) -> None:
    done = mlspec(*words, cwd=project)
    assert done.returncode == 2, done.stdout + done.stderr
    assert "Error: " in done.stderr
    assert done.stdout == ""


@pytest.mark.parametrize(
    "text",
    [
        "",
        "- a\n- b\n",
        "just text",
        "a: [",
        "a: 'b",
        "\t",
        "a: !!python/object/apply:os.system [id]",
        "a: &a [x, x]\nb: &b [*a, *a]\n" * 1,
        "a: &a [1,1,1,1,1,1,1,1,1]\n"
        + "".join(f"k{i}: &k{i} [{', '.join(['*a' if i == 0 else f'*k{i - 1}'] * 9)}]\n" for i in range(9)),
        "[" * 5000,
        "a: " * 500,
        "\x00\x01",
        "{? [a]: b}",
        "a: 1\n---\nb: 2\n",
        "steps: " + "9" * 5000,
    ],
)
def test_broken_and_hostile_yaml_is_a_finding(project: Path, text: str) -> None:
    (project / "mlspec.yaml").write_text(text, encoding="utf-8")
    for words in (["validate"], ["compile"], ["plan"], ["run"]):
        done = mlspec(*words, cwd=project)
        assert done.returncode == 1, done.stdout + done.stderr
        assert "mlspec.yaml:" in done.stdout + done.stderr


def test_bytes_that_are_not_text_are_a_finding(project: Path) -> None:
    (project / "mlspec.yaml").write_bytes(b"name: \xff\xfe\n")
    done = mlspec("validate", cwd=project)
    assert (done.returncode, done.stdout.splitlines()[0]) == (1, "mlspec.yaml:1:7: error MLS101: the byte 0xFF is not UTF-8")


def test_compile_writes_checks_and_shows_what_would_change(project: Path) -> None:
    first = mlspec("compile", "-t", "airflow", "-t", "jenkins", cwd=project)
    assert first.returncode == 0
    assert sorted(line.split()[0] for line in first.stdout.splitlines()) == ["created", "created"]
    assert mlspec("compile", "-t", "airflow", "-t", "jenkins", "--check", cwd=project).returncode == 0
    (project / "mlspec.yaml").write_text(GOOD.replace("default: 3", "default: 4"), encoding="utf-8")
    stale = mlspec("compile", "-t", "airflow", "--check", cwd=project)
    assert stale.returncode == 1
    assert "pipelines/airflow/small.py is not what the spec says now" in stale.stderr
    shown = mlspec("compile", "-t", "airflow", "--diff", cwd=project)
    assert shown.returncode == 0
    assert '-        "n": Param(3, type="integer", minimum=1),' in shown.stdout
    dag = project / "pipelines/airflow/small.py"
    dag.write_text(dag.read_text() + "# by hand\n")
    refused = mlspec("compile", "-t", "airflow", cwd=project)
    assert refused.returncode == 1
    assert "edited by hand" in refused.stderr
    assert dag.read_text().endswith("# by hand\n")
    assert mlspec("compile", "-t", "airflow", "--force", cwd=project).returncode == 0
    assert mlspec("compile", "-t", "airflow", "--check", cwd=project).returncode == 0


def test_what_a_target_refuses_is_an_error_at_its_line(project: Path) -> None:
    (project / "mlspec.yaml").write_text(GOOD + "on_failure: continue\n", encoding="utf-8")
    done = mlspec("compile", "-t", "kubeflow", cwd=project)
    assert done.returncode == 1
    assert "mlspec.yaml:8:13: error MLS501: kubeflow cannot do `on_failure: continue`" in done.stderr
    assert not (project / "pipelines").exists()


def test_a_run_succeeds_is_cached_and_can_be_shown(project: Path) -> None:
    assert mlspec("run", "-p", "n=5", cwd=project).returncode == 0
    shown = json.loads(mlspec("runs", "show", "latest", "--format", "json", cwd=project).stdout)
    assert shown["status"] == "succeeded"
    lines = Path(shown["steps"]["count"]["outputs"]["lines"]["uri"].removeprefix("file://"))
    assert (lines if lines.is_absolute() else project / lines).read_text().strip() == "5"
    again = mlspec("run", "-p", "n=5", cwd=project)
    assert again.stdout.count("from the cache") == 1  # who makes the table reads nothing
    assert mlspec("runs", "list", cwd=project).stdout.count("succeeded") >= 2


def test_a_failed_run_ends_with_1_shows_the_log_and_can_be_resumed(project: Path) -> None:
    spec = GOOD.replace('"wc -l', '"echo because >&2; test -e mended; wc -l')
    (project / "mlspec.yaml").write_text(spec, encoding="utf-8")
    failed = mlspec("run", cwd=project)
    assert failed.returncode == 1
    assert "✗ count" in failed.stdout
    assert "because" in failed.stdout
    (project / "mended").touch()
    run = failed.stdout.rsplit("--resume ", 1)[1].split()[0]
    resumed = mlspec("run", "--resume", run, cwd=project)
    assert resumed.returncode == 0
    assert "1 kept" in resumed.stdout


def test_an_approval_waits_for_its_answer(project: Path) -> None:
    spec = GOOD + "  sign_off: {needs: [count], approval: {message: Go on?}}\n  after: {needs: [sign_off], run: 'true'}\n"
    (project / "mlspec.yaml").write_text(spec, encoding="utf-8")
    for words, status in ((["approve", "latest", "sign_off"], 0), (["approve", "latest", "sign_off", "--reject"], 1)):
        with subprocess.Popen(
            [sys.executable, "-m", "mlspec", "run"],
            cwd=project,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "NO_COLOR": "1"},
        ) as run:
            assert run.stdout is not None
            for line in run.stdout:
                if "Go on?" in line:
                    break
            assert mlspec(*words, cwd=project).returncode == 0
            run.stdout.read()
            assert run.wait() == status


def test_an_interrupt_ends_with_130(project: Path) -> None:
    spec = GOOD.replace('"wc -l', '"touch started; sleep 60; wc -l')
    (project / "mlspec.yaml").write_text(spec, encoding="utf-8")
    with subprocess.Popen([sys.executable, "-m", "mlspec", "run"], cwd=project, stdout=subprocess.PIPE, text=True) as run:
        until(lambda: (project / "started").exists() or run.poll() is not None)
        run.send_signal(signal.SIGINT)
        assert run.wait() == 130


def test_a_closed_pipe_is_no_failure(project: Path) -> None:
    command = f"{sys.executable} -m mlspec explain | head -n 1"
    done = subprocess.run(["bash", "-o", "pipefail", "-c", command], cwd=project, capture_output=True, text=True)
    assert done.stderr == ""


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&-", ">&- 2>&-", "<&- >&- 2>&-"])
def test_closed_streams_change_no_run(tmp_path: Path, closed: str) -> None:
    (tmp_path / "mlspec.yaml").write_text(
        "apiVersion: mlspec/v1\nkind: Lifecycle\nmetadata: {name: quiet}\n"
        "steps: {a: {run: 'echo a > ${{ outputs.o }}; echo said', outputs: {o: artifact}}}\n"
    )
    for words, status in (
        ("run", 0),
        (
            "exec --run-id r --lifecycle l --step s --store st --output o=artifact --shell 'echo a > ${{ outputs.o }}; echo said'",
            0,
        ),
        ("exec --run-id r --lifecycle l --step t --store st --when false -- true", 99),
    ):
        done = subprocess.run(
            f"{sys.executable} -m mlspec {words} {closed}",
            shell=True,
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )
        assert (done.returncode, "Traceback" in done.stderr) == (status, False), (words, done.stderr)
    for made in ("st/l/r/s/o", ".mlspec/store/quiet/2*/a/o"):
        assert [path.read_text() for path in tmp_path.glob(made)] == ["a\n"]


def test_closed_streams_are_no_failure(project: Path) -> None:
    for closed in (">&-", "2>&-", ">&- 2>&-"):
        command = f"{sys.executable} -m mlspec validate {closed}"
        done = subprocess.run(["bash", "-c", command], cwd=project, capture_output=True, text=True)
        assert (done.returncode, done.stderr) == (0, ""), closed


def test_reference_commands_answer(project: Path) -> None:
    assert "native" in mlspec("targets", cwd=project).stdout
    assert "evaluate/classifier" in mlspec("steps", cwd=project).stdout
    assert "target" in mlspec("steps", "evaluate/classifier", cwd=project).stdout
    assert mlspec("explain", "204", cwd=project).stdout.startswith("# MLS204")
    assert json.loads(mlspec("schema", cwd=project).stdout)["title"]
    assert mlspec("schema", "--check", cwd=project).returncode == 0
    assert mlspec("exec", cwd=project).returncode == 2


@pytest.mark.parametrize("spec", sorted(path.parent.name for path in SPECS.glob("*/mlspec.yaml")))
def test_the_same_spec_gives_the_same_bytes_anywhere(spec: str, tmp_path: Path) -> None:
    made = []
    # Of what a target refuses, it has no golden files.
    names = [name for name in ("kubeflow", "airflow", "jenkins") if (GOLDEN / spec / name).is_dir()]
    environment_of = ({"PYTHONHASHSEED": "1", "LC_ALL": "C"}, {"PYTHONHASHSEED": "2", "LC_ALL": "C.UTF-8", "TZ": "Asia/Tokyo"})
    for number, environment in enumerate(environment_of):
        project = tmp_path / ("here", "somewhere/else")[number] / spec
        shutil.copytree(SPECS / spec, project)
        shared = ("--set", "store=file:///mnt/store")
        done = mlspec("compile", *(f"-t{name}" for name in names), *shared, cwd=project, env=environment)
        assert done.returncode == 0, done.stderr
        files = sorted(path for path in (project / "pipelines").rglob("*") if path.is_file())
        made.append({str(path.relative_to(project)): path.read_bytes() for path in files})
    assert made[0] == made[1]
    assert len(made[0]) == 2 * len(names) >= 2  # with the checksums beside each
    for content in made[0].values():
        assert str(tmp_path).encode() not in content


@pytest.mark.parametrize("typed", ["./mlspec.yaml", "../{name}/mlspec.yaml", "{folder}/mlspec.yaml", "mlspec.yaml"])
def test_findings_name_the_file_as_it_was_typed(project: Path, typed: str) -> None:
    (project / "mlspec.yaml").write_text(GOOD.replace("kind: Lifecycle", "kind: Lifecycl"), encoding="utf-8")
    path = typed.format(name=project.name, folder=project)
    assert mlspec("validate", path, cwd=project).stdout.startswith(f"{path}:")
    assert json.loads(mlspec("validate", path, "--format", "json", cwd=project).stdout)["findings"][0]["span"]["file"] == path
