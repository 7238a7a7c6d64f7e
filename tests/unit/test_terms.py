"""Nothing lists a closed vocabulary a second time."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest

from mlspec import terms

SOURCE = Path(terms.__file__).parent
VOCABULARIES = {
    name: frozenset(get_args(getattr(terms, name)))
    for name in ("OutputType", "ParamType", "Stage", "BodyKind", "RunIf", "StepStatus", "RunStatus", "Answer", "Event")
}
EMITTERS = {
    "OutputType": {"targets/kubeflow/blocks.py"},
    "ParamType": {"targets/kubeflow/blocks.py", "expr/values.py", "planning/resolve.py"},
    "Stage": {"report/plan_dot.py", "report/plan_mermaid.py"},
    "StepStatus": {"report/page.py", "report/run_svg.py"},
    "RunStatus": {"report/page.py", "engine/tracker_sync.py"},
}
"""Where each word of a vocabulary gets something of its own: a type of KFP's, a type of Python's, a colour, a word of MLflow's."""


def lists(tree: ast.AST) -> Iterator[frozenset[str]]:
    """The texts that stand together: in a tuple, list, set, dict or `Literal[…]`."""
    for node in ast.walk(tree):
        match node:
            case ast.Tuple(elements) | ast.List(elements) | ast.Set(elements):
                texts = elements
            case ast.Dict(keys):
                texts = [key for key in keys if key is not None]
            case _:
                continue
        yield frozenset(text.value for text in texts if isinstance(text, ast.Constant) and isinstance(text.value, str))


@pytest.mark.parametrize("name", VOCABULARIES)
def test_it_is_listed_once(name: str) -> None:
    words = VOCABULARIES[name]
    found = set()
    for path in SOURCE.rglob("*.py"):
        here = path.relative_to(SOURCE).as_posix()
        if here != "terms.py" and any(words <= listed for listed in lists(ast.parse(path.read_bytes()))):
            found.add(here)
    assert found <= EMITTERS.get(name, set())


def test_exit_statuses_are_those_of_the_documents() -> None:
    assert (terms.DONE, terms.FINDINGS, terms.USAGE, terms.BUG, terms.RUN_FAILED, terms.BLOCKED) == (0, 1, 2, 3, 97, 98)
    assert (terms.NOT_RUN, terms.INTERRUPTED) == (99, 130)


def test_every_word_of_a_spec_has_a_meaning() -> None:
    for name in ("OutputType", "RunIf", "Event"):
        assert VOCABULARIES[name] <= set(terms.MEANINGS)
