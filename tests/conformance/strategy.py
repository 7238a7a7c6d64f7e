"""Draws lifecycles: graphs of up to twelve steps with all that the language has for deciding what runs, and awkward text.

In: hypothesis' choices. Out: drawn lifecycles (see `drawn`) that mlspec takes without an error. Owns which features meet how
often; never what comes of them. Change it when the language gains a feature, or a divergence shows a kind of spec it never draws.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from hypothesis import strategies as st

from tests.conformance.drawn import Condition, Life, Param, Step, Tree, text_of

T = TypeVar("T")

TEXTS = (
    "", " ", "-", "--", "-n", "--help", "-rf /", "=", "a=b", "'", '"', "''", '"""', "'''", "it's", 'say "hi"', "\\", "\\\\",
    "\\n", "\\'", "$", "$HOME", "${HOME}", "$(id)", "`id`", "$((1+1))", "$$", "${x:-y}", "!", "!!", "*", "?", "~", "#",
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


@dataclass
class Source:
    """A step that later ones can read."""

    name: str
    many: bool = False
    files: list[str] = field(default_factory=list)
    """Outputs that an input can read."""
    kinds: dict[str, str] = field(default_factory=dict)
    """What can be read in an expression: address → number, nan, string, boolean, list, object, missing."""


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


