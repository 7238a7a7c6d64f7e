"""Which requirement an installer's words are about: the words are those of the real uv and pip."""

from __future__ import annotations

import pytest

from mlspec.environments.installers import at_fault
from mlspec.environments.lines import canonical, logical

ASKED = ("six==99", "scikit_learn[all]==1.9.1", "tiny @ https://example.com/tiny-1.whl", "./pkg", "numpy")


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("Because there is no version of six==99 and you require six==99, we can conclude that", "six==99"),
        (
            "Because scikit-learn==1.9.1 depends on scipy>=1.10 and you require scikit-learn[all]==1.9.1",
            "scikit_learn[all]==1.9.1",
        ),
        ("error: Distribution not found at: https://example.com/tiny-1.whl", "tiny @ https://example.com/tiny-1.whl"),
        ("ERROR: No matching distribution found for six==99", "six==99"),
        ("error: Failed to fetch: `https://example.com/simple/numpy/`", "numpy"),
        ("Failed to build `localpkg @ file:///p/pkg` from ./pkg", "./pkg"),
        ("error: Failed to spawn: git", None),
        ("", None),
    ],
)
def test_the_requirement_that_is_named_last_is_at_fault(words: str, expected: str | None) -> None:
    assert at_fault(words, ASKED) == expected


@pytest.mark.parametrize(
    ("line", "other"),
    [
        ("Scikit_Learn [ B, a ] >= 1.0 , < 2", "scikit-learn[a,b]<2,>=1.0"),
        ("a==1; python_version<'3.12'", 'a==1 ; python_version < "3.12"'),
        ("a==1 --hash=sha256:2 --hash=sha256:1", "a==1 --hash=sha256:1 --hash=sha256:2"),
        ("-e   ./pkg", "-e ./pkg"),
    ],
)
def test_lines_that_ask_for_the_same_are_the_same(line: str, other: str) -> None:
    assert canonical(line) == canonical(other)


@pytest.mark.parametrize(
    "line", ["a==1", "a==2", "b==1", "a[x]==1", "a==1; python_version<'3.12'", "a @ https://x/a.whl", "not one"]
)
def test_lines_that_ask_for_something_else_are_not(line: str) -> None:
    others = {"a==1", "a==2", "b==1", "a[x]==1", "a==1; python_version<'3.12'", "a @ https://x/a.whl", "not one"} - {line}
    assert canonical(line) not in {canonical(other) for other in others}


def test_lines_of_a_file_are_joined_and_bare() -> None:
    text = "# head\r\na==1 \\\n   --hash=sha256:1 \\\n    --hash=sha256:2  # why\n\n   # more\n-r b.txt # x\nc @ https://x/c#egg=c\n"
    assert logical(text) == ["a==1 --hash=sha256:1 --hash=sha256:2", "-r b.txt", "c @ https://x/c#egg=c"]
