"""Secrets that are files: by their path, where a pod has them, or as the content of a variable."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.unit.exec.conftest import Project

SHOW = ("--shell", 'cat "$KEY"; stat -c "%a %n" "$KEY" >&2; ls -ld "$(dirname "$KEY")" >&2')


def test_a_path_that_the_caller_has_set_stays(project: Project) -> None:
    project.write("key.json", "{}")
    assert project.done("--step", "s", "--secret-file", "KEY", *SHOW, KEY=str(project.root / "key.json")) == "{}"


def test_a_path_that_is_told_is_in_the_variable(project: Project) -> None:
    project.write("mounted/key.json", "{}")
    path = project.root / "mounted" / "key.json"
    assert project.done("--step", "s", "--secret-file", f"KEY={path}", "--shell", "echo $KEY") == f"{path}\n"


def test_a_content_becomes_a_private_file_that_is_gone_with_the_step(project: Project) -> None:
    content = '{\n  "key": "-----é $x"\n}\n'
    words = ("--secret-content", "KEY", "--output", "o=artifact")
    script = 'stat -c %a "$KEY" "$(dirname "$(dirname "$KEY")")"; echo "$KEY" > ${{ outputs.o }}; sha256sum < "$KEY"'
    said = project.done("--step", "s", *words, "--shell", script, KEY=content)
    assert said == f"600\n700\n{hashlib.sha256(content.encode()).hexdigest()}  -\n"  # the content itself would be masked
    assert not Path(project.read("s", "o").strip()).exists()
    assert all(content not in path.read_text(errors="replace") for path in project.root.rglob("*") if path.is_file())


@pytest.mark.parametrize(
    ("words", "value", "message"),
    [
        (("--secret-file", "KEY"), None, "the secret variable KEY is not set"),
        (("--secret-file", "KEY"), "", "the secret variable KEY is not set"),
        (("--secret-file", "KEY"), "/nowhere", "the secret variable KEY is not the path of a file"),
        (("--secret-file", "KEY=/nowhere"), None, "the secret variable KEY is not the path of a file"),
        (("--secret-content", "KEY"), None, "the secret variable KEY is not set"),
        (("--secret-content", "KEY"), "", "the secret variable KEY is not set"),
    ],
)
def test_one_that_is_not_there_fails_the_step_before_it_starts(
    project: Project, words: tuple[str, ...], value: str | None, message: str
) -> None:
    given = {} if value is None else {"KEY": value}
    assert message in project.fails("--step", "s", *words, "--shell", "touch ran", **given)
    assert not (project.root / "ran").exists()
    assert project.record("s")["attempts"] == 0


@pytest.mark.parametrize("text", ["a-b", "KEY=", "=x", "1"])
def test_what_is_no_variable_is_wrong_usage(project: Project, text: str) -> None:
    assert project.exec("--step", "s", "--secret-file", text, "--shell", "true").returncode == 2