class _Drawing:
    """One lifecycle being drawn."""

    def __init__(self, draw: Callable[[st.SearchStrategy[Any]], Any]) -> None:
        self.draw = draw
        self.params: dict[str, Param] = {}
        self.sources: list[Source] = []
        self.files: dict[str, str] = {}
        self.secrets: dict[str, str] = {}
        self.names = list(draw(st.permutations(STEP_NAMES)))
        self.fan_outs = 0
        self.faults = draw(st.sampled_from([0, 0, 1, 1, 2, 3]))
        self.going_on = draw(st.sampled_from([True, False, False]))

    def one(self, *values: T) -> T:
        found: T = self.draw(st.sampled_from(values))
        return found

    def chance(self, percent: int) -> bool:
        return bool(self.draw(st.integers(0, 99)) < percent)

    def some(self, values: list[T], most: int) -> list[T]:
        if not values:
            return []
        found: list[T] = self.draw(st.lists(st.sampled_from(values), max_size=most, unique_by=repr))
        return found

    def life(self) -> Life:
        life: Life = {"name": self.one("a", "a-b", "x1-2", "9", "1e3", "null", "conformance", "a" * 40)}
        if self.chance(50):
            life["description"] = self.draw(texts)
        if self.chance(40):
            life["labels"] = self.draw(st.dictionaries(texts.filter(str.strip), texts, max_size=2))
        life["on_failure"] = "continue" if self.going_on else "stop"
        for name in self.some(["p", "seed", "Text", "class", "names", "go", "A_1", "store", "run_id", "y", "null"], 4):
            self.params[name] = self.param()
        life["params"] = self.params
        if self.chance(50):
            for name in self.some(["token", "class", "A_1"], 2):
                self.secrets[name] = "" if self.chance(10) else self.draw(texts)
        life["steps"] = {}
        for _ in range(self.one(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12)):
            name, step = self.step(final=False)
            life["steps"][name] = step
        life["finals"] = {}
        self.sources, self.fan_outs = [], 0
        self.faults = max(self.faults, self.one(0, 1, 2))
        for _ in range(self.one(0, 0, 1, 2, 3)):
            name, step = self.step(final=True)
            life["finals"][name] = step
        life["files"] = self.files
        life["secrets"] = self.secrets
        return life

    def param(self) -> Param:
        kind = self.one("string", "string", "integer", "number", "boolean", "list", "object")
        values: dict[str, st.SearchStrategy[Any]] = {
            "string": texts,
            "integer": st.integers(-(2**53), 2**53),
            "number": numbers,
            "boolean": st.booleans(),
            "list": st.lists(without_null, max_size=3),  # nulls in parameters are refused on Kubeflow
            "object": st.dictionaries(st.sampled_from(["a", "b", "c d", "é"]), without_null, max_size=2),
        }
        param: Param = {"type": kind, "default": self.draw(values[kind]), "long": None}
        if kind in ("object", "number") or self.chance(30):
            param["long"] = {"description": self.draw(texts)} if self.chance(50) else {}
        if self.chance(50):
            param["given"] = self.draw(values[kind])
        return param

    def step(self, *, final: bool) -> tuple[str, Step]:
        name = self.names.pop()
        source = Source(name)
        step: Step = {"body": self.one("run", "run", "run", "call", "gate")}
        if not self.sources and not self.params and step["body"] == "gate":
            step["body"] = "run"
        if self.chance(30):
            step["description"] = self.draw(texts)
        if self.chance(20):
            step["stage"] = self.one("data", "model", "service")
        names = [one.name for one in self.sources]
        step["needs"] = self.some(names[-4:], 2)
        many = [one.name for one in self.sources if one.many and one.name not in step["needs"]]
        if final and many and self.chance(40):
            step["needs"].append(self.one(*many))  # few finals are drawn, which would seldom need one
        if step["body"] == "gate":
            step["gate"] = [self.condition(reads=not final, final=final)]
            if self.chance(30):
                step["gate"] = _apart([*step["gate"], self.condition(reads=not final, final=final)])
            step["otherwise"] = self.one("stop", "skip")
        run_if = self.going_on and not final and bool(step["needs"]) and step["body"] != "gate" and self.chance(35)
        if run_if:
            step["run_if"] = self.one("failure", "always")
        if step["body"] != "gate":
            self.process(step, source, reads=not run_if and not final, final=final)
        own = {f"matrix.{key}": values for key, values in step.get("matrix", {}).items()}
        items = step.get("foreach", [])
        if isinstance(items, list) and (plain := [item for item in items if isinstance(item, str | int | float)]):
            own["item"] = plain
        if self.chance(25) and (self.params or own or (self.sources and not run_if)):
            step["when"] = self.condition(own, reads=not run_if and not final, final=final)
        self.sources.append(source)
        return name, step

    def process(self, step: Step, source: Source, *, reads: bool, final: bool) -> None:
        own: list[str] = ["run.status"] if final else []
        if self.fan_outs < 2 and self.chance(40 if final else 22):
            self.fan_outs += 1
            self.fan_out(step, reads=reads)
            own += [f"matrix.{key}" for key in step.get("matrix", {})] or ["item"]
            source.many = True
        known = [address for one in self.sources for address in one.kinds] if reads else []
        places = [*own, *own, *(f"params.{name}" for name in self.params), *known]
        step["values"] = {name: self.tree(places) for name in self.some(["v", "W", "class_", "given", "q9", "lines"], 4)}
        if step["body"] == "run":
            step["styles"] = {name: self.one("plain", "quoted", "variable", "document") for name in step["values"]}
            step["prints"] = self.some(places, 2)
        outputs = list({name.upper(): name for name in self.some(list(FIELDS), 3)}.values())
        step["outputs"], step["folders"], step["writes"] = {}, [], {}
        for output in outputs:
            kind = self.one("dataset", "model", "report", "artifact", "metrics", "metrics", "values")
            step["outputs"][output] = kind
            if kind in ("metrics", "values"):
                self.written(step, source, output, kind, own)
            elif self.chance(25):
                step["folders"].append(output)
            if output not in step["writes"] or step["body"] == "run":
                source.files.append(f"{source.name}.{output}")
        readable = [one for upper in self.sources for one in upper.files] if reads else []
        taken = {name.upper() for name in [*outputs, *step["values"]]}
        names = [name for name in ("table", "i1", "In", "left", "RIGHT") if name.upper() not in taken]
        step["inputs"] = dict(zip(names, self.some(readable, 3), strict=False))
        if self.chance(10):
            path = self.one("data/in.csv", "data/it's $x.txt", "-data")
            step["inputs"]["file"] = {"path": path}
            if self.chance(85):
                self.files[path] = self.draw(texts)
        if self.secrets and self.chance(40):
            step["secrets"] = self.some(list(self.secrets), 2)
        self.fault(step)

    def fan_out(self, step: Step, *, reads: bool) -> None:
        lists = [address for one in self.sources for address, kind in one.kinds.items() if kind == "list" and not one.many]
        if self.chance(45):
            step["foreach"] = self.draw(st.lists(literals, max_size=3, unique_by=text_of))
            if reads and lists and self.chance(70):
                step["foreach"] = self.one(*lists)
        else:
            values = st.one_of(numbers, texts.filter(lambda text: len(text) < 20), st.booleans())
            keys = self.draw(st.lists(st.sampled_from(["depth", "loss", "K", "class"]), min_size=1, max_size=2, unique=True))
            step["matrix"] = {key: self.draw(st.lists(values, min_size=1, max_size=2, unique_by=text_of)) for key in keys}
        if self.chance(20):
            step["parallel"] = self.one(1, 2, 4)

    def tree(self, places: list[str]) -> Tree:
        if not places or self.chance(45):
            return self.draw(literals)
        place = {"$": self.one(*places)}
        form = self.one("whole", "text", "text", "list", "dict")
        if form == "whole":
            return place
        if form == "text":
            before: str = self.draw(texts)  # a `$` before a placeholder would escape it
            return {"+": [before + "." if before.endswith("$") else before, place, self.draw(texts)]}
        return (
            [place, self.draw(literals)]
            if form == "list"
            else {self.one("a", "a b", "é", "$x"): place, "z": self.draw(literals)}
        )

    def written(self, step: Step, source: Source, output: str, kind: str, own: list[str]) -> None:
        name = f"json_{output}"
        address = f"{source.name}.{output}"
        kinds: dict[str, str]
        if kind == "metrics":
            tree: Tree = {"score": self.draw(numbers), "n": self.draw(st.integers(0, 9))}
            kinds = {"score": "number", "n": "number"}
            numeric = [
                one
                for one in own
                if one.startswith("matrix.") and all(type(v) in (int, float) for v in step["matrix"][one[7:]])
            ]
            if numeric:
                tree["score"] = {"$": numeric[0]}
            if step["body"] == "run" and self.chance(12):
                tree, kinds = '{"score": NaN, "n": 1}', {"score": "nan", "n": "number"}
        else:
            items = self.draw(st.lists(scalars, max_size=3))
            tree = {
                "text": self.draw(texts),
                "items": items,
                "flag": self.draw(st.booleans()),
                "deep": {"x": self.draw(literals)},
            }
            kinds = {"text": "string", "items": "list", "flag": "boolean", "deep": "object", "deep.x": "any"}
            if own:
                tree["own"] = {"$": self.one(*own)}
                kinds["own"] = "any"
        step["values"][name], step["writes"][output] = tree, name
        if source.many:
            kinds = {key: "many" for key, value in kinds.items() if "." not in key}
        if self.chance(12):
            kinds["nope"] = "many" if source.many else "missing"
        source.kinds |= {f"{address}.{key}": value for key, value in kinds.items()}

    def condition(self, own: dict[str, list[Any]] | None = None, *, reads: bool = True, final: bool = False) -> Condition:
        atoms = [self.atom(own or {}, reads, final) for _ in range(self.one(1, 1, 1, 2))]
        atoms = _apart(atoms)
        made = atoms[0] if len(atoms) == 1 else [self.one("and", "or"), *atoms]
        return ["not", made] if self.chance(12) else made

    def atom(self, own: dict[str, list[Any]], reads: bool, final: bool) -> Condition:
        kinds = {
            f"params.{name}": {"integer": "number"}.get(param["type"], param["type"]) for name, param in self.params.items()
        }
        if reads:
            kinds |= {address: kind for one in self.sources for address, kind in one.kinds.items()}
        kinds |= {"run.status": "status"} if final else {}
        literal = ("null.", "true.", "in.")  # in a condition these words are no steps
        usable = [one for one, kind in kinds.items() if kind not in ("any", "object") and not one.startswith(literal)]
        if own and (not usable or self.chance(50)):
            address = self.one(*own)
            return ["compare", address, self.one("==", "!="), self.one(*own[address])]
        if not usable:
            return ["compare", "run.id", "!=", ""]
        address = self.one(*usable)
        match kinds[address]:
            case "number" | "nan" | "missing":
                return ["compare", address, self.one("<", "<=", ">", ">=", "==", "!="), self.draw(numbers)]
            case "string":
                return ["compare", address, self.one("==", "!="), self.draw(texts)]
            case "boolean":
                return ["holds", address]
            case "status":
                return ["compare", address, "==", self.one("failed", "succeeded")]
        return ["size", address, self.one(0, 1, 2, 3)]

    def fault(self, step: Step) -> None:
        if self.chance(12):
            step["limit"] = self.one(1, 2, 3)
        if not self.faults or not self.chance(30):
            return
        self.faults -= 1
        ways = ["exit", "skip_code", "kill"]
        ways += ["half"] if len(step["outputs"]) > len(step["writes"]) else []
        ways += ["missing"] if step["outputs"] else []
        if step["body"] == "run":
            ways += ["bad_json"] if step["writes"] else []
            ways += ["timeout"]
        how: Any = self.one(*ways)
        many = "matrix" in step or "foreach" in step
        step["fault"] = {"count": self.one(1, 1, 2) if self.chance(50) else 9, "how": how}
        if how == "timeout":
            step["fault"]["count"] = 1
        if step["fault"]["count"] < 9:
            step["limit"] = self.one(0, 1, 2)
        if many:
            values = next(iter(step["matrix"].values())) if "matrix" in step else step["foreach"]
            if step["body"] != "run" or not isinstance(values, list) or not values or len(step.get("matrix", {})) > 1:
                del step["fault"]
                return
            step["fault"]["only"] = step["values"]["only"] = text_of(self.one(*values))


def _apart(conditions: list[Condition]) -> list[Condition]:
    """Leave out what reads the same as the one before: mlspec refuses conditions that can never hold together."""
    kept: list[Condition] = []
    for condition in conditions:
        if not any(
            json.dumps(address) in json.dumps(kept) for address in re.findall(r'"(\w+\.[\w.]+)"', json.dumps(condition))
        ):
            kept.append(condition)
    return kept


@st.composite
def lives(draw: Callable[[st.SearchStrategy[Any]], Any]) -> Life:
    """Whole lifecycles."""
    return _Drawing(draw).life()
