"""The command line where the machine gets in the way: full disks, no permission, readers that leave, odd places and lengths."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.waiting import LIMIT, until_there

HEAD = "apiVersion: mlspec/v1\nkind: Lifecycle\nmetadata: {name: demo}\n"
SPEC = f"{HEAD}steps:\n  say: {{run: 'echo hi > ${{{{ outputs.text }}}}', outputs: {{text: report}}}}\n"


def mlspec(folder: Path, *words: str, stdout: str | None = None) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "mlspec", *words]
    if stdout is not None:
        with Path(stdout).open("w") as stream:
            return subprocess.run(command, cwd=folder, stdout=stream, stderr=subprocess.PIPE, text=True, check=False)
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "mlspec.yaml").write_text(SPEC)
    return folder


@pytest.mark.parametrize("words", [["validate"], ["plan"], ["schema"], ["run"], ["--help"]])
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
def test_a_full_disk_is_no_bug(project: Path, words: list[str]) -> None:
    done = mlspec(project, *words, stdout="/dev/full")
    assert (done.returncode, done.stderr.startswith("Error: ")) == (1, True), done.stderr
    assert "No space left on device" in done.stderr and "Traceback" not in done.stderr


def test_a_store_that_cannot_be_is_a_failed_run(project: Path) -> None:
    (project / "mlspec.yaml").write_text(f"store: /dev/null/store\n{SPEC}")
    done = mlspec(project, "run")
    assert done.returncode == 1
    assert done.stderr == "Error: /dev/null: Not a directory\n"


@pytest.mark.parametrize("name", ["a" * 300, "circle.yaml"])
def test_a_name_that_leads_nowhere_is_a_finding(project: Path, name: str) -> None:
    (project / "circle.yaml").symlink_to("circle.yaml")
    done = mlspec(project, "validate", name)
    assert (done.returncode, done.stderr) == (1, "")
    assert done.stdout.startswith(f"{name}:1:1: error MLS100: the file cannot be read: ")


def test_links_in_a_circle_do_not_keep_steps_from_running(project: Path) -> None:
    (project / "circle.py").symlink_to("circle.py")
    assert mlspec(project, "run").returncode == 0


def test_a_folder_stands_for_all_specs_in_and_below_it(project: Path) -> None:
    for place in ("below", ".hidden", "venv"):
        (project / place).mkdir()
        (project / place / "mlspec.yaml").write_text(SPEC.replace("name: demo", "nam: demo"))
    (project / "venv" / "pyvenv.cfg").touch()
    done = mlspec(project, "validate", ".", "./mlspec.yaml", "--format", "json")
    report = json.loads(done.stdout)
    assert report["summary"]["specs"] == 2
    assert {finding["span"]["file"] for finding in report["findings"]} == {"below/mlspec.yaml"}


def test_a_hidden_folder_above_hides_nothing(tmp_path: Path) -> None:
    folder = tmp_path / ".work" / "project" / "inside"
    folder.mkdir(parents=True)
    (folder.parent / "mlspec.yaml").write_text(SPEC)
    assert mlspec(folder, "validate", "..").stdout == "../mlspec.yaml: valid\n"
    assert mlspec(folder, "validate", str(folder.parent)).returncode == 0


def test_what_to_type_next_can_be_typed_where_the_run_was_started(project: Path, tmp_path: Path) -> None:
    (project / "mlspec.yaml").write_text(SPEC.replace("outputs.text }}'", "outputs.text }}; test -e ready'"))
    failed = mlspec(tmp_path, "run", "project", "--set", "on_failure=continue")
    assert failed.returncode == 1
    hint = failed.stdout.splitlines()[-1]
    assert hint.startswith("after mending it: mlspec run project/mlspec.yaml --set on_failure=continue --resume ")
    (project / "ready").touch()
    done = mlspec(tmp_path, *hint.partition(": mlspec ")[2].split())
    assert done.returncode == 0
    place = next(line.split()[-1] for line in done.stdout.splitlines() if line.startswith("  say.text"))
    assert (tmp_path / place).read_text() == "hi\n"


def test_a_run_goes_on_when_nobody_reads_any_more(project: Path) -> None:
    wait = until_there("nobody-reads")
    (project / "mlspec.yaml").write_text(f"{HEAD}steps: {{a: {{run: seq 5000}}, b: {{run: '{wait}; seq 5000', needs: [a]}}}}\n")
    process = subprocess.Popen([sys.executable, "-m", "mlspec", "run", "-v"], cwd=project, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    process.stdout.readline()
    process.stdout.close()
    (project / "nobody-reads").touch()
    assert process.wait(LIMIT) == 0
    shown = json.loads(mlspec(project, "runs", "show", "--format", "json").stdout)
    assert (shown["status"], shown["steps"]["b"]["status"]) == ("succeeded", "succeeded")


@pytest.mark.parametrize("words", [["schema"], ["explain"], ["--help"]])
def test_a_reader_that_leaves_is_no_failure(project: Path, words: list[str]) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "mlspec", *words], cwd=project, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout is not None and process.stderr is not None
    process.stdout.close()
    assert (process.wait(LIMIT), process.stderr.read()) == (0, "")


def test_a_value_too_long_for_a_command_fails_its_step_alone(project: Path) -> None:
    steps = f"steps: {{a: {{run: 'true', with: {{x: {'x' * 200_000}}}}}, b: {{run: 'true'}}}}\n"
    (project / "mlspec.yaml").write_text(f"{HEAD}on_failure: continue\n{steps}")
    done = mlspec(project, "run")
    assert done.returncode == 1 and "longer than the words of a command may be" in done.stdout
    shown = json.loads(mlspec(project, "runs", "show", "--format", "json").stdout)
    assert {name: step["status"] for name, step in shown["steps"].items()} == {"a": "failed", "b": "succeeded"}


def test_runs_of_the_monitor_are_shown(project: Path) -> None:
    monitor = "monitor: {schedule: {cron: 0 * * * *}, steps: {drift: {run: 'true'}}}\n"
    (project / "mlspec.yaml").write_text(SPEC + monitor)
    assert mlspec(project, "run", "--pipeline", "monitor").returncode == 0
    assert mlspec(project, "runs", "list").stdout == "no runs yet\n"
    shown = json.loads(mlspec(project, "runs", "show", "--pipeline", "monitor", "--format", "json").stdout)
    assert list(shown["steps"]) == ["drift"]


def test_a_file_of_a_profile_says_how_it_is_made_again(project: Path) -> None:
    (project / "mlspec.yaml").write_text(f"{SPEC}profiles: {{prod: {{store: s3://acme/store}}}}\n")
    assert mlspec(project, "compile", "-t", "airflow", "--profile", "prod", "--set", "on_failure=continue").returncode == 0
    again = (project / "pipelines/airflow/demo.prod.py").read_text().splitlines()[1].partition(": mlspec ")[2]
    assert again == "compile mlspec.yaml -t airflow --profile prod --set on_failure=continue"
    assert mlspec(project, *again.split(), "--check").returncode == 0
