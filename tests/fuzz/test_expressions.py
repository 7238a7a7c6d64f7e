"""Conditions, templates, settings, profiles and includes made by chance."""

from __future__ import annotations

import json
import math

from hypothesis import event, given
from hypothesis import strategies as st

from mlspec.expr import shell, template
from mlspec.expr.bounds import bounds, reads_nothing
from mlspec.expr.cel import ConditionError, evaluate
from mlspec.expr.syntax import ConditionSyntaxError, parse_anew
from mlspec.expr.template import TemplateError
from tests.fuzz.amount import share
from tests.fuzz.properties import survives
from tests.fuzz.texts import AWKWARD, HEAD, SIGNS

WORDS = [
    "train.metrics.auc", "params.min_auc", "params", "run.id", "matrix.k", "item", "x", "size(", "has(", "matches(",
    ".map(", ".all(y, ", "(",
    ")", "[", "]", "{", "}", ",", ".", ":", "?", "==", "!=", "<", "<=", ">", ">=", "&&", "||", "!", "-", "+", "*", "/",
    "%", " in ", "=", "and", "1", "0.5",
    "1e400", "0x1F", "1u", "9" * 400, "true", "false", "null", "'a'", '"é😀"', 'r"\\d"', 'b"a"', "'", '"', "\\", " ",
    "\n", "$", "${{", "}}", "`", "@", "#", "\u00a0",
]  # fmt: skip
CONDITION = st.lists(st.sampled_from(WORDS), max_size=14).map("".join)
SPEC = (
    HEAD
    + """\
params: {min_auc: 0.7, name: a, flag: true, many: [1]}
steps:
  train: {run: a, outputs: {metrics: metrics, info: values, table: artifact}}
  quality: {gate: [%s, train.metrics.auc > 0]}
  after: {run: b, needs: [quality], when: %s, with: {text: %s, more: %s}}
monitor: {steps: {train: {run: a, outputs: {metrics: metrics}}}, retrain: %s}
"""
)
SCRIPT = [
    "${{ params.name }}", "${{ with.text }}", "${{ outputs.table }}", "$${{", "${{", "}}", "'", '"', "`", "\\", "$(",
    ")", "$((", "))", "${", "}", "${#", "<<A\n",
    "<<'A'\n", "<<-A\n", "A\n", "\n", "#", " ", ";", "|", "&", "case x in ", "esac", "if", "echo ", "$", "a", "é",
    "<<<", "!", "{", "\t",
]  # fmt: skip


@share(0.05)
@given(st.tuples(CONDITION, CONDITION, CONDITION, CONDITION, CONDITION))
def test_conditions_and_templates_in_a_spec(texts: tuple[str, ...]) -> None:
    gate, when, text, retrain = (json.dumps(words, ensure_ascii=False) for words in texts[:4])
    survives(SPEC % (gate, when, text, json.dumps(f"${{{{ {texts[4]} }}}} and ${{{{{texts[4]}}}}}"), retrain))


@share(0.02)
@given(CONDITION)
def test_a_condition_has_a_verdict_or_a_reason(condition: str) -> None:
    scope = {"train": {"metrics": {"auc": math.nan}}, "params": {"min_auc": 0.5}, "x": [1, "a", None], "item": {"a": 10**400}}
    try:
        tree = parse_anew(condition)
    except ConditionSyntaxError as error:
        event("no condition")
        assert 0 <= error.offset <= len(condition)
        assert bounds(condition) == [] and not reads_nothing(condition)
        return
    for token in tree.scan_values(lambda value: True):
        assert condition[token.start_pos : token.end_pos] == token
    for bound in bounds(condition):
        assert 0 <= bound.start < bound.end <= len(condition)
    try:
        assert evaluate(condition, scope) in (True, False)
    except ConditionError as error:
        assert str(error)


@share(0.015)
@given(st.lists(st.sampled_from(SCRIPT), max_size=25).map("".join))
def test_a_script_is_rewritten_or_refused(script: str) -> None:
    try:
        problems = shell.problems(script, template.placeholders(script), lambda address: False)
    except TemplateError as error:
        assert 0 <= error.start < error.end <= len(script)
        return
    for problem in problems:
        assert 0 <= problem.start < problem.end <= len(script)
    if not problems:
        count = len(template.placeholders(script))
        rewritten = shell.rewrite(script, lambda address: ["VARIABLE"])
        assert rewritten.count("VARIABLE") + rewritten.count("${{ ") >= count


PATHS = ["steps.train.with.depth", "params.seed", "params.seed.default", "steps", "steps.train", "steps.new.run", "x",
    "", ".", "a..b", "steps.train.run.x",
         "metadata.name", "profiles.p", "include", "é", "x-a.b", " steps . train . run ", "\x1b", "\udc80",
         ".".join("a" * 80)]  # fmt: skip
SETTING = st.tuples(
    st.sampled_from(PATHS),
    st.sampled_from(["=", "==", "", " = "]),
    st.lists(st.sampled_from([*SIGNS, "a", "4", "[1]", "{a: b}"]), max_size=4),
)
PROFILES = (
    HEAD
    + """\
include: %s
params: {seed: 7, long: {type: integer, default: 4, minimum: 1}}
steps: {train: {run: "a ${{ params.seed }} ${{ params.long }}", with: {depth: 4}}}
profiles: {p: %s, q: {params: {long: 9, seed: 0}, steps: {train: {with: null}}}, r: {metadata: null}}
"""
)


FILES = [
    "base.yaml",
    "circle.yaml",
    "wrong.yaml",
    "latin.yaml",
    "mlspec.yaml",
    "nope.yaml",
    "data",
    "/dev/null",
    "",
    "\x7f",
    4,
    None,
    [],
]


@share(0.015)
@given(
    st.lists(SETTING, max_size=3),
    st.sampled_from([None, "p", "q", "r", "s", "", "P", "\n"]),
    st.sampled_from(AWKWARD),
    st.lists(st.sampled_from(FILES), max_size=3),
)
def test_settings_profiles_and_includes(
    settings: list[tuple[str, str, list[str]]], profile: str | None, patch: object, include: list[object]
) -> None:
    sets = tuple(path + sign + "".join(value) for path, sign, value in settings)
    survives(PROFILES % (json.dumps(include), json.dumps(patch)), profile=profile, sets=sets)
