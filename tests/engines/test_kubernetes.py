"""The cases of Kubernetes' own test of its expansion (expand_test.go)."""

from __future__ import annotations

import pytest

from tests.engines.kubernetes import expand, expanded_variables

VARIABLES = {"VAR_A": "A", "VAR_B": "B", "VAR_C": "C", "VAR_REF": "$(VAR_A)", "VAR_EMPTY": ""}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("$(VAR_A)", "A"),
        ("___$(VAR_B)___", "___B___"),
        ("$(VAR_A)-1", "A-1"),
        ("$(VAR_A)_$(VAR_B)", "A_B"),
        ("$$(VAR_B)_$(VAR_A)", "$(VAR_B)_A"),
        ("$$(VAR_A)_$$(VAR_B)", "$(VAR_A)_$(VAR_B)"),
        ("f000-$$VAR_A", "f000-$VAR_A"),
        ("foo\\$(VAR_C)bar", "foo\\Cbar"),
        ("foo\\\\$(VAR_C)bar", "foo\\\\Cbar"),
        ("foo\\\\\\\\$(VAR_A)bar", "foo\\\\\\\\Abar"),
        ("$(VAR_A$(VAR_B))", "$(VAR_A$(VAR_B))"),
        ("$(VAR_A$(VAR_B)", "$(VAR_A$(VAR_B)"),
        ("$(VAR_REF)", "$(VAR_A)"),
        ("%%$(VAR_REF)--$(VAR_REF)%%", "%%$(VAR_A)--$(VAR_A)%%"),
        ("foo$(VAR_EMPTY)bar", "foobar"),
        ("foo$(VAR_Awhoops!", "foo$(VAR_Awhoops!"),
        ("f00__(VAR_A)__", "f00__(VAR_A)__"),
        ("$?_boo_$!", "$?_boo_$!"),
        ("$VAR_A", "$VAR_A"),
        ("${VAR_A}", "${VAR_A}"),
        ("foo$", "foo$"),
        ("$(VAR_DNE)", "$(VAR_DNE)"),
        ("$$$$$$$(BIG_MONEY)", "$$$$(BIG_MONEY)"),
        ("$$$$$$(GOOD_ODDS)", "$$$(GOOD_ODDS)"),
        ("$()", "$()"),
        ("$$(A)$", "$(A)$"),
        ("$(", "$("),
        ("", ""),
    ],
)
def test_expansion(text: str, expected: str) -> None:
    assert expand(text, VARIABLES) == expected


def test_variables_name_those_before_them() -> None:
    assert expanded_variables({"A": "1", "B": "$(A)$(C)$$", "C": "$(B)"}) == {"A": "1", "B": "1$(C)$", "C": "1$(C)$"}
