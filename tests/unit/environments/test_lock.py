"""The text of a lock: what is written is read back, and what nobody wrote is refused with its line."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlspec.environments.lock import Lock, LockedEnvironment, LockError, line_of, parse, render

NAMES = st.text(st.characters(exclude_categories=("Cs",)), min_size=1, max_size=12)
DIGEST = f"sha256:{'0' * 64}"
ENVIRONMENTS = st.builds(LockedEnvironment, st.lists(NAMES).map(tuple), st.just(DIGEST), st.none() | st.just("3.11"))
LOCKS = st.builds(
    Lock,
    st.dictionaries(NAMES, ENVIRONMENTS, max_size=3),
    st.dictionaries(NAMES, st.just(DIGEST), max_size=3),
    st.just(("linux",)),
)


@given(LOCKS)
def test_what_is_written_is_read_back_whatever_it_is_called(lock: Lock) -> None:
    text = render(lock, "mlspec.yaml", "mlspec lock")
    assert parse(text) == lock
    names = (*lock.environments, *lock.inputs)
    assert all(text.splitlines()[line_of(text, name) - 1].strip() for name in names)


def test_two_who_lock_different_things_change_different_lines() -> None:
    one = LockedEnvironment(("a==1",), DIGEST)
    base = render(Lock({"a": one, "z": one}, {"b.csv": DIGEST}), "mlspec.yaml", "mlspec lock").splitlines()
    more = render(
        Lock({"a": one, "m": one, "z": one}, {"a.csv": DIGEST, "b.csv": DIGEST}), "mlspec.yaml", "mlspec lock"
    ).splitlines()
    assert [line for line in base if line not in more] == []


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("", 1, "version None"),
        ("version = 2\n", 1, "version 2"),
        ("version = 1\n[inputs]\n'a' = 'sha256:1'\n", 1, "the digest of the input a"),
        ('version = 1\n[inputs]\n"a" = 1\n', 3, "the digest of the input a"),
        ('version = 1\n[environments."m"]\ndigest = "x"\n', 2, "the environment m"),
        (f'version = 1\n[environments."m"]\ndigest = "{DIGEST}"\nrequires = [1]\n', 2, "the environment m"),
        ("version = 1\nenvironments = 3\n", 1, "tables"),
        ("version = 1\n\n[a\n", 3, "no TOML"),
        ("version = 1\n" + "a = " + "[" * 100_000, 2, "no TOML"),
        ("version = 1\n=======\n", 1, "both sides of a merge"),
        ('version = 1\n[inputs]\n"a" = 1\n"a" = 1\n', 4, "no TOML"),
    ],
)
def test_what_nobody_wrote_is_refused(text: str, line: int, words: str) -> None:
    with pytest.raises(LockError, match=words) as raised:
        parse(text)
    assert raised.value.line in (line, 1)
