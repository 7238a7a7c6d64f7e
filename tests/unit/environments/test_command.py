"""`mlspec env` as people call it."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlspec.cli.main import main

SPEC = """\
apiVersion: mlspec/v1
kind: Lifecycle
metadata: {name: demo}
environments:
  ml: {python: "3.11", requirements: [a==1], pythonpath: [src]}
  old: {python: "3.9"}
  code: {pythonpath: [src]}
steps:
  make: {run: "true", environment: ml}
  bake: {run: "true", environment: old}
  take: {run: "true", environment: code}
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "mlspec.yaml").write_text(SPEC, encoding="utf-8")
    (tmp_path / "src").mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path


def written(project: Path) -> list[str]:
    folder = project / "pipelines" / "environments"
    return sorted(
        path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file() and path.name != ".gitattributes"
    )


def test_one_environment_is_written_and_checked(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["env", "export", "ml", "--check"]) == 1
    assert "pipelines/environments/ml/Dockerfile is missing" in capsys.readouterr().err
    assert main(["env", "export", "ml"]) == 0
    assert written(project) == ["ml/Dockerfile", "ml/Dockerfile.dockerignore", "ml/environment.yml"]
    assert main(["env", "export", "ml", "--check"]) == 0
    assert main(["env", "export", "ml", "--set", "environments.ml.requirements=[a==2]", "--check"]) == 1
    assert "is not what the spec says now" in capsys.readouterr().err
    assert main(["env", "export", "ml", "--set", "environments.ml.requirements=[a==2]", "--diff"]) == 0
    assert "+        a==2 \\" in capsys.readouterr().out


def test_one_environment_leaves_the_others_and_all_remove_what_is_gone(project: Path) -> None:
    assert main(["env", "export", "ml"]) == 0
    assert main(["env", "export", "code"]) == 0
    assert len(written(project)) == 6
    without = "\n".join(line for line in SPEC.split("\n") if "old" not in line and "code" not in line)
    (project / "mlspec.yaml").write_text(without, encoding="utf-8")
    assert main(["env", "export"]) == 0
    assert {path.split("/")[0] for path in written(project)} == {"ml"}


def test_a_file_edited_by_hand_stays(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["env", "export", "ml"])
    dockerfile = project / "pipelines/environments/ml/Dockerfile"
    dockerfile.write_text(dockerfile.read_text() + "RUN id\n")
    assert main(["env", "export", "ml"]) == 1
    assert "was edited by hand" in capsys.readouterr().err
    assert dockerfile.read_text().endswith("RUN id\n")
    assert main(["env", "export", "ml", "--force"]) == 0
    assert "RUN id" not in dockerfile.read_text()


def test_what_cannot_be_exported_is_a_finding_at_its_line(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["env", "export"]) == 1
    assert "mlspec.yaml:6:3: error MLS580" in capsys.readouterr().err
    assert not (project / "pipelines").exists()


def test_another_folder(project: Path) -> None:
    assert main(["env", "export", "ml", "-o", "deploy"]) == 0
    assert (project / "deploy" / "ml" / "Dockerfile").is_file()


@pytest.mark.parametrize("command", ["build", "export"])
def test_an_unknown_name_is_wrong_usage(project: Path, capsys: pytest.CaptureFixture[str], command: str) -> None:
    assert main(["env", command, "mll"]) == 2
    assert "there is no environment 'mll'; did you mean 'ml'?" in capsys.readouterr().err
    assert main(["env", command, "something"]) == 2
    assert "there are: ml, old, code" in capsys.readouterr().err


def test_a_spec_without_environments_is_wrong_usage(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bare = "apiVersion: mlspec/v1\nkind: Lifecycle\nmetadata: {name: demo}\nsteps: {make: {run: 'true'}}\n"
    (project / "mlspec.yaml").write_text(bare, encoding="utf-8")
    assert main(["env", "export"]) == 2
    assert "the spec has no `environments`" in capsys.readouterr().err


def test_building_what_asks_for_nothing(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["env", "build", "code"]) == 0
    assert capsys.readouterr().out == "code  nothing to make: it asks for no packages\n"
    assert not (project / ".mlspec").exists()


def test_a_build_that_fails_says_why(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    gone = (project / "gone.whl").as_uri()
    assert main(["env", "build", "ml", "--set", f"environments.ml.requirements=['gone @ {gone}']"]) == 1
    said = capsys.readouterr().err
    assert "making ml" in said
    assert "the environment `ml` cannot be made, for its requirement `gone @ file" in said
    assert "gone.whl" in said


def test_a_build_is_found_again(project: Path, capsys: pytest.CaptureFixture[str], wheel: Path) -> None:
    words = ["env", "build", "ml", "--set", f"environments.ml.requirements=['tinymodule @ {wheel.as_uri()}']"]
    assert main(words) == 0
    first = capsys.readouterr()
    assert first.err.startswith("making ml\n") and "tinymodule" in first.err, "what the installer does is shown"
    name, python = first.out.split()
    assert name == "ml"
    assert Path(python).is_relative_to(project / ".mlspec" / "environments")
    assert Path(python).exists()
    assert main(words) == 0
    assert capsys.readouterr() == (first.out, "")
