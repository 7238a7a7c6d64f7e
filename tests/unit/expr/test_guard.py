"""Guarded text holds nothing that Kubeflow or Kubernetes expands, and comes back as it was."""

from itertools import product

from mlspec.expr.guard import guard, unguard
from tests.engines.kubernetes import expand


def test_all_short_texts() -> None:
    for length in range(7):
        for letters in product("{~$(a", repeat=length):
            text = "".join(letters)
            guarded = guard(text)
            assert not any(sign in guarded for sign in ("{{", "$$", "$("))
            assert unguard(guarded) == text


def test_no_number_of_expansions_changes_it() -> None:
    text = "$$(A) $(A) $$$A $ $( $"
    once = expand(guard(text), {"A": "expanded"})
    assert unguard(expand(once, {"A": "expanded"})) == text


def test_what_a_reader_sees() -> None:
    assert guard("cat ${{ inputs.table }}") == "cat ${~{ inputs.table }}"
    assert guard('{"a": {"b": 1}} $HOME ${HOME}') == '{"a": {"b": 1}} $HOME ${HOME}'
    assert guard("kill $$; echo $(date)") == "kill $~$; echo $~(date)"
