"""Stores: the layout of run ids, and the same step in a folder and in a place that only fsspec reaches."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlspec.errors import DamagedError, StoreError
from mlspec.store.files import remove
from mlspec.store.filesystem import LocalStore, RemoteStore, fetch, is_remote, open_store
from mlspec.store.layout import output_of_run, run_folder, run_id_of

if TYPE_CHECKING:
    from tests.unit.exec.conftest import Project


@given(st.text(min_size=1), st.text(min_size=1))
def test_every_run_id_has_a_folder_of_its_own_and_back(one: str, two: str) -> None:
    folder = run_folder("lc", one)
    name = folder.removeprefix("lc/")
    assert "/" not in name and name not in (".", "..") and not name.startswith("_") and name.isascii()
    assert run_id_of(name) == one
    assert (run_folder("lc", two) == folder) == (one == two)


@pytest.mark.parametrize(
    ("run_id", "folder"),
    [
        ("manual__2026-01-01T00:00:00+00:00", "manual__2026-01-01T00%3A00%3A00%2B00%3A00"),
        ("a/b c", "a%2Fb%20c"),
        ("..", "%2E."),
        ("_cache", "%5Fcache"),
        ("é", "%C3%A9"),
    ],
)
def test_the_folder_of_a_run_id(run_id: str, folder: str) -> None:
    assert run_folder("lc", run_id) == f"lc/{folder}"


def test_references_to_outputs_of_a_run() -> None:
    assert output_of_run("lc/r", "run:train/model") == "lc/r/train/model"
    assert output_of_run("lc/r", "run:train/10/model") == "lc/r/train/10/model"
    for wrong in ("run:train", "run:train/x/model", "run:../a/b", "run:train/", "run:a/1/b/c"):
        assert output_of_run("lc/r", wrong) is None


@pytest.mark.parametrize(
    ("uri", "remote"),
    [
        ("s3://b/k", True),
        ("simplecache::s3://b", True),
        ("local:///x", True),
        ("file:///x", False),
        ("/x", False),
        ("a:b", False),
    ],
)
def test_only_uris_that_need_fsspec_are_remote(uri: str, remote: bool) -> None:
    assert is_remote(uri) is remote


@pytest.mark.parametrize("form", ["{root}/st", "file:{root}/st", "file://{root}/st", "file://localhost{root}/st", "st"])
def test_a_folder_may_be_written_as_a_path_or_a_file_uri(project: Project, form: str) -> None:
    store = form.format(root=project.root)
    project.done("--step", "s", "--output", "o=model", "--shell", "echo 1 > ${{ outputs.o }}", store=store)
    out = project.done("--step", "t", "--input", "i=run:s/o", "--shell", "cat ${{ inputs.i }}", store=store)
    assert out == "1\n"
    assert (project.root / "st" / "lifecycle" / "r" / "s" / "o").read_text() == "1\n"
    record = json.loads((project.root / "st" / "lifecycle" / "r" / "t" / "_record.json").read_text())
    assert record["inputs"]["i"]["uri"] == f"{store}/lifecycle/r/s/o"
    assert (
        project.done("--step", "u", "--input", f"i={record['inputs']['i']['uri']}", "--shell", "cat ${{ inputs.i }}") == "1\n"
    )


def test_a_step_in_a_remote_store_ends_as_in_a_folder(project: Project) -> None:
    """`local://` is fsspec's own view of a folder: nothing of ours knows that it is one."""
    store = f"local://{project.root}/store"
    make = "mkdir ${{ outputs.o }}; cp ${{ inputs.i }} ${{ outputs.o }}/a; echo '{\"n\": 1}' > ${{ outputs.m }}"
    source = project.write("in.csv", "in\n")
    words = ("--step", "s", "--input", f"i=local://{source}", "--output", "o=dataset", "--output", "m=metrics", "--shell", make)
    project.done("--cache", *words, run="1", store=store)
    assert project.files("s", "1") == {"o", "o/a", "m", "_record.json"}
    assert project.record("s", "1")["outputs"]["o"]["uri"] == f"{store}/lifecycle/1/s/o"
    project.done(*words, run="local")
    remote, local = project.record("s", "1"), project.record("s", "local")
    for name in ("o", "m"):
        assert remote["outputs"][name]["digest"] == local["outputs"][name]["digest"]

    read = ("--step", "t", "--input", "i=run:s/o", "--value", "s.m=run:s/m", "--with", "n=${{ s.m.n }}")
    out = project.done(*read, "--shell", "cat ${{ inputs.i }}/a; echo ${{ with.n }} ${{ inputs.i }}", run="1", store=store)
    assert out.startswith("in\n1 ") and out.endswith("/o\n")

    end = project.exec("--cache", *words, run="2", store=store)
    assert project.record("s", "2")["cached_from"] == "1", end.stderr
    assert project.files("s", "2") == {"o", "o/a", "m", "_record.json"}

    assert project.exec("--step", "bad", "--shell", "false", run="1", store=store).returncode == 1
    assert project.exec("--step", "u", "--fail-fast", "--shell", "true", run="1", store=store).returncode == 98
    assert project.exec("--step", "bad", "--shell", "true", run="1", store=store).returncode == 0
    assert project.exec("--step", "u", "--fail-fast", "--shell", "true", run="1", store=store).returncode == 0
    assert project.exec("--step", "s", "--shell", "false", run="1", store=store).returncode == 1
    assert project.files("s", "1") == {"_record.json"}


