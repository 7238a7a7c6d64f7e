"""Specs, profiles and targets side by side: no file is written twice, none is left behind."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from mlspec.cli.main import main

SPEC = """\
apiVersion: mlspec/v1
kind: Lifecycle
metadata: {name: NAME}
store: STORE
steps: {fit: {run: "echo TEXT"}}
"""


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NO_COLOR", "1")
    return tmp_path


def write(path: str, name: str, more: str = "", *, store: str = "/srv/store", text: str = "x") -> None:
    file = Path(path)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(SPEC.replace("NAME", name).replace("STORE", store).replace("TEXT", text) + more)


def files(below: str = "pipelines") -> list[str]:
    """All files but those that hold the checksums of others."""
    found = [path for path in Path(below).rglob("*") if path.is_file() and path.name != ".gitattributes"]
    return sorted(path.relative_to(below).as_posix() for path in found)


def found(capsys: pytest.CaptureFixture[str], *words: str) -> list[tuple[str, str, str]]:
    capsys.readouterr()
    main([*words, "--format", "json"])
    return [(each["code"], each["span"]["file"], each["message"]) for each in json.loads(capsys.readouterr().out)["findings"]]


def test_two_specs_of_one_name_are_an_error_and_nothing_is_written(capsys: pytest.CaptureFixture[str]) -> None:
    write("fraud/mlspec.yaml", "train", text="fraud")
    write("churn/mlspec.yaml", "train", text="churn")
    both = ("fraud/mlspec.yaml", "churn/mlspec.yaml")
    [(code, file, message)] = found(capsys, "validate", *both)
    assert (code, file) == ("MLS505", "churn/mlspec.yaml")
    assert "two specs are called `train`" in message
    assert "the store's folder `train`" in message
    assert "the pipeline `train` of airflow" in message
    [(code, _, message)] = found(capsys, "compile", *both, "-t", "airflow", "-o", "out")
    assert code == "MLS505"
    assert "write airflow/train…" in message
    assert main(["compile", *both, "-t", "airflow", "-o", "out"]) == 1
    assert not Path("out").exists()


def test_what_is_apart_is_no_error(capsys: pytest.CaptureFixture[str]) -> None:
    write("a/mlspec.yaml", "train", "targets: {jenkins: {}}\n", store=".mlspec/store")
    write("b/mlspec.yaml", "train", "targets: {jenkins: {}}\n", store=".mlspec/store")
    write("c/mlspec.yaml", "train", "targets: {airflow: {dag_id: other}}\n", store=".mlspec/store")
    every = ("a/mlspec.yaml", "b/mlspec.yaml", "c/mlspec.yaml")
    assert found(capsys, "validate", *every) == []
    # In one folder they would write one file all the same.
    assert [code for code, *_ in found(capsys, "compile", "-o", "out", "a/mlspec.yaml", "b/mlspec.yaml")] == ["MLS505"]


def test_files_that_have_the_name_of_no_pipeline_are_one_a_folder(capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("a", "b"):
        write(f"{name}.yaml", name, "targets: {mlproject: {}}\nprofiles: {prod: {}}\n")
        write(f"{name}/mlspec.yaml", name, "targets: {mlproject: {}}\n")
    [(code, file, message)] = found(capsys, "compile", "a.yaml", "b.yaml")
    assert (code, file, message) == ("MLS505", "b.yaml", "`a` and `b` would both write mlproject/…")
    assert not Path("pipelines").exists()
    assert main(["compile", "a.yaml", "b.yaml", "--profile", "prod"]) == 1
    assert found(capsys, "compile", "a/mlspec.yaml", "b/mlspec.yaml") == []


@pytest.mark.parametrize(
    ("first", "second", "shared"),
    [
        ("targets: {airflow: {dag_id: nightly}}\n", "targets: {airflow: {dag_id: nightly}}\n", "`nightly` of airflow"),
        ("targets: {airflow: {}}\nprofiles: {prod: {store: /elsewhere}}\n", "targets: {airflow: {}}\n", "pipeline `a-prod`"),
        ("profiles: {prod: {metadata: {name: a-live}}}\n", "profiles: {x: {metadata: {name: a-live}}}\n", "`a-live`"),
    ],
)
def test_profiles_and_ids_are_names_too(capsys: pytest.CaptureFixture[str], first: str, second: str, shared: str) -> None:
    write("a/mlspec.yaml", "a", first)
    write("b/mlspec.yaml", "a-prod" if "a-prod" in shared else "b", second)
    [(code, file, message)] = found(capsys, "validate", "a/mlspec.yaml", "b/mlspec.yaml")
    assert (code, file) == ("MLS505", "b/mlspec.yaml")
    assert shared in message


def test_a_folder_is_compared_with_its_repository(capsys: pytest.CaptureFixture[str]) -> None:
    write("fraud/mlspec.yaml", "train")
    write("churn/mlspec.yaml", "train")
    assert found(capsys, "validate", "fraud") == []
    subprocess.run(["git", "init", "-q", "."], check=True)
    assert [(code, file) for code, file, _ in found(capsys, "validate", "fraud")] == [("MLS505", "fraud/mlspec.yaml")]
    assert [code for code, *_ in found(capsys, "validate", "fr*/mlspec.yaml")] == ["MLS505"]
    assert found(capsys, "validate", "fraud/mlspec.yaml") == []


PROFILES = "targets: {airflow: {}, jenkins: {}, kubeflow: {}}\nprofiles: {prod: {store: 's3://b/s'}, eu_1: {}}\n"


def test_a_profile_writes_files_of_its_own(capsys: pytest.CaptureFixture[str]) -> None:
    write("mlspec.yaml", "credit-risk", PROFILES)
    base = ["airflow/credit_risk.py", "jenkins/credit-risk.Jenkinsfile", "kubeflow/credit-risk.yaml"]
    prod = ["airflow/credit_risk.prod.py", "jenkins/credit-risk.prod.Jenkinsfile", "kubeflow/credit-risk.prod.yaml"]
    assert main(["compile"]) == 0
    assert main(["compile", "--profile", "prod"]) == 0
    assert files() == sorted(base + prod)
    assert main(["compile"]) == 0
    assert files() == sorted(base + prod)
    dag = Path("pipelines/airflow/credit_risk.prod.py").read_text()
    assert 'dag_id="credit-risk-prod"' in dag
    assert "--lifecycle credit-risk-prod" in dag
    assert "name: credit-risk-prod" in Path("pipelines/kubeflow/credit-risk.prod.yaml").read_text()
    assert main(["compile", "--check"]) == 0
    write("mlspec.yaml", "credit-risk", PROFILES, text="y")
    assert main(["compile"]) == 0
    assert [file for code, file, _ in found(capsys, "compile", "--check") if code == "MLS506"] == sorted(
        f"pipelines/{path}" for path in prod
    )
    main(["compile", "--check"])
    assert "with the profile prod: mlspec compile --profile prod" in capsys.readouterr().err


def test_a_profile_is_checked_where_it_was_compiled_to(capsys: pytest.CaptureFixture[str]) -> None:
    write("mlspec.yaml", "credit-risk", PROFILES)
    assert main(["compile"]) == 0
    assert main(["compile", "--profile", "prod", "-t", "airflow"]) == 0
    for words in ([], ["-t", "jenkins"], ["-t", "airflow"]):
        assert main(["compile", "--check", *words]) == 0, capsys.readouterr()
    write("mlspec.yaml", "credit-risk", PROFILES, text="y")
    assert main(["compile"]) == 0
    assert [file for code, file, _ in found(capsys, "compile", "--check") if code == "MLS506"] == [
        "pipelines/airflow/credit_risk.prod.py"
    ]


def test_a_profile_may_name_its_pipeline() -> None:
    more = "targets: {airflow: {dag_id: Credit}}\nprofiles:\n  a: {}\n  b: {metadata: {name: live}, targets: {airflow: {dag_id: L}}}\n"
    write("mlspec.yaml", "credit", more)
    for profile in ("a", "b"):
        assert main(["compile", "--profile", profile]) == 0
    made = {path: Path("pipelines/airflow", path).read_text() for path in files("pipelines/airflow")}
    assert list(made) == ["credit.a.py", "credit.b.py"]
    assert ('dag_id="Credit-a"' in made["credit.a.py"], "--lifecycle credit-a" in made["credit.a.py"]) == (True, True)
    assert ('dag_id="L"' in made["credit.b.py"], "--lifecycle live" in made["credit.b.py"]) == (True, True)


def test_a_name_that_is_too_long_with_its_profile_is_an_error(capsys: pytest.CaptureFixture[str]) -> None:
    write("mlspec.yaml", "x" * 38, "profiles: {prod: {}, b: {}, live: {metadata: {name: live}}}\n")
    assert [(code, message[:40]) for code, _, message in found(capsys, "validate")] == [
        ("MLS205", "with this profile the pipeline would be "),
    ]


def test_profiles_whose_pipelines_would_have_one_name_are_an_error(capsys: pytest.CaptureFixture[str]) -> None:
    write("mlspec.yaml", "credit", "profiles: {Prod: {}, prod: {}, eu: {metadata: {name: credit-prod}}}\n")
    assert [(code, message) for code, _, message in found(capsys, "validate")] == [
        ("MLS205", "the profiles `Prod` and `prod` would both make a pipeline `credit-prod`"),
    ]


def test_a_name_of_a_profile_that_no_file_can_have_is_an_error(capsys: pytest.CaptureFixture[str]) -> None:
    write("mlspec.yaml", "x", "profiles: {../prod: {}}\n")
    assert [code for code, *_ in found(capsys, "validate")] == ["MLS205"]


def test_a_target_that_is_removed_leaves_no_file(capsys: pytest.CaptureFixture[str]) -> None:
    write("mlspec.yaml", "credit", "targets: {airflow: {}, jenkins: {}, mlproject: {}}\n")
    write("other.yaml", "other", "targets: {jenkins: {}}\n")
    assert main(["compile", "mlspec.yaml", "other.yaml"]) == 0
    Path("pipelines/jenkins/own.groovy").write_text("// mine\n")
    write("mlspec.yaml", "credit", "targets: {airflow: {}}\n")
    left = [file for code, file, _ in found(capsys, "compile", "--check") if code == "MLS506"]
    assert left == [
        "pipelines/jenkins/credit.Jenkinsfile",
        *(f"pipelines/mlproject/{name}" for name in ("MLproject", "python_env.yaml", "run.sh")),
    ]
    assert main(["compile"]) == 0
    assert files() == ["airflow/credit.py", "jenkins/other.Jenkinsfile", "jenkins/own.groovy"]
    assert not Path("pipelines/mlproject").exists()
    assert main(["compile", "--check"]) == 0


def test_a_lifecycle_that_is_renamed_leaves_no_file() -> None:
    write("mlspec.yaml", "credit", PROFILES)
    assert main(["compile"]) == main(["compile", "--profile", "prod"]) == 0
    write("mlspec.yaml", "loans", PROFILES)
    assert main(["compile"]) == 0
    assert main(["compile", "--check"]) == 1  # the profile's files are those of the old name
    assert main(["compile", "--profile", "prod"]) == 0
    assert main(["compile", "--check"]) == 0
    assert [path for path in files() if "credit" in path] == []
    assert [path for path in files() if "airflow" in path] == ["airflow/loans.prod.py", "airflow/loans.py"]


def test_a_profile_that_is_removed_leaves_no_file() -> None:
    write("mlspec.yaml", "credit", PROFILES)
    assert main(["compile"]) == main(["compile", "--profile", "prod"]) == 0
    write("mlspec.yaml", "credit", PROFILES.replace("prod: {store: 's3://b/s'}, ", ""))
    assert main(["compile", "--check"]) == 1
    assert main(["compile"]) == 0
    assert not [path for path in files() if "prod" in path]


def test_a_target_that_is_removed_leaves_no_file_of_a_profile_but_of_one_that_wants_it() -> None:
    wanting = "profiles: {prod: {store: 's3://b/s'}, ci: {targets: {jenkins: {}}}}\n"
    write("mlspec.yaml", "credit", f"targets: {{airflow: {{}}, jenkins: {{}}}}\n{wanting}")
    assert main(["compile"]) == main(["compile", "--profile", "prod"]) == main(["compile", "--profile", "ci"]) == 0
    write("mlspec.yaml", "credit", f"targets: {{airflow: {{}}}}\n{wanting}")
    assert main(["compile", "--check"]) == 1
    assert main(["compile"]) == 0
    assert [path for path in files() if "jenkins" in path] == ["jenkins/credit.ci.Jenkinsfile"]
    assert main(["compile", "--check"]) == 0


def test_what_was_edited_stays_and_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    write("mlspec.yaml", "credit", "targets: {airflow: {}, jenkins: {}}\n")
    assert main(["compile"]) == 0
    left = Path("pipelines/jenkins/credit.Jenkinsfile")
    left.write_text(left.read_text() + "// mine\n")
    write("mlspec.yaml", "credit", "targets: {airflow: {}}\n")
    assert main(["compile"]) == 0
    assert left.exists()
    assert [message.split("generated, ")[-1] for *_, message in found(capsys, "compile", "--check")] == [
        "but was edited by hand: delete it, or delete its header to keep it"
    ]


def test_what_is_asked_for_by_name_leaves_the_rest_alone() -> None:
    write("mlspec.yaml", "credit", "targets: {airflow: {}}\n")
    assert main(["compile", "-t", "jenkins"]) == main(["compile", "-t", "airflow"]) == 0
    assert files() == ["airflow/credit.py", "jenkins/credit.Jenkinsfile"]


@pytest.mark.parametrize("other", ["file:///srv/store", "file:///srv/store/", "file:/srv/store", "/srv/../srv/store"])
def test_a_store_is_one_folder_however_it_is_written(other: str, capsys: pytest.CaptureFixture[str]) -> None:
    write("a/mlspec.yaml", "dev")
    write("b/mlspec.yaml", "dev", store=other)
    assert main(["validate", "a", "b"]) == 1
    assert "fill the store's folder `dev`" in capsys.readouterr().out
