"""One spec and its files, on disk and in a revision: both are the same to who reads them."""

from __future__ import annotations

import gc
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import mlspec
from mlspec.checking import Checked, check
from mlspec.source.git_project import GitProject
from mlspec.source.project import FolderProject, Project, ProjectError, TooLargeError

GIT = ("git", "-c", "user.name=Ada", "-c", "user.email=ada@example.com", "-c", "commit.gpgsign=false")
Files = Mapping[str, str | bytes]
Make = Callable[[Files], Project]

SPEC = """apiVersion: mlspec/v1
kind: Lifecycle
include: [org/base.yaml]
metadata: {name: demo}
environments:
  ml: {python: "3.11", requirements: {file: requirements/ml.txt}, pythonpath: [src], image: IMAGE}
defaults: {environment: ml}
steps:
  ingest: {call: "credit.data:ingest", inputs: {raw: {path: data/loans.csv}}, outputs: {table: dataset}}
  validate: {uses: data/validate, inputs: {data: ingest.table}, with: {contract: contracts/loans.yaml}}
""".replace("IMAGE", f"ghcr.io/acme/ml@sha256:{'1' * 64}")
CODE = "def ingest(raw, table):\n    pass\n"
PROJECT: Files = {
    "mlspec.yaml": SPEC,
    "org/base.yaml": "include: [more.yaml, ../top.yaml]\nmetadata: {description: of the base}\n",
    "org/more.yaml": "metadata: {owners: [ada@example.com]}\n",
    "top.yaml": "store: .mlspec/other\n",
    "requirements/ml.txt": "# pinned\nscikit-learn==1.8.0\n",
    "contracts/loans.yaml": "columns: {}\n",
    "data/loans.csv": "a,b\n",
    "src/credit/__init__.py": "",
    "src/credit/data.py": CODE,
}


def write(folder: Path, files: Files) -> None:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())


def git(folder: Path, *words: str, data: bytes | None = None) -> str:
    return (
        subprocess.run([*GIT, "-C", str(folder), *words], check=True, capture_output=True, input=data).stdout.decode().strip()
    )


def commit(folder: Path, files: Files, message: str = "change") -> str:
    """Write the files and commit all that is there; returns the revision."""
    folder.mkdir(exist_ok=True)
    if not (folder / ".git").exists():
        git(folder, "init", "--quiet")
    write(folder, files)
    git(folder, "add", "--all", "--force")
    git(folder, "commit", "--quiet", "--allow-empty", "--message", message)
    return git(folder, "rev-parse", "HEAD")


def in_folder(folder: Path, files: Files) -> Project:
    write(folder, files)
    return FolderProject(folder)


def in_revision(folder: Path, files: Files) -> Project:
    """A revision whose work tree is empty, read in a bare clone."""
    commit(folder / "repo", files)
    git(folder, "clone", "--quiet", "--bare", "repo", "bare.git")
    shutil.rmtree(folder / "repo")
    return GitProject.open(folder / "bare.git", "HEAD")


@pytest.fixture(params=[in_folder, in_revision])
def make(request: pytest.FixtureRequest, tmp_path: Path) -> Make:
    return lambda files: request.param(tmp_path, files)


def found(checked: Checked, project: Project) -> list[tuple[str, str, int, int, str | None]]:
    """The findings, with files as a path in the project: what a folder or a revision puts before is left out."""
    top = project.name("x").removesuffix("x")
    return [
        (each.code, each.span.file.removeprefix(top), each.span.line, each.span.column, each.hint) for each in checked.findings
    ]


def test_a_whole_project_is_checked(make: Make) -> None:
    project = make(PROJECT)
    checked = check("mlspec.yaml", project=project)
    assert found(checked, project) == []
    plan = checked.plan
    assert plan is not None and plan.spec_file == "mlspec.yaml"
    assert plan.environments["ml"].requirements == ("scikit-learn==1.8.0",)
    assert (plan.description, plan.store, plan.owners) == ("of the base", ".mlspec/other", ("ada@example.com",))
    read = ("mlspec.yaml", "org/base.yaml", "org/more.yaml", "top.yaml", "src/credit/data.py")
    assert set(checked.document.sources) == {project.name(name) for name in read}


