"""What findings show of files that are no specs: nothing of what is in them."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlspec.cli.main import main
from mlspec.diagnostics.render import FORMATS

TOKEN = "1//0gAbCdEfGhIjKl"
SPEC = "apiVersion: mlspec/v1\nkind: Lifecycle\nmetadata: {name: demo}\nsteps: {train: {run: python train.py}}\n"
FOREIGN = {
    "a cloud's key": f'{{"client_id": "x", "refresh_token": "{TOKEN}", "type": "authorized_user"}}',
    "the same on one line with the fault": f'{{"type": "authorized_user", "refresh_token": "{TOKEN}"',
    "a cluster's secret": f"apiVersion: v1\nkind: Secret\nmetadata: {{name: x}}\ndata: {{password: {TOKEN}}}\n",
    "a cluster's configuration": f"apiVersion: v1\nkind: Config\nusers: [{{name: x, user: {{token: {TOKEN}}}}}]\n",
    "settings": f"TOKEN={TOKEN}\n",
    "an INI file": f"[default]\naws_secret_access_key = {TOKEN}\n",
    "a list": f"- {TOKEN}\n",
    "no text": f"{TOKEN} \u00ff\n",
    "two documents": f"token: {TOKEN} \n--- {TOKEN}\n",
    "a tab": f"a:\n\t{TOKEN}: 1\n",
}


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("what", FOREIGN)
def test_no_line_of_an_included_file_that_is_no_spec_is_shown(
    what: str, form: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "adc.json").write_text(FOREIGN[what], encoding="latin-1")
    (tmp_path / "mlspec.yaml").write_text(f"include: [adc.json]\n{SPEC}")
    assert main(["validate", str(tmp_path), "--format", form]) == 1
    shown = capsys.readouterr()
    assert "adc.json" in shown.out
    assert TOKEN not in shown.out + shown.err


def test_no_line_of_a_spec_that_is_a_link_out_of_the_project_is_shown(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "home").mkdir()
    (tmp_path / "home/adc.json").write_text(FOREIGN["a cloud's key"])
    (tmp_path / "project").mkdir()
    (tmp_path / "project/mlspec.yaml").symlink_to("../home/adc.json")
    assert main(["validate", str(tmp_path / "project")]) == 1
    assert TOKEN not in capsys.readouterr().out


def test_the_lines_of_an_included_part_are_shown(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "base.yaml").write_text("params: {seed: 7}\non_failure: nevr\nx-ours: 1\nstroe: here\n")
    (tmp_path / "mlspec.yaml").write_text(f"include: [base.yaml]\n{SPEC}")
    assert main(["validate", str(tmp_path)]) == 1
    shown = capsys.readouterr().out
    assert "2 | on_failure: nevr" in shown
    assert "4 | stroe: here" in shown


def test_a_folder_can_be_allowed_for_includes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "shared").mkdir()
    (tmp_path / "shared/base.yaml").write_text("params: {seed: 7}\n")
    (tmp_path / "project").mkdir()
    spec = tmp_path / "project/mlspec.yaml"
    spec.write_text(f"include: [../shared/base.yaml]\n{SPEC}")
    for command in (["validate"], ["plan"], ["compile", "-t", "airflow"], ["runs", "list"]):
        assert main([*command, str(spec)]) == 1
        assert "MLS115" in "".join(capsys.readouterr())
        assert main([*command, str(spec), "--include-root", str(tmp_path / "shared")]) == 0
