"""Guarded text holds no `{{` and comes back as it was."""

from itertools import product

from mlspec.expr.braces import guard, unguard


def test_all_short_texts() -> None:
    for length in range(7):
        for letters in product("{~a}", repeat=length):
            text = "".join(letters)
            assert "{{" not in guard(text)
            assert unguard(guard(text)) == text


def test_what_a_reader_sees() -> None:
    assert guard("cat ${{ inputs.table }}") == "cat ${~{ inputs.table }}"
    assert guard('{"a": {"b": 1}}') == '{"a": {"b": 1}}'
