"""What the files of an environment say, to the byte and to the tools that read them."""

from __future__ import annotations

import hashlib
import re
import subprocess
import sys
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from syrupy.assertion import SnapshotAssertion

from mlspec.diagnostics import Span
from mlspec.emission.seal import seal_of
from mlspec.environments.export import export
from mlspec.environments.findings import check
from mlspec.environments.requirement import step_process
from mlspec.ir.bodies import Shell
from mlspec.ir.declarations import Environment
from mlspec.ir.model import Plan, Step
from mlspec.ir.sources import ExternalUri, Input
from tests.wheels import tinymodule

AWKWARD = 'it\'s; $(touch /tmp/x) `id` \\ é # "q"'


def plan(*environments: Environment, **more: object) -> Plan:
    made = Plan("demo", "mlspec.yaml", "sha256:" + "0" * 64, (), environments={each.name: each for each in environments})
    return replace(made, **more)


def files(made: Plan) -> dict[str, str]:
    return {file.path: file.content for file in export(made, list(made.environments), "1.2.3")}


FULL = Environment("ml", "3.12", ("scikit-learn==1.8.0", "torch>=2; sys_platform == 'linux'"), "acme/ml:1", ("src", "lib/py"))
BARE = Environment("bare", pythonpath=("src",))


@pytest.mark.parametrize("environment", [FULL, BARE], ids=lambda environment: environment.name)
def test_files_are_as_reviewed(environment: Environment, snapshot: SnapshotAssertion) -> None:
    made = files(plan(environment, store="out/store", tracking_uri="sqlite:///mlflow.db"))
    assert sorted(made) == [
        f"{environment.name}/{name}" for name in ("Dockerfile", "Dockerfile.dockerignore", "environment.yml")
    ]
    assert all(seal_of(content) == "ours" for content in made.values())
    assert made == snapshot


def test_only_what_is_installed_changes_the_layers_that_install_it() -> None:
    """A builder takes a layer from its cache while the instructions up to it are the same; comments do not count."""

    def instructions(made: Plan) -> list[str]:
        joined = re.sub(r"\\\n", " ", files(made)["ml/Dockerfile"])
        return [line for line in joined.split("\n") if line and not line.startswith("#")]

    before = instructions(plan(FULL))
    assert instructions(plan(FULL, digest="sha256:" + "1" * 64, description="another")) == before
    moved = instructions(plan(replace(FULL, pythonpath=("elsewhere",))))
    [changed] = [number for number, line in enumerate(before) if moved[number] != line]
    installs = [number for number, line in enumerate(before) if "pip install" in line]
    assert len(installs) == 2
    assert max(installs) < changed
    assert before[-1].startswith("COPY ")


def test_the_image_runs_as_nobody_when_the_code_arrives() -> None:
    lines = [line.split()[0:2] for line in files(plan(FULL))["ml/Dockerfile"].split("\n") if line.strip()]
    users = [words[1] for words in lines if words[0] == "USER"]
    assert users == ["10001:10001"]
    assert lines.index(["USER", "10001:10001"]) < max(number for number, words in enumerate(lines) if words[0] == "COPY")


def test_requirements_reach_the_installer_as_they_are(tmp_path: object) -> None:
    lines = (AWKWARD, "--extra-index-url https://example.com/$x", "a==1 \\", "--hash=sha256:00")
    dockerfile = files(plan(replace(FULL, requirements=lines)))["ml/Dockerfile"]
    command = re.search(r"^RUN (printf (?:.*\\\n)+?)\s+> /opt", dockerfile, re.MULTILINE)
    assert command is not None
    joined = re.sub(r"\\\n", "", command[1])  # as a Dockerfile's reader joins lines
    printed = subprocess.run(["/bin/sh", "-c", joined], capture_output=True, text=True, check=True, cwd=str(tmp_path))
    assert printed.stdout == "".join(f"{line}\n" for line in lines)


@pytest.mark.parametrize("line", [AWKWARD, "a==1", "a @ https://example.com/a.whl#sha256=0", "no", "- x", "a: b", "é\u2028😀"])
def test_the_conda_file_keeps_every_requirement(line: str) -> None:
    read = yaml.safe_load(files(plan(Environment("no", requirements=(line,))))["no/environment.yml"])
    assert read == {
        "name": "no",
        "channels": ["conda-forge", "nodefaults"],
        "dependencies": ["python", "pip", {"pip": [line]}],
    }


def test_a_pythonpath_cannot_leave_its_quotes() -> None:
    dockerfile = files(plan(replace(BARE, pythonpath=('a "b', "$HOME", "c\\d"))))["bare/Dockerfile"]
    assert r'PYTHONPATH="/project/a \"b:/project/\$HOME:/project/c\\d"' in dockerfile


