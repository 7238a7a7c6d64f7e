"""`mlspec lock` and what uses a lock: the real uv, on wheels made here instead of an index."""

from __future__ import annotations

import base64
import contextlib
import io
import json
import os
import signal
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from mlspec.cli.main import main
from tests.e2e.test_cli import mlspec as in_a_process
from tests.waiting import until
from tests.wheels import tinymodule

SPEC = """\
apiVersion: mlspec/v1
kind: Lifecycle
metadata: {name: locked}
environments:
  ml:
    python: "3.11"
    requirements:
      - tinymodule==1.0    # the one that was tried
defaults: {environment: ml}
steps:
  make:
    run: "tiny > ${{ outputs.answer }}; cat ${{ inputs.raw }} >> ${{ outputs.answer }}"
    inputs: {raw: {path: data.csv}}
    outputs: {answer: artifact}
  see: {run: "cat ${{ inputs.answer }}", inputs: {answer: make.answer}}
"""


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of wheels, which is all that uv finds."""
    folder = tmp_path / "wheels"
    folder.mkdir()
    tinymodule(folder)
    monkeypatch.setenv("UV_FIND_LINKS", str(folder))
    monkeypatch.setenv("UV_NO_INDEX", "1")
    monkeypatch.setenv("MLSPEC_CACHE", str(tmp_path / "cache"))
    return folder


@pytest.fixture
def project(tmp_path: Path, index: Path) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "mlspec.yaml").write_text(SPEC)
    (folder / "data.csv").write_text("a\n")
    return folder


def private_index(wheels: Path) -> ThreadingHTTPServer:
    """An index of these wheels, which asks for a password."""

    class Index(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            allowed = self.headers.get("Authorization") == "Basic " + base64.b64encode(b"me:hunter2").decode()
            wheel = wheels / self.path.rsplit("/", 1)[-1]
            links = "".join(f"<a href='/wheels/{path.name}'>{path.name}</a>" for path in sorted(wheels.iterdir()))
            found = wheel.read_bytes() if wheel.is_file() else links.encode()
            self.send_response(200 if allowed else 401)
            self.send_header("Content-Type", "text/html" if not wheel.is_file() else "application/zip")
            self.send_header("Content-Length", str(len(found) if allowed else 0))
            self.end_headers()
            self.wfile.write(found if allowed else b"")

        do_HEAD = do_GET  # noqa: N815

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Index)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


def mlspec(*words: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """The command in this process, which is quicker than one of its own."""
    if words[0] == "run":
        return in_a_process(*words, cwd=cwd)
    out, err = io.StringIO(), io.StringIO()
    with contextlib.chdir(cwd), contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        status = main(list(words))
    return subprocess.CompletedProcess(words, status, out.getvalue(), err.getvalue())


def edit(project: Path, before: str, after: str) -> None:
    text = (project / "mlspec.yaml").read_text()
    assert before in text
    (project / "mlspec.yaml").write_text(text.replace(before, after))


def test_a_lock_pins_packages_with_hashes_and_inputs_by_digest_and_is_written_once(project: Path, index: Path) -> None:
    assert mlspec("lock", "--check", cwd=project).returncode == 1
    done = mlspec("lock", cwd=project)
    assert (done.returncode, done.stdout) == (0, "locks/ml.txt: created\nmlspec.lock: created\n")
    packages, lock = (project / "locks/ml.txt").read_text(), (project / "mlspec.lock").read_text()
    assert "tinymodule==1.0 \\\n    --hash=sha256:" in packages
    assert '    "tinymodule==1.0",\n' in lock and '"data.csv" = "sha256:' in lock
    assert str(index) not in packages + lock
    assert mlspec("lock", cwd=project).stdout == "locks/ml.txt: unchanged\nmlspec.lock: unchanged\n"
    assert mlspec("lock", "--check", cwd=project).stdout == "mlspec.yaml: as locked\n"
    assert mlspec("validate", cwd=project).stdout == "mlspec.yaml: valid\n"


def test_comments_order_and_spelling_make_no_lock_stale_and_all_else_does(project: Path) -> None:
    mlspec("lock", cwd=project)
    edit(project, "- tinymodule==1.0    # the one that was tried", "- TinyModule == 1.0")
    assert mlspec("lock", "--check", cwd=project).returncode == 0
    edit(project, "TinyModule == 1.0", "tinymodule>=1.0")
    (project / "data.csv").write_text("b\n")
    done = mlspec("lock", "--check", "--format", "json", cwd=project)
    assert done.returncode == 1
    found = {(one["code"], one["span"]["line"]) for one in json.loads(done.stdout)["findings"]}
    assert found == {("MLS620", 8), ("MLS585", 13)}


def test_versions_stay_until_they_are_upgraded(project: Path, index: Path) -> None:
    edit(project, "tinymodule==1.0", "tinymodule>=1.0")
    mlspec("lock", cwd=project)
    tinymodule(index, "2.0")
    assert "ml.txt: unchanged" in mlspec("lock", cwd=project).stdout
    assert "locks/ml.txt: updated\n  tinymodule 1.0 → 2.0\n" in mlspec("lock", "--upgrade", cwd=project).stdout


def test_platforms_and_profiles(project: Path, index: Path) -> None:
    edit(project, "requirements:\n", "requirements:\n      - tinymodule; sys_platform == 'win32'\n")
    (project / "mlspec.yaml").write_text(
        (project / "mlspec.yaml").read_text() + "profiles: {new: {environments: {ml: {requirements: ['tinymodule>1']}}}}\n"
    )
    tinymodule(index, "2.0")
    assert mlspec("lock", "--platform", "linux", cwd=project).returncode == 0
    assert "win32" not in (project / "locks/ml.txt").read_text()
    assert "tinymodule==2.0" in (project / "locks/ml.new.txt").read_text()
    assert 'platforms = ["linux"]' in (project / "mlspec.lock").read_text()
    for layer in ([], ["--profile", "new"]):
        assert mlspec("compile", "-t", "jenkins", "--locked", *layer, cwd=project).returncode == 0
    text = (project / "mlspec.yaml").read_text()
    (project / "mlspec.yaml").write_text(text[: text.index("profiles:")])
    done = mlspec("lock", "--check", cwd=project)
    assert done.returncode == 1
    assert "mlspec.lock:15:1: error MLS586: the lock has the environment `ml.new`" in done.stdout
    assert "locks/ml.new.txt: removed" in mlspec("lock", cwd=project).stdout


def test_a_run_takes_what_is_locked_and_nothing_else_where_that_is_asked_for(project: Path, index: Path) -> None:
    refused = mlspec("run", "--locked", cwd=project)
    assert (refused.returncode, refused.stdout) == (1, "")
    assert "nothing is locked" in refused.stderr
    edit(project, "tinymodule==1.0", "tinymodule")
    mlspec("lock", cwd=project)
    tinymodule(index, "2.0")
    done = mlspec("run", "--locked", cwd=project)
    assert done.returncode == 0, done.stdout + done.stderr
    (built,) = (project.parent / "cache" / "environments").glob("*.d/lib/python*/site-packages/tinymodule-*")
    assert built.name == "tinymodule-1.0.dist-info", "the version of the lock, not the newest"

    (project / "data.csv").write_text("b\n")
    refused = mlspec("run", "--locked", cwd=project)
    assert refused.returncode == 1
    assert "the input data.csv is not what was locked" in refused.stderr
    assert len(mlspec("runs", "list", cwd=project).stdout.splitlines()) <= 2, "it began no run"
    warned = mlspec("run", cwd=project)
    assert warned.returncode == 0
    assert "the input raw is not what was locked" in warned.stdout + warned.stderr


def test_a_package_that_is_not_what_was_locked_is_not_installed(
    project: Path, index: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mlspec("lock", cwd=project)
    tinymodule(index, requires="six")  # the same name and version, and other bytes
    monkeypatch.setenv("UV_CACHE_DIR", str(project.parent / "uv"))  # the usual one has what was locked
    done = mlspec("env", "build", cwd=project)
    assert done.returncode == 1
    assert "Hash mismatch" in done.stderr and "mlspec.yaml:8:9: the environment `ml` cannot be made" in done.stderr
    assert not list((project.parent / "cache" / "environments").glob("*.d"))


def test_one_builds_the_other_waits_and_what_was_killed_is_made_anew(project: Path, index: Path) -> None:
    slow = project / "slow"
    slow.mkdir()
    # A package whose build says that it has begun, and goes on when it may.
    (slow / "pyproject.toml").write_text(
        "[build-system]\nrequires = []\nbuild-backend = 'back'\nbackend-path = ['.']\n[project]\nname = 'slow'\nversion = '1'\n"
    )
    (slow / "back.py").write_text(
        "import os, shutil, time\n"
        "def build_wheel(to, *_):\n"
        "    open('../begun', 'a').write('x')\n"
        "    while not os.path.exists('../go'): time.sleep(0.05)\n"
        f"    name = {tinymodule(project).name!r}\n"
        "    shutil.copy('../' + name, to)\n"
        "    return name\n"
    )
    edit(project, "tinymodule==1.0 ", "tinymodule @ ./slow ")
    edit(project, "./slow", "file://" + str(slow))
    command = [sys.executable, "-m", "mlspec", "env", "build"]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    begun = project / "begun"
    killed = subprocess.Popen(command, cwd=project, start_new_session=True, **pipes)  # type: ignore[call-overload]
    until(begun.exists)
    os.killpg(killed.pid, signal.SIGKILL)
    killed.communicate()
    folder = project / ".mlspec" / "environments"
    (left,) = folder.glob("*.d")

    first = subprocess.Popen(command, cwd=project, **pipes)  # type: ignore[call-overload]
    until(lambda: begun.read_text() == "xx")
    assert not left.exists(), "what was killed half made is gone"
    second = subprocess.Popen(command, cwd=project, **pipes)  # type: ignore[call-overload]
    for line in second.stderr:
        if "waiting" in line:
            break
    (project / "go").touch()
    said = [one.communicate() for one in (first, second)]
    assert first.returncode == second.returncode == 0, said
    assert said[0][0] == said[1][0]
    assert begun.read_text() == "xx", "only one has built it"
    assert len(list(folder.glob("*.d"))) == 1


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("tinymodule @ https://me:hunter2@example.com/tinymodule-1.0-py3-none-any.whl", "looks like a secret in plain text"),
        ("--index-url https://me:hunter2@example.com/simple", "looks like a secret in plain text"),
        ("nothing-of-that-name==1", "cannot be locked"),
        ("-r other.txt", "other.txt`, which `requirements.txt` names, cannot be read"),
        ("-r requirements.txt", "leads back to itself"),
        ("tinymodule==9", "tinymodule==9"),
        ("$(touch owned)", "cannot be locked"),
        ("--output-file=owned", "cannot be locked"),
    ],
)
def test_what_cannot_be_locked_writes_nothing_and_tells_no_password(project: Path, line: str, words: str) -> None:
    edit(project, "\n      - tinymodule==1.0    # the one that was tried", " {file: requirements.txt}")
    (project / "requirements.txt").write_text(f"tinymodule\n{line}\n")
    done = mlspec("lock", cwd=project)
    assert done.returncode == 1, done.stdout
    assert words in done.stdout
    assert "hunter2" not in done.stdout + done.stderr
    assert sorted(path.name for path in project.iterdir()) == ["data.csv", "mlspec.yaml", "requirements.txt"]


def test_requirements_in_files_are_locked_without_the_address_and_the_password_of_their_index(
    project: Path, index: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = private_index(index)
    monkeypatch.delenv("UV_FIND_LINKS")
    monkeypatch.delenv("UV_NO_INDEX")
    monkeypatch.setenv("INDEX_TOKEN", "hunter2")
    address = f"http://me:${{INDEX_TOKEN}}@127.0.0.1:{server.server_port}/simple"
    edit(project, "\n      - tinymodule==1.0    # the one that was tried", " {file: needs/all.txt}")
    (project / "needs" / "more").mkdir(parents=True)
    (project / "needs/all.txt").write_text(f"# all\n-r more/base.txt\n--index-url {address}\n")
    (project / "needs/more/base.txt").write_text("tinymodule \\\n    >=1.0   # here\n-c ../limits.txt\n")
    (project / "needs/limits.txt").write_text("tinymodule<2\n")
    tinymodule(index, "2.0")
    done = mlspec("lock", cwd=project)
    assert done.returncode == 0, done.stdout
    assert "tinymodule==1.0" in (project / "locks/ml.txt").read_text()
    built = mlspec("env", "build", cwd=project)
    assert built.returncode == 0, built.stderr
    everything = "".join(path.read_text() for path in (project / "locks/ml.txt", project / "mlspec.lock"))
    assert "127.0.0.1" not in everything
    tinymodule(index, "3.0")
    (project / "needs/limits.txt").write_text("tinymodule>9\n")
    failed = mlspec("lock", cwd=project)
    assert failed.returncode == 1
    server.shutdown()
    assert "hunter2" not in everything + done.stdout + done.stderr + built.stdout + built.stderr + failed.stdout + failed.stderr


def test_a_lock_is_never_written_elsewhere(project: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (project / "locks").symlink_to(tmp_path / "elsewhere")
    done = mlspec("lock", cwd=project)
    assert done.returncode == 1
    assert "locks: it leads out of the folder of the spec" in done.stderr
    assert not list((tmp_path / "elsewhere").iterdir()) and not (project / "mlspec.lock").exists()


def test_a_dockerfile_installs_the_lock_by_its_hashes_and_conda_its_versions(project: Path) -> None:
    mlspec("lock", cwd=project)
    assert mlspec("env", "export", cwd=project).returncode == 0
    folder = project / "pipelines/environments/ml"
    dockerfile = (folder / "Dockerfile").read_text()
    assert 'COPY ["locks/ml.txt", "/opt/requirements.txt"]\n' in dockerfile
    assert "--require-hashes --no-deps -r /opt/requirements.txt" in dockerfile
    assert "      - tinymodule==1.0\n" in (folder / "environment.yml").read_text()
