"""What the bodies that `scripts` and `functions` render do: how many attempts fail, and which bytes they write.

In: a drawn step and what it is given. Out: a count, texts and digests. Owns a second account of those bodies, so that a text that
every engine bends alike is found; never when a body starts. Change it together with them.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Any

from tests.conformance.drawn import Step, text_of


@dataclass(frozen=True)
class Output:
    """What one output holds, or one file of the project. Of a folder, `text` is what its `a.txt` holds."""

    text: str
    digest: str | None
    """None where the language leaves the bytes open."""
    value: Any = None
    """What expressions can read of `metrics` and `values`."""


@dataclass(frozen=True)
class Given:
    """All that a body is handed."""

    values: dict[str, Any]
    """`with`."""
    told: list[Any]
    """What it reads directly: values by their address, secrets, plain variables."""
    inputs: dict[str, Output | list[Output]]
    """A list where the input reads a fan-out."""

    def digests(self) -> dict[str, Any]:
        """Of each input the digest, or a list of them."""
        return {name: [one.digest for one in got] if isinstance(got, list) else got.digest for name, got in self.inputs.items()}


def failing_attempts(step: Step, own: dict[str, Any]) -> int:
    """How many attempts of an instance fail before one succeeds; `own` is its place in a matrix, or its item."""
    fault = step.get("fault", {"count": 0})
    if "only" in fault and text_of(next(iter(own.values()))) != fault["only"]:
        return 0
    return fault["count"]


def outputs(step: Step, given: Given) -> dict[str, Output]:
    """What a step writes: every value in angle brackets, and then all it reads."""
    writes = step.get("writes", {})
    body = ""
    for name, value in given.values.items():
        if name not in writes.values() and name != "only":
            body += f"<{text_of(value)}>" + ("\n" if step.get("styles", {}).get(name) == "document" else "")
    body += "".join(f"<{text_of(value)}>" for value in given.told)
    for got in given.inputs.values():
        body += "".join(one.text for one in (got if isinstance(got, list) else [got]))
    made = {}
    for name in step.get("outputs", {}):
        if name in writes:
            text = text_of(given.values[writes[name]])
            made[name] = Output(text, None if step["body"] == "call" else digest_of(text), json.loads(text))
        elif name in step.get("folders", []):
            files = {"a.txt": body, "deep/b c.txt": name}
            lines = [f"{hashlib.sha256(text.encode()).hexdigest()}  {path}\n" for path, text in files.items()]
            made[name] = Output(body, digest_of("".join(sorted(lines))))
        else:
            made[name] = Output(body, digest_of(body))
    return made


def digest_of(text: str) -> str:
    """The digest of a file with this text."""
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"
