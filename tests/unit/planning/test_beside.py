"""Files that an included file names are found beside it."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlspec import api

ORGANISATION = """\
environments: {ml: {requirements: {file: requirements/ml.txt}}}
steps:
  check:
    uses: data/validate
    inputs: {data: load.table}
    with: {contract: contracts/loans.yaml}
"""
SPEC = """\
apiVersion: mlspec/v1
kind: Lifecycle
metadata: {name: beside}
include: [../organisation/base.yaml]
steps:
  load:
    environment: ml
    inputs: {raw: {path: raw.csv}}
    run: cp ${{ inputs.raw }} ${{ outputs.table }}
    outputs: {table: dataset}
"""
FILES = {
    "organisation/base.yaml": ORGANISATION,
    "organisation/requirements/ml.txt": "scikit-learn==1.8.0\n",
    "organisation/contracts/loans.yaml": "columns: {id: {type: integer}}\n",
    "project/mlspec.yaml": SPEC,
    "project/raw.csv": "id\n1\n",
}


@pytest.fixture
def spec(tmp_path: Path) -> Path:
    (tmp_path / ".git").mkdir()
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path / "project" / "mlspec.yaml"


def test_requirements_and_contracts_of_an_organisation(spec: Path) -> None:
    checked = api.check(spec)
    assert checked.plan is not None
    assert [finding for finding in checked.findings if finding.code in ("MLS406", "MLS413")] == []
    assert checked.plan.environments["ml"].requirements == ("scikit-learn==1.8.0",)
    assert dict(checked.plan.by_id["check"].with_)["contract"] == "../organisation/contracts/loans.yaml"


def test_what_the_spec_lays_over_is_beside_the_spec(spec: Path) -> None:
    spec.write_text(SPEC + "  check: {with: {contract: mine.yaml}}\n")
    (spec.parent / "mine.yaml").write_text("columns: {}\n")
    checked = api.check(spec, sets=["environments.ml.requirements.file=own.txt"])
    assert "the requirements file `own.txt` cannot be read" in next(
        one.message for one in checked.findings if one.code == "MLS413"
    )
    (spec.parent / "own.txt").write_text("numpy==2.0.0\n")
    plan = api.check(spec, sets=["environments.ml.requirements.file=own.txt"]).plan
    assert plan is not None
    assert plan.environments["ml"].requirements == ("numpy==2.0.0",)
    assert dict(plan.by_id["check"].with_)["contract"] == "mine.yaml"


@pytest.mark.parametrize("through", ["name", "link", "line"])
def test_requirements_outside_of_the_project_are_not_read(spec: Path, tmp_path: Path, through: str) -> None:
    secret = tmp_path.parent / f"{tmp_path.name}.json"
    secret.write_text('{"token": "s3cr3t"}\n')
    file = f"../../{secret.name}" if through == "name" else "own.txt"
    if through == "link":
        (spec.parent / "own.txt").symlink_to(secret)
    elif through == "line":
        (spec.parent / "own.txt").write_text(f"-r ../../{secret.name}\n")
    spec.write_text(SPEC)
    checked = api.check(spec, sets=[f"environments.ml.requirements.file={file}"])
    [found] = [one for one in checked.findings if one.code == "MLS413"]
    assert "lies outside the project" in found.message and checked.plan is None
    assert "s3cr3t" not in "".join(checked.document.sources.values())
    allowed = api.check(spec, sets=[f"environments.ml.requirements.file={file}"], include_roots=[tmp_path.parent])
    assert "MLS413" not in {one.code for one in allowed.findings}


def test_what_is_only_beside_the_spec_is_found_there(spec: Path) -> None:
    (spec.parents[1] / "organisation/requirements/ml.txt").unlink()
    (spec.parent / "requirements").mkdir()
    (spec.parent / "requirements/ml.txt").write_text("numpy==2.0.0\n")
    plan = api.check(spec).plan
    assert plan is not None
    assert plan.environments["ml"].requirements == ("numpy==2.0.0",)


def test_a_file_that_is_nowhere_is_told_at_its_line(spec: Path) -> None:
    (spec.parents[1] / "organisation/contracts/loans.yaml").unlink()
    (told,) = (finding for finding in api.check(spec).findings if finding.code == "MLS406")
    assert told.span.file.endswith("organisation/base.yaml")


def test_a_run_finds_them(spec: Path) -> None:
    plan = api.check(spec, sets=["environments.ml={}"]).plan
    assert plan is not None
    assert api.run(plan).status == "succeeded"
