"""Disks that fill, files that change or are cut short, links, modes: what is published is what was made, or a sentence says why."""

from __future__ import annotations

import ctypes
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from mlspec.errors import StoreError
from mlspec.store import files
from mlspec.store.ending import Ending
from mlspec.store.filesystem import LocalStore
from mlspec.store.records import Records
from tests import disks
from tests.waiting import LIMIT

if TYPE_CHECKING:
    from tests.unit.exec.conftest import Project


def test_what_is_published_is_on_the_disk_before_its_record_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []

    def recorded(name: str, real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **more: Any) -> Any:
            where = str(Path(f"/proc/self/fd/{args[0]}").readlink()) if name == "fsync" else str(args[-1])
            seen.append(f"{name} {Path(where).name.partition('.json')[0]}")
            return real(*args, **more)

        return call

    monkeypatch.setattr(os, "fsync", recorded("fsync", os.fsync))
    monkeypatch.setattr(Path, "rename", recorded("rename", Path.rename))
    monkeypatch.setattr(Path, "replace", recorded("rename", Path.replace))
    made = tmp_path / "staging" / "model"
    (made / "deep").mkdir(parents=True)
    (made / "deep" / "weights").write_text("1")
    store = LocalStore(str(tmp_path / "store"))
    store.put(made, "life/r/s/model")
    Records(store, "life", "r").end("s", None, None, ended())
    published, said = seen.index("rename model"), seen.index("rename _record")
    assert {"fsync weights", "fsync deep", "fsync model"} <= set(seen[:published])
    assert "fsync s" in seen[published:said], "the name of the output, before the record says it"
    assert any(name.startswith("fsync ._record") for name in seen[published:said])
    assert "fsync s" in seen[said:]


def ended() -> Ending:
    ending = Ending()
    ending.status = "succeeded"
    return ending


def test_a_temporary_name_is_nobodys_to_know_and_no_link_is_followed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    victim = tmp_path / "victim"
    victim.write_text("mine")
    (tmp_path / f".f.{os.getpid()}").symlink_to(victim)
    files.write(tmp_path / "f", b"new")
    assert victim.read_text() == "mine"
    monkeypatch.setattr(os, "urandom", lambda count: b"\0" * count)
    (tmp_path / f".f.{'00' * 8}").symlink_to(victim)
    with pytest.raises(FileExistsError):
        files.write(tmp_path / "f", b"newer")
    assert victim.read_text() == "mine"


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"status": 3}', '{"status": "succeeded"}'])
def test_a_record_that_is_none_is_a_fault_with_a_name(project: Project, text: str) -> None:
    project.done("--step", "s", "--output", "o=artifact", "--shell", "echo > ${{ outputs.o }}")
    (project.path("s") / "_record.json").write_text(text)
    with pytest.raises(StoreError, match=r"s/_record\.json is damaged: "):
        Records(LocalStore(str(project.root / "store")), "lifecycle", "r").read("s")
    assert "_record.json is damaged" in project.fails("--step", "t", "--input", "i=run:s/o", "--shell", "true")


def test_an_input_that_is_not_what_its_record_says_fails_the_step(project: Project) -> None:
    project.done(
        "--step",
        "s",
        "--output",
        "o=values",
        "--output",
        "p=artifact",
        "--shell",
        "echo 1 | tee $MLSPEC_OUTPUT_P > $MLSPEC_OUTPUT_O",
    )
    project.done("--step", "t", "--input", "i=run:s/p", "--value", "s.o=run:s/o", "--shell", "true")
    for name in ("o", "p"):
        (project.path("s") / name).write_text("2")
    reason = "is not what the record of s says: it has been changed since"
    assert f"input i: run:s/p {reason}" in project.fails("--step", "t", "--input", "i=run:s/p", "--shell", "true")
    assert f"s.o: run:s/o {reason}" in project.fails("--step", "t", "--value", "s.o=run:s/o", "--shell", "true")


