"""What people, full disks and paused pagers do to `mlspec run`: one sentence, nothing left running, the rest can be done later."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.test_cli import mlspec
from tests.waiting import LIMIT, is_alive, until

SPEC = """\
apiVersion: mlspec/v1
kind: Lifecycle
metadata: {name: small}
steps:
  make: {run: "echo 1 > ${{ outputs.table }}", outputs: {table: artifact}}
  slow: {needs: [make], run: "[ ! -e mended ] || exit 0; echo $$ > pid.new; mv pid.new pid; sleep 300"}
finally:
  clean: {run: "touch cleaned"}
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "mlspec.yaml").write_text(SPEC, encoding="utf-8")
    return tmp_path


def start(project: Path, *words: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "mlspec", "run", *words],
        cwd=project,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "NO_COLOR": "1"},
    )


def store(project: Path) -> Path:
    (found,) = (project / ".mlspec/store/small").glob("2*")
    return found


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGQUIT])
def test_an_interrupted_run_says_what_did_not_run_and_how_to_do_the_rest(project: Path, number: signal.Signals) -> None:
    with start(project) as run:
        until(lambda: (project / "pid").exists() or run.poll() is not None)
        run.send_signal(number)
        out, err = run.communicate(timeout=LIMIT)
    assert (run.returncode, err.strip()) == (130, "interrupted")
    run_id = store(project).name
    assert out.endswith(
        f"run {run_id} interrupted; these `finally` steps did not run: clean\nfor the rest: mlspec run --resume {run_id}\n"
    )
    assert not (project / "cleaned").exists()
    assert "interrupted" in mlspec("runs", "list", cwd=project).stdout
    (project / "mended").touch()
    assert mlspec("run", "--resume", run_id, cwd=project).returncode == 0
    assert (project / "cleaned").exists()


def test_a_live_run_is_running_and_cannot_be_resumed_and_a_dead_one_is_interrupted(project: Path) -> None:
    with start(project) as run:
        until(lambda: (project / "pid").exists() or run.poll() is not None)
        assert mlspec("runs", "show", cwd=project).stdout.startswith(f"run {store(project).name} running\n")
        refused = mlspec("run", "--resume", "latest", cwd=project)
        assert (refused.returncode, refused.stdout) == (1, "")
        assert refused.stderr.startswith(f"Error: run {store(project).name} is in progress: process {run.pid} on ")
        assert refused.stderr.count("\n") == 1
        run.kill()
    shown = json.loads(mlspec("runs", "show", "--format", "json", cwd=project).stdout)
    assert shown["status"] == "interrupted"
    listed = json.loads(mlspec("runs", "list", "--format", "json", cwd=project).stdout)
    assert [row["status"] for row in listed] == ["interrupted"]
    (project / "mended").touch()
    resumed = mlspec("run", "--resume", "latest", cwd=project)
    assert resumed.returncode == 0
    assert "1 kept" in resumed.stdout


@pytest.mark.parametrize("file", ["_run.json", "make/_record.json"])
@pytest.mark.parametrize("text", ["", "{}", "[]", "null", '{"status": []}', '{"status": "succeeded", "steps": {"a": 1}}'])
def test_what_is_damaged_is_the_fault_of_one_run(project: Path, file: str, text: str) -> None:
    (project / "mended").touch()
    for _ in range(2):
        assert mlspec("run", cwd=project).returncode == 0
    damaged, whole = sorted((project / ".mlspec/store/small").glob("2*"))
    (damaged / file).write_text(text)
    listed = mlspec("runs", "list", cwd=project)
    assert (listed.returncode, listed.stderr) == (0, "")
    first, second = sorted(listed.stdout.splitlines())
    assert first.split()[:2] == [damaged.name, "damaged"]
    assert f"{damaged.name}/{file} is damaged: it" in first
    assert second.split()[:2] == [whole.name, "succeeded"]
    rows = {row["run_id"]: row for row in json.loads(mlspec("runs", "list", "--format", "json", cwd=project).stdout)}
    assert (rows[damaged.name]["status"], "is damaged" in rows[damaged.name]["error"]) == ("failed", True)
    assert "error" not in rows[whole.name]
    shown = mlspec("runs", "show", damaged.name, cwd=project)
    assert (shown.returncode, shown.stdout) == (1, "")
    assert shown.stderr.startswith("Error: ")
    assert shown.stderr.count("\n") == 1
    assert mlspec("runs", "show", whole.name, cwd=project).returncode == 0
    resumed = mlspec("run", "--resume", damaged.name, cwd=project)
    if file == "_run.json":
        assert (resumed.returncode, resumed.stderr) == (1, shown.stderr)
    else:
        assert resumed.returncode == 0
        assert "↻ make runs again: " in resumed.stdout
        assert mlspec("runs", "show", damaged.name, cwd=project).returncode == 0


