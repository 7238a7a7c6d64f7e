"""The names and values that lifecycles are drawn with, the awkward ones above all.

In: hypothesis' choices. Out: texts, numbers, JSON values. Owns which texts are likely to be bent on their way through YAML, a
template or a shell; never where one stands. Change it when some engine bends a text that is not drawn.
"""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

TEXTS = (
    "", " ", "-", "--", "-n", "--help", "-rf /", "=", "a=b", "'", '"', "''", '"""', "'''", "it's", 'say "hi"', "\\", "\\\\",
    "\\n", "\\'", "$", "$HOME", "${HOME}", "$(id)", "`id`", "$((1+1))", "$$",
    "$$(id)", "$(HIDDEN_TOKEN)", "$(PATH)", "$(", "$)", "${x:-y}", "!", "!!", "*", "?", "~", "#",
    "# no comment", ";", "&", "|", "; exit 1", "&& exit 1", "\n", "a\nb", "\n\n", "a\n", "\nEND_OF_TEXT\n", "\t", "\r\n",
    "\r", " a ", "{{ ds }}", "{{ params }}", "{%", "{# x #}", "{{", "}}", "{{{{", "{{$}}", "{{$.inputs}}", "{~{", "{x}",
    "{inputs.x}", "${{ params.x }}", "$${{", "${{", "%s", "%d %%", "%(x)s", "{0}", "\\$", "é", "漢字", "😀", "\u00a0", "\u2028",
    "\u0085", "\ufeff", "\u202e", "e\u0301", "\x7f", "\x1b[31m", "\x01", "null", "true", "no", "on", "yes", "~", "0", "1",
    "1.0", "1e3", "0777", "0o17", "0x1F", "1:30", "2026-01-01", ".5", "NaN", "Infinity", "[1, 2]", '{"a": 1}', '"quoted"',
    "[", "{", "<", ">", "<b>&amp;", "/*", "*/", "//", "'''\n\"\"\"", "*/ ''' \"\"\" ${", "a,b", "a]b", "a/b", "../x",
    "x" * 60,
)  # fmt: skip
STEP_NAMES = (
    "a", "b", "train", "deploy", "class", "def", "import", "lambda", "in", "is", "none", "true", "dag", "root", "pipeline",
    "stage", "node", "sh", "env_", "state", "script", "steps", "finally_", "a_b", "a__b", "a_", "a_1", "x1", "print", "error",
    "ready", "call", "task", "model", "os", "id", "post", "exit", "echo", "mlspec", "none_", "step", "this", "it", "params_",
    "work", "for_", "if_", "while_", "no", "y", "null", "on", "x" * 50,
)  # fmt: skip
FIELDS = (
    "x", "data", "model", "class", "self", "path", "Output", "output", "name", "type", "uri", "A1", "_a", "outcome", "value",
    "y", "args", "step", "run_id",
)  # fmt: skip

texts = st.one_of(
    st.sampled_from(TEXTS),
    st.lists(st.sampled_from(TEXTS), min_size=2, max_size=4).map("".join),
    st.text(st.characters(codec="utf-8", exclude_characters="\x00", exclude_categories=["Cs"]), max_size=12),
)
numbers = st.one_of(st.sampled_from([0, 1, -1, 2, 0.5, -0.25, 0.1, 1e21, 1e-7, 3.0, 123456789012]), st.integers(-1000, 1000))
scalars = st.one_of(texts, texts, numbers, st.booleans(), st.none())


def _json(leaves: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    keys = texts.filter(lambda key: key not in ("$", "+"))  # a dict of one of these is a place in a tree
    return st.recursive(
        leaves, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=3), max_leaves=4
    )


literals = _json(scalars)
without_null = _json(st.one_of(texts, numbers, st.booleans()))
