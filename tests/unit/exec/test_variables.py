"""`--env` and `--default-env`: plain variables of a step, its own over those of its environment over the caller's."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.unit.exec.conftest import Project

SHOW = ("--shell", 'printf "%s|%s|%s" "$A" "$B" "$C"')


def test_a_steps_own_are_over_those_of_its_environment_over_the_callers(project: Project) -> None:
    words = ("--env", "A=own", "--default-env", "A=theirs", "--default-env", "B=theirs")
    assert project.done("--step", "s", *words, *SHOW, A="callers", B="callers", C="callers") == "own|theirs|callers"
    assert (
        project.done("--step", "t", *reversed_pairs(words), *SHOW, A="callers", B="callers", C="callers")
        == "own|theirs|callers"
    )


def reversed_pairs(words: tuple[str, ...]) -> list[str]:
    pairs = list(zip(words[::2], words[1::2], strict=True))
    return [word for pair in reversed(pairs) for word in pair]


def test_values_are_texts_with_values_in_them_and_never_code(project: Project) -> None:
    text = 'it\'s $HOME `id` "x"\n=é $${{ x }}'
    words = ("--env", f"A={text}", "--env", "B=${{ params.n }}", "--env", "C=<${{ params.l }}>")
    params = ("--param", "n:integer=4", "--param", 'l:list=["a b"]')
    assert project.done("--step", "s", *params, *words, *SHOW) == f'{text.replace("$${{", "${{")}|4|<["a b"]>'


def test_functions_see_them_too(project: Project) -> None:
    project.write("mine.py", "import os\ndef show():\n    print(os.environ['A'], os.environ['PYTHONHASHSEED'])\n")
    words = ("--env", "A=own", "--default-env", "PYTHONHASHSEED=7", "--call", "mine:show")
    assert project.done("--step", "s", *words) == "own 7\n"


def test_what_mlspec_says_itself_stays_as_it_is_said(project: Project) -> None:
    words = ("--env", "MLFLOW_TRACKING_URI=mine", "--tracking", "theirs", "--env", "PYTHONPATH=/mine", "--pythonpath", "src")
    said = project.done("--step", "s", *words, "--shell", 'echo "$MLFLOW_TRACKING_URI $PYTHONPATH"')
    assert said == f"mine {project.root}/src:/mine\n"


@pytest.mark.parametrize("text", ["A", "=x", "a-b=x", "1=x", "A B=x"])
@pytest.mark.parametrize("option", ["--env", "--default-env"])
def test_what_is_no_variable_is_wrong_usage(project: Project, option: str, text: str) -> None:
    assert project.exec("--step", "s", option, text, "--shell", "true").returncode == 2


def test_one_that_cannot_be_told_fails_the_step_before_it_starts(project: Project) -> None:
    assert "env.A: params.x has no value" in project.fails("--step", "s", "--env", "A=${{ params.x }}", "--shell", "touch ran")
    assert not (project.root / "ran").exists()
    assert project.record("s")["attempts"] == 0


@pytest.mark.parametrize(
    ("words", "again"),
    [
        (("--env", "A=1", "--default-env", "B=1"), False),
        (("--env", "A=2", "--default-env", "B=1"), True),
        (("--env", "A=1", "--default-env", "B=2"), True),
        (("--env", "A=1", "--env", "B=1"), False),  # it sees the same
        (("--env", "A=1", "--default-env", "B=1", "--default-env", "A=3"), False),
        (("--env", "A=1"), True),
    ],
)
def test_the_cache_counts_what_the_step_sees(project: Project, words: tuple[str, ...], again: bool) -> None:
    step = ("--cache", "--step", "s", "--output", "o=artifact", "--environment", "ml@x")
    body = ("--shell", "echo x >> runs; echo > ${{ outputs.o }}")
    project.done(*step, "--env", "A=1", "--default-env", "B=1", *body)
    project.done(*step, *words, *body, run="two")
    assert (project.root / "runs").read_text().count("x") == 1 + again
