"""Every string and JSON value comes back from YAML as it went in."""

from __future__ import annotations

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from mlspec.emission import yaml_text

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=40) | st.text(
    "ab \n\t'\"\\:#-{}&*!|>%@`~é\u2028\x85", max_size=30
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False) | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=10,
)
LOADERS = [yaml.SafeLoader, yaml.CSafeLoader]


@pytest.mark.parametrize("loader", LOADERS)
@given(text=TEXT)
@example(text="")
@example(text="no")
@example(text="-leading")
@example(text="1e3")
@example(text="=")
@example(text="a:")
@example(text="--a=b:c,d")
@example(text="key: value")
@example(text="y")
@example(text="--- x")
@example(text="\ufeff")
@example(text="numpy>=2,<3")
@example(text="mlspec[mlflow,remote]==0.1.*")
def test_scalars(loader: type, text: str) -> None:
    assert yaml.load(f"- {yaml_text.scalar(text)}\n- k: {yaml_text.scalar(text)}\n", loader) == [text, {"k": text}]


@pytest.mark.parametrize("loader", LOADERS)
@given(text=TEXT, rest=TEXT)
@example(text="a\n  \n b", rest="\n\n")
@example(text="a\n  ", rest="")
@example(text="--shell=a", rest="\n---\nb\n...\n")
def test_items(loader: type, text: str, rest: str) -> None:
    text += "\n" + rest
    written = f"x:\n    - {yaml_text.item(text, 6)}\n    - end\n"
    assert yaml.load(written, loader) == {"x": [text, "end"]}


@pytest.mark.parametrize("loader", LOADERS)
@given(value=JSON)
@example(value={"a": 1e-05, "b": [1e300, -2e-7], "c": "1e-05"})
def test_json_values(loader: type, value: object) -> None:
    assert yaml.load(f"a: {yaml_text.value(value)}\n", loader) == {"a": value}


@given(text=TEXT)
def test_comments_end_with_their_line(text: str) -> None:
    assert yaml.safe_load(f"# {yaml_text.comment(text)}\na: 1\n") == {"a": 1}


def test_scripts_are_readable() -> None:
    assert yaml_text.item("--shell=one\n  two\n", 4) == "|\n    --shell=one\n      two"
    assert yaml_text.scalar("--step=train") == "--step=train"


@pytest.mark.parametrize("line", ["scikit-learn==1.8.0", "mlspec[mlflow,remote]~=0.1", "numpy>=2,<3.0rc1"])
def test_pinned_packages_are_readable(line: str) -> None:
    assert yaml_text.scalar(line) == line