FAULTS: dict[str, tuple[Files, list[tuple[str, str, int, int, str | None]]]] = {
    "a missing include, with a near name": (
        {"mlspec.yaml": SPEC.replace("org/base", "org/bsae")},
        [("MLS110", "mlspec.yaml", 3, 11, "did you mean `base.yaml`?")],
    ),
    "a missing include of an included file": (
        {"org/base.yaml": "include: [mor.yaml]\n"},
        [("MLS110", "org/base.yaml", 1, 11, "did you mean `more.yaml`?")],
    ),
    "a circle": (
        {"org/more.yaml": "include: [../mlspec.yaml]\n"},
        [("MLS111", "org/more.yaml", 1, 11, "remove one include of the circle")],
    ),
    "a circle by another path": (
        {"org/more.yaml": "include: [../org/../src/credit/../../org/base.yaml]\n"},
        [("MLS111", "org/more.yaml", 1, 11, "remove one include of the circle")],
    ),
    "an include that is a folder": (
        {"top.yaml/x": "", "org/base.yaml": "include: [../top.yaml]\n"},
        [("MLS110", "org/base.yaml", 1, 11, "name a file of YAML")],
    ),
    "an include that is no text": ({"top.yaml": b"a: \xff\n"}, [("MLS101", "top.yaml", 1, 4, "save the file as UTF-8")]),
    "no requirements": (
        {"mlspec.yaml": SPEC.replace("ml.txt", "none.txt")},
        [("MLS413", "mlspec.yaml", 6, 45, "the path is relative to the file that names it")],
    ),
    "requirements that are no text": (
        {"requirements/ml.txt": b"\xff\xfe"},
        [("MLS413", "mlspec.yaml", 6, 45, "the path is relative to the file that names it")],
    ),
    "no such function": (
        {"src/credit/data.py": "def ingst(raw, table):\n    pass\n"},
        [("MLS403", "mlspec.yaml", 9, 31, "did you mean `ingst`?")],
    ),
    "another signature": (
        {"src/credit/data.py": "\n\ndef ingest(raw, table, more):\n    pass\n"},
        [("MLS404", "mlspec.yaml", 9, 18, "a call is given its inputs, its file outputs and `with`")],
    ),
    "code that cannot be parsed": ({"src/credit/data.py": b"def \xff\x00"}, []),
    "code beyond what is read": ({"src/credit/data.py": "#" * 4_000_001}, []),
    "a missing module, contract and input": (
        {"mlspec.yaml": SPEC.replace("credit.data", "credit.date").replace("loans.", "loan.")},
        [
            ("MLS406", "mlspec.yaml", 9, 61, "did you mean `data/loans.csv`?"),
            ("MLS406", "mlspec.yaml", 10, 82, "did you mean `contracts/loans.yaml`?"),
            (
                "MLS405",
                "mlspec.yaml",
                9,
                19,
                "searched: src, the spec's folder; name the folder in the environment's `pythonpath`",
            ),
        ],
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_faults_are_found_alike(make: Make, fault: str) -> None:
    changed, expected = FAULTS[fault]
    kept = {name: text for name, text in PROJECT.items() if not any(new.startswith(f"{name}/") for new in changed)}
    project = make({**kept, **changed})
    assert sorted(found(check("mlspec.yaml", project=project), project), key=str) == sorted(expected, key=str)


def test_a_finding_shows_the_function_it_is_about(make: Make) -> None:
    project = make({**PROJECT, "src/credit/data.py": "def ingest(raw):\n    pass\n"})
    checked = check("mlspec.yaml", project=project)
    (related,) = checked.findings[0].related
    assert (related.span.file, related.span.line, related.span.column) == (project.name("src/credit/data.py"), 1, 5)
    assert checked.document.sources[related.span.file].startswith("def ingest(raw):")


def test_what_there_is(make: Make) -> None:
    project = make({"a/b.txt": "b", "a/c/d": "", "e": ""})
    assert (project.is_file("a/b.txt"), project.is_file("a"), project.is_file("a/x")) == (True, False, False)
    assert (project.is_folder("a"), project.is_folder("."), project.is_folder("a/b.txt")) == (True, True, False)
    assert (project.exists("a/c/d"), project.exists("a/c/../b.txt"), project.exists("x/../e")) == (True, True, False)
    assert project.entries("a") == ["b.txt", "c"] and project.entries("x") == project.entries("e") == []
    assert project.below("a").read("b.txt") == project.below("a/c").read("../b.txt") == b"b"
    assert project.identity("a/c/../b.txt") == project.identity("./a/b.txt") != project.identity("e")


@pytest.mark.parametrize(
    ("path", "error"),
    [("x", FileNotFoundError), ("x/y", FileNotFoundError), ("a", IsADirectoryError), ("a/b/c", NotADirectoryError)],
)
def test_what_cannot_be_read(make: Make, path: str, error: type[OSError]) -> None:
    with pytest.raises(error) as raised:
        make({"a/b": "b"}).read(path)
    assert raised.value.strerror == os.strerror(raised.value.errno or 0)


@pytest.mark.parametrize(
    "path", ["\0", "a\0b", "x" * 10_000, "\udcff", "\ud800", "x/" * 5000, "../" * 3000 + "x", "a/b/" * 2000]
)
def test_hostile_paths_lead_nowhere(make: Make, path: str) -> None:
    project = make({"a": ""})
    assert not project.is_file(path) and not project.is_folder(path) and project.entries(path) == []
    project.identity(path)
    with pytest.raises(OSError):
        project.read(path)


@pytest.mark.parametrize(
    "name", ["with blank", "new\nline", "tab\t", "ünïcode 木", "-option", "HEAD", "a:b", "*", '"q"', "\udcff"]
)
def test_any_name_of_a_file(make: Make, name: str) -> None:
    project = make({f"{name}/{name}": "x"})
    assert project.read(f"{name}/{name}") == b"x" and project.entries(name) == [name]


def test_a_file_has_a_limit(make: Make) -> None:
    project = make({"large": "x" * 5_000_000, "small": "y"})
    for _ in range(2):
        with pytest.raises(TooLargeError, match="5,000,000 bytes; at most 4,000,000 are read") as raised:
            project.read("large", 4_000_000)
        assert raised.value.size == 5_000_000
        assert project.read("small", 1) == b"y"
    assert len(project.read("large")) == 5_000_000
    with pytest.raises(TooLargeError):
        project.read("large", 4_999_999)


def test_binary_content_is_itself(make: Make) -> None:
    content = bytes(range(256)) * 3 + b"\n" + b"a missing\n"
    project = make({"data": content, "empty": b""})
    assert project.read("data") == content and project.read("empty") == b""


def test_one_look_agrees_with_itself(tmp_path: Path) -> None:
    write(tmp_path, {"a": "old"})
    look = FolderProject(tmp_path)
    assert look.read("a") == b"old"
    write(tmp_path, {"a": "new"})
    assert look.read("a") == look.below(".").read("a") == b"old" and FolderProject(tmp_path).read("a") == b"new"


def test_a_device_ends() -> None:
    with pytest.raises(TooLargeError):
        FolderProject("/dev").read("zero", 1000)


# The code that a spec calls is looked at each time a spec is loaded.


def test_changed_code_is_seen_by_the_next_load(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, PROJECT)
    monkeypatch.chdir(tmp_path)
    spec = mlspec.load("mlspec.yaml")
    write(tmp_path, {"src/credit/data.py": "def other(): pass\n"})
    with pytest.raises(mlspec.SpecError, match="MLS403"):
        mlspec.load("mlspec.yaml")
    assert mlspec.plan(spec).steps[0].id == "ingest"  # a spec goes on from the look that it was loaded by
    write(tmp_path, {"src/credit/data.py": CODE})
    mlspec.load("mlspec.yaml")


def test_the_same_relative_path_elsewhere_is_another_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path / "one", PROJECT)
    write(tmp_path / "two", {**PROJECT, "src/credit/data.py": "def other(): pass\n"})
    monkeypatch.chdir(tmp_path / "one")
    spec = mlspec.load("mlspec.yaml")
    monkeypatch.chdir(tmp_path / "two")
    with pytest.raises(mlspec.SpecError, match="MLS403"):
        mlspec.load("mlspec.yaml")
    mlspec.plan(spec)


def test_a_loaded_spec_is_planned_from_its_own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path / "one", PROJECT)
    monkeypatch.chdir(tmp_path / "one")
    look = FolderProject()
    monkeypatch.chdir(tmp_path)
    assert check("mlspec.yaml", project=look).findings == []