@pytest.mark.parametrize(
    ("store", "ignored"),
    [(".mlspec/store", None), ("out/*", r"/out/\*"), ("s3://bucket/x", None), ("/srv/store", None), ("../store", None)],
)
def test_a_store_in_the_project_is_not_copied(store: str, ignored: str | None) -> None:
    before = files(plan(BARE))["bare/Dockerfile.dockerignore"].split("\n")[4:]
    lines = files(plan(BARE, store=store))["bare/Dockerfile.dockerignore"].split("\n")[4:]
    assert [line for line in lines if line not in before] == ([ignored] if ignored else [])


@pytest.mark.parametrize(
    ("requirements", "store", "tracking", "expected"),
    [
        ((), ".mlspec/store", None, "mlspec==1.2.3"),
        ((), "s3://bucket", "sqlite:///m.db", "mlspec[mlflow,remote]==1.2.3"),
        (("MLflow==3.1", "fsspec[http]"), "s3://bucket", "sqlite:///m.db", "mlspec[remote]==1.2.3"),
        (("MLflow==3.1", "fsspec", "s3fs>=2024"), "S3://bucket", "sqlite:///m.db", "mlspec==1.2.3"),
        (("fsspec", "gcsfs"), "gs://bucket", None, "mlspec==1.2.3"),
        ((), "gs://bucket", None, "mlspec[remote]==1.2.3"),
        (("mlflow-skinny",), ".mlspec/store", "sqlite:///m.db", "mlspec[mlflow]==1.2.3"),
    ],
)
def test_mlspec_comes_with_what_its_steps_use(
    requirements: tuple[str, ...], store: str, tracking: str | None, expected: str
) -> None:
    assert step_process(plan(store=store, tracking_uri=tracking), requirements, "1.2.3") == expected


def test_an_input_elsewhere_wants_a_remote_reader() -> None:
    step = Step("a", "a", "a", Shell("true"), inputs=(Input("x", ExternalUri("https://example.com/x.csv")),))
    assert step_process(plan(steps=(step,)), (), "1") == "mlspec[remote]==1"


@pytest.mark.parametrize(
    ("environment", "codes"),
    [
        (FULL, []),
        (Environment("e", python="3.9"), ["MLS580"]),
        (Environment("e", python="3.11.4", pythonpath=(".", "a/../b")), []),
        (Environment("e", pythonpath=("..", "../x", "/opt/x", "a/../../b", "a\nUSER root")), ["MLS581"] * 5),
        (Environment("e", requirements=("-r base.txt", "--requirement=x", "-e .", "./a", "/a", "~/a")), ["MLS582"] * 6),
        (Environment("e", requirements=("a @ file:///x.whl", "file:x.whl")), ["MLS582"] * 2),
        (Environment("e", requirements=("a @ https://x/a.whl", "--pre", "--extra-index-url https://x", "profile:x")), []),
    ],
)
def test_what_no_image_can_hold_is_found(environment: Environment, codes: list[str]) -> None:
    span = Span("mlspec.yaml", 3, 5, 3, 6)
    found = check(plan(replace(environment, span=span)), [environment.name])
    assert [finding.code for finding in found] == codes
    assert all(finding.span == span and finding.severity == "error" and finding.hint for finding in found)


@pytest.mark.slow
@pytest.mark.parametrize("locked", [False, True], ids=["as they are", "locked"])
def test_requirements_with_hashes_can_be_installed(tmp_path: Path, locked: bool) -> None:
    """What the image runs is run here, in an environment of its own: pip wants hashes of all that a call installs, or of nothing."""
    wheel = tinymodule(tmp_path)
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    lines = ("tinymodule==1.0 \\", f"    --hash=sha256:{digest}", "    # via pip-compile --generate-hashes")
    environment = Environment("ml", requirements=("\n".join(lines),))
    if locked:
        environment = replace(environment, locked=(f"tinymodule==1.0 --hash=sha256:{digest}",), lock_file="locks/ml.txt")
        (tmp_path / "requirements.txt").write_text("\n".join(lines))
    made = files(plan(environment))["ml/Dockerfile"]
    assert ('COPY ["locks/ml.txt", "/opt/requirements.txt"]' in made) == locked
    runs = re.findall(r"^RUN ((?:.*\\\n)*.*pip install.*)$", made, re.MULTILINE)
    assert len(runs) == 2
    subprocess.run([sys.executable, "-m", "venv", str(tmp_path / "env")], check=True)
    variables = {"PATH": f"{tmp_path}/env/bin:/usr/bin:/bin", "PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(tmp_path)}
    other = tmp_path / "other-2.0-py3-none-any.whl"
    with zipfile.ZipFile(other, "w") as archive:
        archive.writestr(
            "other-2.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: other\nVersion: 2.0\nRequires-Dist: tinymodule\n"
        )
        archive.writestr("other-2.0.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr("other-2.0.dist-info/RECORD", "")
    for run in runs:
        command = run.replace("/opt/", f"{tmp_path}/")
        done = subprocess.run(
            ["/bin/sh", "-c", command], env=variables | {"MLSPEC": "other==2.0"}, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
    shown = subprocess.run([f"{tmp_path}/env/bin/pip", "list", "--format=freeze"], capture_output=True, text=True, check=True)
    assert {"tinymodule==1.0", "other==2.0"} <= set(shown.stdout.split())
