"""Values as text: what a parameter is read as does not depend on who wrote it down."""

from __future__ import annotations

import json

from mlspec.expr.values import typed


def test_objects_of_parameters_have_their_keys_in_order() -> None:
    texts = ['{"é": {"b": 1.0, "a": 2}, "B": []}', '{"B": [], "é": {"a": 2.0, "b": 1}}']
    assert [json.dumps(typed(text, "object"), ensure_ascii=False) for text in texts] == ['{"B": [], "é": {"a": 2, "b": 1}}'] * 2
    assert list(typed('[{"b": 1, "a": 2}]', "list")[0]) == ["a", "b"]