READ_ONLY = "O=${{ outputs.o }}; mkdir -p $O/d; echo 1 > $O/d/f; chmod 444 $O/d/f; chmod 555 $O/d $O"


def without_privileges() -> None:
    """Let modes count for what is executed next, also for root: it shall not get back what lets it pass over them."""
    libc = ctypes.CDLL(None)
    for capability in (1, 2):  # CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH
        libc.prctl(24, capability, 0, 0, 0)  # PR_CAPBSET_DROP


def exec_without_privileges(project: Project, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "mlspec", "exec", "--run-id", "r", "--store", "store", *words]
    options: dict[str, Any] = {
        "cwd": project.root,
        "env": project.environment,
        "timeout": LIMIT,
        "preexec_fn": without_privileges,
    }
    return subprocess.run(command, capture_output=True, text=True, **options)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux lets root be like any other user")
def test_a_read_only_output_is_published_and_removed_again(project: Project) -> None:
    words = ("--step", "s", "--output", "o=artifact", "--shell", READ_ONLY)
    for _ in range(2):
        end = exec_without_privileges(project, *words)
        assert end.returncode == 0, end.stderr
        assert subprocess.run(["touch", project.path("s") / "o" / "x"], preexec_fn=without_privileges).returncode, "modes count"
        assert project.files("s") == {"_record.json", "o", "o/d", "o/d/f"}
        assert [oct((project.path("s") / name).stat().st_mode & 0o777) for name in ("o", "o/d", "o/d/f")] == [
            "0o555",
            "0o555",
            "0o444",
        ]
    end = exec_without_privileges(project, *words[:-1], f"{READ_ONLY}; false")
    assert end.stderr == "mlspec: step s failed: its process ended with exit status 1\n"
    assert project.files("s") == {"_record.json"}


def test_links_within_an_output_are_relative_and_lead_to_the_same(project: Project) -> None:
    script = """
        mkdir -p $O/sub $O/e; echo 1 > $O/f
        ln -s $O/f $O/sub/abs; ln -s ../f $O/sub/rel; ln -s $O/sub $O/folder; ln -s .. $O/e/up; ln -s no $O/dangling
    """
    project.done("--step", "s", "--output", "o=artifact", "--shell", f"O=${{{{ outputs.o }}}}; {script}")
    made = project.path("s") / "o"
    assert {name: str((made / name).readlink()) for name in ("sub/abs", "sub/rel", "folder", "e/up", "dangling")} == {
        "sub/abs": "../f",
        "sub/rel": "../f",
        "folder": "sub",
        "e/up": "..",
        "dangling": "no",
    }
    project.done("--step", "t", "--input", "i=run:s/o", "--shell", "cat ${{ inputs.i }}/folder/abs")


@pytest.mark.parametrize(
    ("link", "reason"),
    [
        ("mkdir $O; ln -s / $O/all", "output o has a link that leads out of it: all -> /"),
        ("mkdir -p $O/a; ln -s ../../x $O/a/out", "output o has a link that leads out of it: a/out -> ../../x"),
        ("mkdir $O; ln -s /etc/hostname $O/host", "output o has a link that leads out of it: host -> /etc/hostname"),
        ("ln -s / $O", "output o is a link to /, in which it is itself"),
        ("mkdir far; ln -s / far/all; ln -s $PWD/far $O", "output o has a link that leads out of it: all -> /"),
    ],
)
def test_a_link_that_leads_out_of_an_output_fails_the_step(project: Project, link: str, reason: str) -> None:
    assert reason in project.fails("--step", "s", "--output", "o=artifact", "--shell", f"O=${{{{ outputs.o }}}}; {link}")


def test_the_time_limit_counts_for_digests_too(project: Project) -> None:
    script = "truncate -s 8E ${{ outputs.o }} || truncate -s 15T ${{ outputs.o }}"
    last = project.fails("--step", "s", "--output", "o=artifact", "--timeout", "3", "--shell", script)
    assert last.endswith("it took longer than its timeout of 3 s, with the digests of its outputs")