@pytest.mark.parametrize(
    ("uri", "reason"),
    [
        ("local:///no/such/file", "input i: there is no local:///no/such/file"),
        ("nonsense://x/y", "input i: nonsense://x/y: Protocol not known: nonsense"),
    ],
)
def test_a_remote_input_that_cannot_be_had_fails_the_step(project: Project, uri: str, reason: str) -> None:
    assert reason in project.fails("--step", "s", "--input", f"i={uri}", "--shell", "true")


def test_downloads_are_removed_with_the_process(project: Project) -> None:
    source = project.write("in.csv", "in\n")
    (project.root / "tmp").mkdir()
    out = project.done(
        *("--step", "s", "--input", f"i=local://{source}", "--shell", "echo ${{ inputs.i }}"), TMPDIR=str(project.root / "tmp")
    )
    assert out.startswith(str(project.root / "tmp")) and out.endswith("/in.csv\n")
    assert list((project.root / "tmp").iterdir()) == []


@pytest.fixture(params=["folder", "memory"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[LocalStore | RemoteStore]:
    """A folder, and fsspec's memory file system, which like an object store makes folders of names only."""
    if request.param == "folder":
        yield LocalStore(str(tmp_path / "store"))
        return
    import fsspec

    memory = fsspec.filesystem("memory")
    memory.store.clear()
    memory.pseudo_dirs.clear()
    yield open_store("memory://bucket/store")
    memory.store.clear()


def test_a_store_keeps_files_and_folders(store: LocalStore | RemoteStore, tmp_path: Path) -> None:
    assert store.read("lc/r/x") is None
    assert store.names("lc/r") == []
    store.remove("lc/r/x")
    store.write("lc/r/x", b"1")
    store.write("lc/r/x", b"2")
    assert store.read("lc/r/x") == b"2"
    folder = tmp_path / "folder"
    (folder / "sub").mkdir(parents=True)
    (folder / "sub" / "a").write_text("a")
    (folder / "b").write_text("b")
    store.put(folder, "lc/r/folder")
    assert store.names("lc/r") == ["folder", "x"]
    assert store.read("lc/r/folder/sub/a") == b"a"
    store.remove("lc/r/folder")
    assert store.names("lc/r") == ["x"]


def test_a_remote_folder_comes_back_as_it_was_put(tmp_path: Path) -> None:
    remote = open_store("memory://bucket/back")
    folder = tmp_path / "folder"
    (folder / "sub").mkdir(parents=True)
    (folder / "sub" / "a b%é").write_text("a")
    remote.put(folder, "x/folder")
    fetched = fetch(remote.uri("x/folder"), tmp_path / "into")
    assert (fetched / "sub" / "a b%é").read_text() == "a"
    assert [path.name for path in fetched.rglob("*") if path.is_file()] == ["a b%é"]


def test_an_empty_folder_is_refused_by_a_remote_store(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="empty folder"):
        open_store("memory://bucket/empty").put(tmp_path, "x/folder")


def test_what_is_no_file_is_damaged(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "device").symlink_to("/dev/zero")
    os.mkfifo(tmp_path / "pipe")
    store = LocalStore(str(tmp_path))
    for name in ("folder", "device", "pipe"):
        with pytest.raises(DamagedError, match=f"{name} is damaged: it is no file"):
            store.read(name)
    assert store.read("none") is None


@pytest.mark.parametrize("mode", [0o000, 0o311, 0o555])
def test_folders_that_may_not_be_read_are_removed(tmp_path: Path, mode: int) -> None:
    (tmp_path / "made/deep").mkdir(parents=True)
    (tmp_path / "made/deep/file").touch()
    (tmp_path / "made/deep").chmod(mode)
    (tmp_path / "made").chmod(mode)
    if os.getuid() == 0:  # for whom no folder is closed
        for path in (tmp_path, tmp_path / "made", tmp_path / "made/deep", tmp_path / "made/deep/file"):
            os.chown(path, 65534, 65534)
        child = os.fork()
        if child == 0:
            try:
                os.chdir(tmp_path)
                os.setuid(65534)
                remove(Path("made"))
                os._exit(0)
            finally:
                os._exit(1)
        assert os.waitpid(child, 0)[1] == 0
    else:
        remove(tmp_path / "made")
    assert not (tmp_path / "made").exists()


def test_what_the_operating_system_says_of_a_folder_is_an_error_of_the_store(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    store = LocalStore(str(tmp_path))
    for act in (
        lambda: store.write("file/x", b""),
        lambda: store.read("."),
        lambda: store.put(tmp_path / "none", "x"),
        lambda: store.read("x" * 300),
    ):
        with pytest.raises(StoreError, match=rf"^{re.escape(str(tmp_path))}/(.*: [A-Z]|\. is damaged: it is no file)"):
            act()
