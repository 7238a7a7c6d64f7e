"""Mistakes that the models find: one finding for each, at the key or the value that is wrong."""

from __future__ import annotations

import pytest

from mlspec.source import read
from mlspec.spec.validate import validate

HEAD = "apiVersion: mlspec/v1\nkind: Lifecycle\nmetadata: {name: demo}\n"
STEPS = "steps: {train: {run: a}}\n"


def found(text: str) -> list[tuple[str, int, int, str]]:
    root, findings = read(text, "f")
    assert root is not None and findings == []
    lifecycle, findings = validate(root)
    assert (lifecycle is None) == bool(findings)
    return [(finding.code, finding.span.line, finding.span.column, finding.path) for finding in findings]


def test_the_smallest_lifecycle() -> None:
    assert found(HEAD + STEPS) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (STEPS + "stpes: {}", ("MLS201", 5, 1, "stpes")),
        ("steps:\n  train:\n    run: a\n    retry: {limt: 1}", ("MLS201", 7, 13, "steps.train.retry.limt")),
        ("steps:\n  train:\n    run: a\n    retry: {limit: a}", ("MLS203", 7, 20, "steps.train.retry.limit")),
        ("steps:\n  train:\n    run: a\n    retry: {limit: -1}", ("MLS206", 7, 20, "steps.train.retry.limit")),
        ("steps:\n  train:\n    run: a\n    retry: {lost: -1}", ("MLS206", 7, 19, "steps.train.retry.lost")),
        ("steps:\n  train:\n    run: a\n    retry: 3", ("MLS203", 7, 12, "steps.train.retry")),
        ("steps:\n  train:\n    run: a\n    timeout: 30", ("MLS207", 7, 14, "steps.train.timeout")),
        (f"steps:\n  train:\n    run: a\n    timeout: {'9' * 400}d", ("MLS207", 7, 14, "steps.train.timeout")),
        (f"steps:\n  train:\n    run: a\n    timeout: {'9' * 5000}m1.5s", ("MLS207", 7, 14, "steps.train.timeout")),
        ("steps:\n  train:\n    run: a\n    outputs: {m: modle}", ("MLS204", 7, 18, "steps.train.outputs.m")),
        ("steps:\n  train:\n    run: a\n    inputs: {a: {path: a, uri: 'b:c'}}", ("MLS213", 7, 14, "steps.train.inputs.a")),
        ("steps:\n  train:\n    run: a\n    inputs: {a: 'b c'}", ("MLS211", 7, 17, "steps.train.inputs.a")),
        ("steps:\n  train:\n    run: a\n    call: b:c", ("MLS213", 7, 11, "steps.train.call")),
        ("steps:\n  train: {}", ("MLS213", 5, 3, "steps.train")),
        ("steps:\n  Train: {run: a}", ("MLS205", 5, 3, "steps.Train")),
        ("steps:\n  run: {run: a}", ("MLS214", 5, 3, "steps.run")),
        ("steps: []", ("MLS203", 4, 1, "steps")),
        ("steps: {}", ("MLS206", 4, 1, "steps")),
        (STEPS + "params: {a: null}", ("MLS216", 5, 13, "params.a")),
        (STEPS + "params: {a: {type: integer, default: 4, minimum: 5}}", ("MLS215", 5, 38, "params.a.default")),
        (STEPS + "triggers: {schedule: {cron: '* * *'}}", ("MLS209", 5, 29, "triggers.schedule.cron")),
        (STEPS + "triggers: {schedule: {cron: '0 0 * * *', timezone: Europe/Berln}}", ("MLS210", 5, 52, "triggers.schedule.timezone")),
        (STEPS + "governance: {review_by: 2027-02-30}", ("MLS212", 5, 25, "governance.review_by")),
        (STEPS + "on_failure: no", ("MLS204", 5, 13, "on_failure")),
    ],
)  # fmt: skip
def test_one_mistake_is_one_finding_in_its_place(text: str, expected: tuple[str, int, int, str]) -> None:
    assert found(HEAD + text) == [expected]


def test_what_is_missing_is_told_at_the_key_that_lacks_it() -> None:
    assert found("kind: Lifecycle\nmetadata: {}\n" + STEPS) == [
        ("MLS202", 1, 1, "apiVersion"),
        ("MLS202", 2, 1, "metadata.name"),
    ]


def test_all_mistakes_are_found_at_once() -> None:
    text = HEAD + "steps:\n  a: {run: a, nedes: [b]}\n  b: {run: 5}\n  c: {}\nfoo: 1\n"
    assert [code for code, *_ in found(text)].count("MLS201") == 2
    assert {(code, line) for code, line, *_ in found(text)} == {("MLS201", 5), ("MLS203", 6), ("MLS213", 7), ("MLS201", 8)}


@pytest.mark.parametrize(("value", "hint"), [("5", 'quote it: "5"'), ("true", 'quote it: "true"'), ("1.0", 'quote it: "1.0"')])
def test_a_text_that_yaml_reads_otherwise_is_to_be_quoted(value: str, hint: str) -> None:
    root, _ = read(HEAD + f"steps: {{train: {{run: {value}}}}}", "f")
    assert root is not None
    assert [finding.hint for finding in validate(root)[1]] == [hint]


def test_notes_are_nobodys_business() -> None:
    assert found(HEAD + STEPS + "x-a: {b: [1]}\nx-: 5\n") == []