def test_threads_check_what_they_name(tmp_path: Path) -> None:
    codes = {}
    for number in range(8):
        write(tmp_path / str(number), PROJECT)
        if number % 2:
            write(tmp_path / str(number), {"src/credit/data.py": "def other(): pass\n"})
        codes[number] = ["MLS403"] if number % 2 else []
    with ThreadPoolExecutor(8) as pool:
        numbers = list(range(8)) * 3
        results = pool.map(lambda number: check(tmp_path / str(number) / "mlspec.yaml").findings, numbers)
    assert [[each.code for each in findings] for findings in results] == [codes[number] for number in numbers]


def test_threads_share_a_revision(tmp_path: Path) -> None:
    project = in_revision(tmp_path, PROJECT)
    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(lambda _: check("mlspec.yaml", project=project).findings, range(24)))
    assert results == [[]] * 24


def test_every_file_is_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    steps = "".join(
        f"  s{number}: {{call: 'credit.data:ingest', outputs: {{raw: report, table: report}}}}\n" for number in range(300)
    )
    write(tmp_path, {**PROJECT, "mlspec.yaml": f"{SPEC}{steps}profiles: {{a: {{store: a}}, b: {{store: b}}}}\n"})
    monkeypatch.chdir(tmp_path)
    code = """
import sys
opened = []
sys.addaudithook(lambda event, arguments: opened.append(str(arguments[0])) if event == "open" else None)
from mlspec.cli.main import main
assert main(["validate"]) == 0
print(sorted(name.removeprefix(sys.argv[1] + "/") for name in opened if name.startswith(sys.argv[1])))
print("subprocess" in sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=True)
    read = ["mlspec.yaml", "org/../top.yaml", "org/base.yaml", "org/more.yaml", "requirements/ml.txt"]
    read += ["src/credit/__init__.py", "src/credit/data.py"]  # the package is part of what the function can reach
    assert done.stdout.splitlines()[-2:] == [str(read), "False"]


# A revision is a project without a work tree.


@pytest.fixture
def history(tmp_path: Path) -> Path:
    """A repository with a project in a folder: as it should be, then broken, then gone."""
    repo = tmp_path / "repo"
    commit(repo, {f"team/{name}": text for name, text in PROJECT.items()})
    git(repo, "tag", "good")
    commit(repo, {"team/src/credit/data.py": "def other(): pass\n", "team/requirements/ml.txt": "pandas==2.0.0\n"})
    git(repo, "tag", "broken")
    shutil.rmtree(repo / "team")
    commit(repo, {"README": "nothing left"})
    return repo


def generated(checked: Checked) -> dict[str, dict[str, str]]:
    assert checked.plan is not None, checked.findings
    return {
        target: {file.path: file.content for file in mlspec.compile(checked.plan, target)} for target in ("kubeflow", "airflow")
    }


def test_an_older_revision_compiles_to_the_same_bytes(history: Path, tmp_path: Path) -> None:
    write(tmp_path / "disk" / "team", PROJECT)
    on_disk = generated(check(tmp_path / "disk" / "team" / "mlspec.yaml"))
    git(tmp_path, "clone", "--quiet", "--bare", "repo", "bare.git")
    for project, path in (
        (GitProject.open(history / "team", "good"), "mlspec.yaml"),
        (GitProject.open(history, "HEAD~2"), "team/mlspec.yaml"),
        (GitProject.open(tmp_path / "bare.git", "good"), "team/mlspec.yaml"),
        (GitProject.open(tmp_path / "bare.git" / "team", "good"), "mlspec.yaml"),
    ):
        assert generated(check(path, project=project)) == on_disk
        assert mlspec.plan(mlspec.load(path, project=project)).spec_file == "mlspec.yaml"


def test_findings_name_the_revision(history: Path) -> None:
    checked = check("mlspec.yaml", project=GitProject.open(history / "team", "broken"))
    assert [(each.code, each.span.file) for each in checked.findings] == [("MLS403", "broken:team/mlspec.yaml")]
    assert git(history, "show", checked.findings[0].span.file).strip() == SPEC.strip()
    gone = check("mlspec.yaml", project=GitProject.open(history / "team", "HEAD"))
    assert [str(each.message) for each in gone.findings] == ["the file cannot be read: no such file or directory"]


def test_a_project_stays_at_its_revision(history: Path) -> None:
    project = GitProject.open(history / "team", "HEAD")
    commit(history, {f"team/{name}": text for name, text in PROJECT.items()})
    assert not project.exists("mlspec.yaml") and GitProject.open(history / "team", "HEAD").exists("mlspec.yaml")


def test_a_plan_of_a_revision_needs_a_folder_to_run_in(history: Path, tmp_path: Path) -> None:
    spec = "apiVersion: mlspec/v1\nkind: Lifecycle\nmetadata: {name: demo}\nsteps: {say: {run: echo hello}}\n"
    revision = commit(history, {"mlspec.yaml": spec})
    loaded = mlspec.load("mlspec.yaml", project=GitProject.open(history, revision))
    with pytest.raises(ProjectError, match=r"^the mlspec.yaml of this plan is not on disk: say in which folder"):
        mlspec.run(mlspec.plan(loaded))
    with pytest.raises(ProjectError, match=r"mlspec.yaml is not on disk"):
        _ = loaded.folder
    assert mlspec.run(mlspec.plan(loaded), project=tmp_path).status == "succeeded"


@pytest.mark.parametrize(
    "revision", ["none", "", " ", "-p", "--help", "HEAD\nHEAD", "HEAD\0", "HEAD:README", "HEAD^{tree", "HEAD..HEAD"]
)
def test_there_is_no_such_revision(history: Path, revision: str) -> None:
    with pytest.raises(ProjectError, match=r"^there is no revision .* in the repository of .*repo$"):
        GitProject.open(history, revision)


@pytest.mark.parametrize("revision", ["HEAD", "good", "HEAD~1", "HEAD@{0}", "HEAD^{tree}", "refs/tags/good"])
def test_revisions_are_gits(history: Path, revision: str) -> None:
    assert GitProject.open(history, revision).is_folder(".")


def test_a_folder_in_no_repository(tmp_path: Path) -> None:
    with pytest.raises(ProjectError, match=f"^git reads no repository in {tmp_path}: not a git repository"):
        GitProject.open(tmp_path, "HEAD")


def test_no_git(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ProjectError, match=r"^git cannot be started: no such file or directory$"):
        GitProject.open(tmp_path, "HEAD")


def test_in_a_hook_of_another_repository(history: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    commit(tmp_path / "other", {"else": ""})
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "other" / ".git"))
    monkeypatch.setenv("GIT_INDEX_FILE", "none")
    assert GitProject.open(history, "good").is_file("team/mlspec.yaml")


def test_a_repository_that_lacks_an_object(tmp_path: Path) -> None:
    revision = commit(tmp_path, {"mlspec.yaml": SPEC, "other": "kept"})
    blob = git(tmp_path, "rev-parse", f"{revision}:mlspec.yaml")
    project = GitProject.open(tmp_path, revision)
    (tmp_path / ".git/objects" / blob[:2] / blob[2:]).unlink()
    (found,) = check("mlspec.yaml", project=project).findings
    assert (found.code, found.message) == ("MLS100", "the file cannot be read: the repository lacks its object")
    assert project.read("other") == b"kept"


def test_a_damaged_object(tmp_path: Path) -> None:
    revision = commit(tmp_path, {"mlspec.yaml": SPEC, "other": "kept"})
    blob = git(tmp_path, "rev-parse", f"{revision}:mlspec.yaml")
    project = GitProject.open(tmp_path, revision)
    path = tmp_path / ".git/objects" / blob[:2] / blob[2:]
    path.chmod(0o644)
    path.write_bytes(b"damaged")
    for _ in range(2):
        (found,) = check("mlspec.yaml", project=project).findings
        assert found.code == "MLS100" and found.message.startswith("the file cannot be read: ")
        assert project.read("other") == b"kept"


def test_the_process_ends_with_the_project(history: Path) -> None:
    project = GitProject.open(history, "good")
    process = project._objects._process
    assert process is not None and process.poll() is None
    below = project.below("team")
    del project
    gc.collect()
    assert below.exists("mlspec.yaml")
    del below
    gc.collect()
    assert process.poll() is not None


def test_a_process_that_was_killed_is_started_again(history: Path) -> None:
    project = GitProject.open(history, "good")
    process = project._objects._process
    assert process is not None
    process.kill()
    process.wait()
    with pytest.raises(OSError, match="git cannot read its object"):
        project.read("team/mlspec.yaml")
    assert project.read("team/mlspec.yaml") == SPEC.encode()


# Links and what else a tree can hold.


@pytest.fixture(params=["disk", "revision"])
def linked(request: pytest.FixtureRequest, tmp_path: Path) -> Project:
    """A project below a repository, with links."""
    repo = tmp_path / "repo"
    write(tmp_path, {"outside/secret.yaml": "params: {secret: 1}\n"})
    write(repo, {"org/base.yaml": "b", "team/own/file": "f"})
    links = {
        "file": "own/file",
        "folder": "own",
        "chain": "folder/../link_to_org/base.yaml",
        "link_to_org": "../org",
        "loop": "loop2",
        "loop2": "loop",
        "itself": "itself/x",
        "dangling": "none",
        "through_a_file": "own/file/x",
    }
    for name, target in links.items():
        (repo / "team" / name).symlink_to(target)
    commit(repo, {})
    return FolderProject(repo / "team") if request.param == "disk" else GitProject.open(repo / "team", "HEAD")


def test_links_within_the_tree_are_followed(linked: Project) -> None:
    assert linked.read("file") == linked.read("folder/file") == linked.read("link_to_org/../team/own/file") == b"f"
    assert linked.read("chain") == linked.read("../org/base.yaml") == linked.read("folder/../../org/base.yaml") == b"b"
    assert linked.entries("folder") == ["file"] and linked.is_folder("link_to_org")
    assert linked.identity("folder/file") == linked.identity("own/file") == linked.identity("file")


@pytest.mark.parametrize("path", ["loop", "loop/x", "itself", "dangling", "through_a_file"])
def test_links_to_nothing_are_missing(linked: Project, path: str) -> None:
    assert not linked.exists(path) and not linked.is_file(path) and linked.entries(path) == []
    with pytest.raises(OSError):
        linked.read(path)


@pytest.mark.parametrize("target", ["../outside/secret.yaml", "../../outside/secret.yaml", "ABSOLUTE", "out/secret.yaml"])
def test_a_link_out_of_the_repository_is_missing(tmp_path: Path, target: str) -> None:
    repo = tmp_path / "repo"
    write(tmp_path, {"outside/secret.yaml": "params: {secret: 1}\n"})
    write(repo, {"mlspec.yaml": SPEC.replace("org/base.yaml", "link.yaml")})
    (repo / "out").symlink_to("../outside")
    (repo / "link.yaml").symlink_to(target.replace("ABSOLUTE", str(tmp_path / "outside" / "secret.yaml")))
    commit(repo, {})
    project = GitProject.open(repo, "HEAD")
    assert not project.exists("link.yaml") and not project.exists("out") and not project.is_folder("out")
    assert "MLS110" in [each.code for each in check("mlspec.yaml", project=project).findings]


@pytest.mark.parametrize("path", ["../outside.yaml", "../../outside.yaml", "ABSOLUTE", "org/../../outside.yaml"])
def test_a_path_out_of_the_repository_is_missing(tmp_path: Path, path: str) -> None:
    path = path.replace("ABSOLUTE", str(tmp_path / "outside.yaml"))
    write(tmp_path, {"outside.yaml": "params: {secret: 1}\n"})
    revision = commit(tmp_path / "repo", {**PROJECT, "mlspec.yaml": SPEC.replace("org/base.yaml", path)})
    checked = check("mlspec.yaml", project=GitProject.open(tmp_path / "repo", revision))
    assert [each.code for each in checked.findings] == ["MLS110"]
    assert checked.findings[0].message == f"there is no file `{path}`"


def test_a_submodule_is_an_empty_folder(tmp_path: Path) -> None:
    commit(tmp_path, {"a": ""})
    git(tmp_path, "update-index", "--add", "--cacheinfo", f"160000,{'1' * 40},sub")
    git(tmp_path, "commit", "--quiet", "--message", "a submodule")
    project = GitProject.open(tmp_path, "HEAD")
    assert project.is_folder("sub") and project.entries("sub") == [] and not project.exists("sub/x")
    assert project.is_file("sub/../a")


@pytest.mark.parametrize("tree", [b"100644 a", b"xyz a\0" + b"1" * 20, b"100644a\0", b"\0" * 50])
def test_a_tree_that_is_none(tmp_path: Path, tree: bytes) -> None:
    commit(tmp_path, {"a": ""})
    made = git(tmp_path, "hash-object", "-t", "tree", "-w", "--stdin", "--literally", data=tree)
    project = GitProject.open(tmp_path, made)
    assert not project.exists("a") and project.entries(".") == [] and project.identity("a")
    assert [each.code for each in check("a", project=project).findings] == ["MLS100"]


def test_digests_of_another_length(tmp_path: Path) -> None:
    git(tmp_path, "init", "--quiet", "--object-format=sha256")
    write(tmp_path, PROJECT)
    git(tmp_path, "add", "--all")
    git(tmp_path, "commit", "--quiet", "--message", "all")
    assert check("mlspec.yaml", project=GitProject.open(tmp_path, "HEAD")).findings == []


def test_a_spec_below_many_folders(tmp_path: Path) -> None:
    deep = "/".join(["d"] * 300)
    commit(tmp_path, {f"{deep}/mlspec.yaml": "a: 1\n"})
    assert GitProject.open(tmp_path, "HEAD").below(deep).read("mlspec.yaml") == b"a: 1\n"
