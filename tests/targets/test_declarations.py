"""What every target declares, and what none of them and no run may load."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any, get_args, get_type_hints

import pytest

import mlspec
from mlspec.checking.declared import model_of
from mlspec.diagnostics.explain import Catalogue
from mlspec.targets.base import Edit, secret_forms, targets
from mlspec.targets.options import Setting, alternatives, read
from tests.targets.built import plan, step

ROOT = Path(__file__).parents[2]
DECLARED: dict[str, type] = {
    **{f"targets.{name}": target.options for name, target in targets().items()},
    **{f"x-{name}": target.extension for name, target in targets().items() if target.extension},
    **{f"secrets.*.{key}": kind for key, kind in secret_forms(targets()).items()},
}
BESIDE = {
    "secret": "x",
    "key": "x",
    "values": ["x"],
    "effect": "NoExecute",
    "labels": {"x": "x"},
    "match": [{"key": "x", "values": ["x"]}],
}
"""What options need beside them."""
FORBIDDEN = ("pydantic", "yaml", "mlspec.spec", "mlspec.source", "mlspec.planning")
EMITS = """
import sys
from mlspec.targets.base import targets
from tests.targets.built import plan, step

target = targets()[sys.argv[1]]
made = plan("plain", step("a"), step("b", upstream="a"), store="s3://acme/store")
assert target.emit(made), target.check(made)
target.waits(made)
"""
LOADED = "print([name for name in {names!r} if name in sys.modules])"


def inside(kind: type) -> list[type]:
    """A declaration and those inside it."""
    hints = get_type_hints(kind)
    options = [
        each for field in fields(kind) for option in alternatives(hints[field.name]) for each in (option, *get_args(option))
    ]
    return [kind, *(found for option in options if is_dataclass(option) for found in inside(option))]  # type: ignore[arg-type]


@pytest.mark.parametrize("place", DECLARED)
def test_every_option_says_what_it_is(place: str) -> None:
    for kind in inside(DECLARED[place]):
        assert (kind.__doc__ or "").strip().endswith(".")
        for name, hint in get_type_hints(kind, include_extras=True).items():
            if name not in ("exactly_one", "rules"):
                [setting] = [each for each in hint.__metadata__ if isinstance(each, Setting)]
                assert setting.description.endswith("."), name


@pytest.mark.parametrize("place", [place for place in DECLARED if not place.startswith("secrets")])
def test_the_model_and_the_dataclass_have_the_same_defaults(place: str) -> None:
    kind = DECLARED[place]
    assert read(kind, model_of(kind)().model_dump(mode="json")) == read(kind, {}) == kind()


@pytest.mark.parametrize("place", DECLARED)
def test_the_examples_are_valid(place: str) -> None:
    for kind in inside(DECLARED[place]):
        hints = get_type_hints(kind, include_extras=True)
        for field in fields(kind):
            for example in hints[field.name].__metadata__[0].examples:
                others: dict[str, Any] = {other: value for other, value in BESIDE.items() if other in hints}
                model = model_of(kind).model_validate({**others, field.name: example})
                assert getattr(read(kind, model.model_dump(mode="json")), field.name) is not None


@pytest.mark.parametrize("name", targets())
def test_a_target_brings_its_pages_and_its_limits(name: str) -> None:
    target = targets()[name]
    assert target.catalogue is not None
    assert Catalogue((target.catalogue,)).codes
    assert set(target.review_limits) <= set(get_args(Edit))
    assert all(limit > 0 for limit in target.review_limits.values())


def test_the_packages_of_all_targets_are_alike() -> None:
    for name in targets():
        folder = Path(mlspec.__file__).parent / "targets" / name
        assert {"target.py", "options.py", "capabilities.py", "findings.py", "emit.py", "catalogue"} <= {
            path.name for path in folder.iterdir()
        }


@pytest.mark.parametrize("name", targets())
def test_a_target_loads_neither_pydantic_nor_the_language(name: str) -> None:
    assert loaded(EMITS, name) == "[]"


def test_the_engine_loads_neither_pydantic_nor_the_language() -> None:
    assert loaded("import sys, mlspec.engine, mlspec.engine.loop, mlspec.engine.outcome\n") == "[]"


def loaded(program: str, *words: str) -> str:
    """Which forbidden modules a program has loaded in the end, however hidden the import."""
    code = f"{program}\n{LOADED.format(names=FORBIDDEN)}"
    place = f"{Path(mlspec.__file__).parents[1]}:{ROOT}"
    done = subprocess.run(
        [sys.executable, "-c", code, *words], env={"PYTHONPATH": place}, check=True, capture_output=True, text=True
    )
    return done.stdout.strip()


def test_a_plan_that_no_spec_was_checked_for_is_refused_by_name() -> None:
    made = plan("p", step("a", extensions={"airflow": {"pol": "x"}}))
    with pytest.raises(TypeError, match="pol"):
        targets()["airflow"].emit(made)
