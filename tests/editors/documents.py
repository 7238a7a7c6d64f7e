"""The documents that the editors' tests read: those that are valid, and those with a mistake.

In: the corpora of other tests. Out: paths. Owns which mistakes a schema cannot see, and why. Never reads a document.
Change it when a document is added whose mistake no schema can see.
"""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DIAGNOSTICS = ROOT / "tests/diagnostics"
VALID = [
    *sorted(DIAGNOSTICS.glob("ok/*.yaml")),
    *sorted(ROOT.glob("examples/*/mlspec.yaml")),
    *sorted(ROOT.glob("templates/init/*/mlspec.yaml")),
    *sorted(ROOT.glob("tests/conformance/specs/*/mlspec.yaml")),
]
STRUCTURAL = sorted(DIAGNOSTICS.glob("err/MLS2*.yaml"))
"""The mistakes in keys, types and forms."""
ELSEWHERE = "the mistake is not in this file"
NO_JSON = "a JSON document cannot carry such a number"
COMPUTED = "it takes a computation: a calendar, a clock, a comparison of two values"
UNSEEN = {
    "MLS201-by-set": ELSEWHERE,
    "MLS201-in-an-include": ELSEWHERE,
    "MLS203-include-within-an-include": ELSEWHERE,
    "MLS206-infinite": NO_JSON,
    "MLS209-hour": COMPUTED,
    "MLS209-never": COMPUTED,
    "MLS210-city": COMPUTED,
    "MLS212-no-such-day": COMPUTED,
    "MLS204-silenced": "which codes there are depends on the packages that are installed",
    "MLS215-default-too-high": COMPUTED,
    "MLS215-enum": COMPUTED,
    "MLS215-pattern": COMPUTED,
    "MLS215-numbers-no-target-keeps": "editors read such a number as one that is kept",
    "MLS218-two-outputs-in-one-file": COMPUTED,
    "MLS219-place-of-another-kind": "what a place needs depends on the kind of its secret",
}
"""By document: why a schema accepts it."""
UNMARKED = {
    "MLS201-merge-key": "yaml-language-server reads `<<` as YAML 1.1 does",
    "MLS201-no-blank-after-a-colon": "yaml-language-server passes over a key without a value inside of { }",
}
"""By document: why the server marks nothing where the schema refuses it."""


def name_of(document: Path) -> str:
    """A document's name in a test's id."""
    return document.stem if document.name != "mlspec.yaml" else document.parent.name


SEEN = [document for document in STRUCTURAL if document.stem not in UNSEEN]