LOUD = """\
apiVersion: mlspec/v1
kind: Lifecycle
metadata: {name: small}
steps:
  loud: {run: "yes $(printf '%01000d' 0) | head -n 100000; touch written"}
"""


def test_a_reader_that_pauses_takes_bounded_memory_and_the_log_keeps_all(project: Path) -> None:
    (project / "mlspec.yaml").write_text(LOUD, encoding="utf-8")
    with start(project, "-v") as run:
        until((project / "written").exists)
        memory = Path(f"/proc/{run.pid}/status").read_text().split("VmHWM:")[1].split()[0]
        assert int(memory) < 150_000, "kB; the lines are 100 MB"
        out, err = run.communicate(timeout=LIMIT)
    assert (run.returncode, err) == (0, "")
    assert " lines are not shown, for nobody read them in time; the log has them\n" in out
    log = (store(project) / "loud/_log.txt").read_text().splitlines()
    assert len(log) == 100_000


def test_a_run_whose_reader_has_paused_can_be_ended(project: Path) -> None:
    (project / "mlspec.yaml").write_text(LOUD.replace("touch written", "touch written; sleep 300"), encoding="utf-8")
    with start(project, "-v") as run:
        until((project / "written").exists)
        run.terminate()
        assert run.wait(LIMIT) == 130
    shown = json.loads(mlspec("runs", "show", "--format", "json", cwd=project).stdout)
    assert (shown["status"], shown["steps"]["loud"]["status"]) == ("interrupted", "failed")


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(disk)], capture_output=True, check=False)
    if mounted.returncode:
        pytest.skip("a small disk cannot be mounted here")
    yield disk
    subprocess.run(["umount", "-l", str(disk)], check=True)


FULL = """\
apiVersion: mlspec/v1
kind: Lifecycle
metadata: {name: small}
store: disk/store
steps:
  make: {run: "echo 1 > ${{ outputs.table }}", outputs: {table: artifact}}
  other: {run: "[ -e mended ] || { echo $$ > pid; sleep 300; }"}
  fill:
    needs: [make]
    run: "[ -e mended ] && exit; %s"
finally:
  clean: {run: "true"}
"""


@pytest.mark.parametrize(
    "script",
    [
        "yes | head -c 3000000",  # the log
        "dd if=/dev/zero of=disk/filler bs=1k count=4000; true",  # nothing of ours, then the record
        "dd if=/dev/zero of=${{ outputs.o }} bs=1k count=4000",
    ],
    ids=["log", "record", "output"],
)
def test_a_full_disk_ends_the_run_with_one_sentence(project: Path, small_disk: Path, script: str) -> None:
    spec = FULL % script
    if "outputs.o" in script:
        spec = spec.replace("needs: [make]", "needs: [make]\n    outputs: {o: artifact}")
        spec = spec.replace("&& exit", "&& { echo > ${{ outputs.o }}; exit; }")
    (project / "mlspec.yaml").write_text(spec, encoding="utf-8")
    with start(project, "-j", "2", "--no-cache") as run:
        until(lambda: (project / "pid").exists() or run.poll() is not None)
        out, err = run.communicate(timeout=LIMIT)
    assert run.returncode == 1, (out, err)
    assert "Traceback" not in out + err
    assert "No space left on device" in out + err
    pid = int((project / "pid").read_text())
    until(lambda: not is_alive(pid))
    (small_disk / "filler").unlink(missing_ok=True)
    subprocess.run(["mount", "-o", "remount,size=9m", str(small_disk)], check=True)
    (project / "mended").touch()
    resumed = mlspec("run", "--resume", "latest", cwd=project)
    assert resumed.returncode == 0, (resumed.stdout, resumed.stderr)
    assert list((small_disk / "store").rglob(".*")) == []