@pytest.mark.parametrize(("mask", "mode"), [(0o077, 0o600), (0o027, 0o640), (0o002, 0o664)])
def test_files_have_the_users_mask(project: Project, mask: int, mode: int) -> None:
    before = os.umask(mask)
    try:
        project.done("--step", "s", "--output", "o=artifact", "--shell", "echo > ${{ outputs.o }}")
    finally:
        os.umask(before)
    modes = {name: (project.path("s") / name).stat().st_mode & 0o777 for name in ("o", "_record.json")}
    assert modes == dict.fromkeys(modes, mode)


def test_the_value_of_a_secret_is_written_nowhere(project: Project) -> None:
    script = 'test "$TOKEN" = hush-hush; echo > ${{ outputs.o }}'
    end = project.exec("--step", "s", "--secret", "TOKEN", "--output", "o=artifact", "--shell", script, TOKEN="hush-hush")
    assert end.returncode == 0
    assert not [path for path in (project.root / "store").rglob("*") if path.is_file() and b"hush" in path.read_bytes()]


@pytest.fixture
def small_disk(project: Project) -> Iterator[Path]:
    with disks.small_disk(project.root / "store", "size=256k,nr_inodes=400") as disk:
        yield disk


@pytest.mark.parametrize("free", [0, 4, 8, 12, 16, 20, 24, 28, 32, 40, 48, 64])
def test_a_full_disk_is_a_failure_in_one_sentence(project: Project, small_disk: Path, free: int) -> None:
    project.done("--step", "before", "--output", "o=artifact", "--shell", "echo > ${{ outputs.o }}")
    with (small_disk / "ballast").open("wb") as ballast:
        ballast.write(b"x" * (disks.free_bytes(small_disk) - free * 1024))
    words = ("--step", "s", "--output", "o=artifact", "--shell", "head -c 8192 /dev/zero > ${{ outputs.o }}")
    end = project.exec(*words)
    assert end.returncode in (0, 1), end.stderr
    lines = [line for line in end.stderr.splitlines() if line.startswith("mlspec:")]
    assert len(lines) == end.returncode, end.stderr
    assert "a bug in mlspec" not in end.stderr
    if end.returncode:
        assert not (project.path("s") / "o").exists()
        assert "No space left" in end.stderr
        assert not list(small_disk.rglob(".*")), "nothing half-written stays"
        (small_disk / "ballast").unlink()
        project.done(*words)
    assert project.files("s") == {"_record.json", "o"}
    assert json.loads((project.path("s") / "_record.json").read_text())["status"] == "succeeded"


def test_a_disk_without_room_for_a_single_file_is_a_failure_in_one_sentence(project: Project, small_disk: Path) -> None:
    for number in range(1000):
        try:
            (small_disk / f"f{number}").touch()
        except OSError:
            break
    end = project.exec("--step", "s", "--shell", "true")
    assert (end.returncode, len(end.stderr.splitlines())) == (1, 1)
    assert "No space left" in end.stderr


@pytest.mark.parametrize("where", ["/dev/null/store", "/proc/store"])
def test_a_store_that_cannot_be_is_a_failure_in_one_sentence(project: Project, where: str) -> None:
    end = project.exec("--step", "s", "--shell", "true", store=where)
    assert (end.returncode, len(end.stderr.splitlines())) == (1, 1), end.stderr


def test_a_list_that_nobody_can_be_told_is_a_failure(project: Project) -> None:
    with Path("/dev/full").open("w") as full:
        command = [sys.executable, "-m", "mlspec", "exec", "--run-id", "r", "--store", "store", "--step", "s", "--items", "[1]"]
        end = subprocess.run(command, cwd=project.root, env=project.environment, stdout=full, stderr=subprocess.PIPE, text=True)
    assert (end.returncode, end.stderr) == (1, "mlspec: step s failed: No space left on device\n")
