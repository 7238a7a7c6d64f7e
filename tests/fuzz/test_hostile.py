"""The worst that one file can ask for: a verdict, within two seconds of processor time and 500 MB."""

# ruff: noqa: E501 — a text a line

from __future__ import annotations

import os
import resource
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.fuzz.texts import HEAD

SECONDS, MEGABYTES = 2.0, 500
SLACK = 3.0
"""Processor time doubles where other processes share the core and its caches."""
STEP = "steps: {train: {run: python train.py}}\n"
MANY = 10**6


def run(script: str) -> str:
    return HEAD + f"steps: {{train: {{run: '{script}'}}}}\n"


def when(condition: str) -> str:
    return HEAD + f'steps: {{train: {{run: a, when: "{condition}"}}}}\n'


def steps(count: int, line: Callable[[int], str]) -> str:
    return HEAD + "steps:\n" + "".join(f"  s{index}: {line(index)}\n" for index in range(count))


TEN = ", ".join(map(str, range(10)))
TEXTS: dict[str, Callable[[], str]] = {
    "brackets": lambda: "[" * MANY,
    "braces": lambda: "{" * MANY,
    "keys in keys": lambda: "? " * MANY,
    "lists in lists": lambda: "- " * MANY,
    "a million keys": lambda: HEAD + STEP + "".join(f"x{index}: 1\n" for index in range(MANY)),
    "a million notes": lambda: HEAD + STEP + "x-a: [" + "1," * MANY + "]\n",
    "keys written twice": lambda: HEAD + STEP + "x-a: {" + "a: 1, " * 100_000 + "}\n",
    "tags": lambda: HEAD + STEP + "x-a: [" + "!!str a, " * 100_000 + "]\n",
    "16 MB of a line": lambda: HEAD + f"steps: {{train: {{run: {'a' * 15_900_000}}}}}\n",
    "16 MB of a comment": lambda: "#" * 15_900_000,
    "16 MB of digits": lambda: HEAD + STEP + "x-a: " + "9" * 15_900_000,
    "more than 16 MB": lambda: "#" * 17_000_000,
    "an alias bomb": lambda: "a: &a [x]\n" + "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}' if n else '*a'] * 10)}]\n" for n in range(9)),
    "aliases of a long text": lambda: HEAD + f"x-a: &a {{run: {'a' * 900_000}}}\nsteps: {{{', '.join(f's{n}: *a' for n in range(300))}}}\n",
    "aliases of a secret": lambda: HEAD + f"x-a: &a {{run: AKIAABCDEFGHIJKLMNOP{' a' * 30_000}}}\nsteps: {{{', '.join(f's{n}: *a' for n in range(200))}}}\n",
    "numbers": lambda: HEAD + STEP + f"params: {{a: {'9' * 5000}, b: 1e400, c: {'9' * 399}, d: {{type: integer, default: {'9' * 399}, minimum: 1.5}}}}\n",
    "numbers everywhere": lambda: HEAD + "steps: {train: {run: a, parallel: N, retry: {limit: N, factor: 1e400}, timeout: Ns, resources: {cpu: N, gpu: N}}}\n".replace("N", "9" * 390),
    "a duration": lambda: HEAD + f"steps: {{train: {{run: a, timeout: {'9' * 5000}d}}}}\n",
    "a pattern": lambda: HEAD + STEP + f"params: {{a: {{type: string, default: {'a' * 40}b, pattern: (a+)+}}}}\n",
    "a nested pattern": lambda: HEAD + STEP + f"params: {{a: {{type: string, default: a, pattern: {'(' * 5000 + ')' * 5000}}}}}\n",
    "a huge matrix": lambda: HEAD + "steps: {train: {run: a, matrix: {" + ", ".join(f"k{n}: [{TEN}]" for n in range(5000)) + "}}}\n",
    "many matrices": lambda: steps(300, lambda n: f"{{run: a, matrix: {{a: [{', '.join(map(str, range(900)))}]}}}}"),
    "a cycle": lambda: steps(10_000, lambda n: f"{{run: a, needs: [s{(n + 1) % 10_000}]}}"),
    "knots": lambda: steps(200, lambda n: f"{{run: a, needs: [{', '.join(f's{m}' for m in range(200) if m != n)}]}}"),
    "unknown steps": lambda: steps(2000, lambda n: f"{{run: a, needs: [a_step_with_a_long_naem_{n}]}}").replace("  s", "  a_step_with_a_long_name_"),
    "unknown keys": lambda: steps(3000, lambda n: "{run: a, nedes: [a], outptus: {}}"),
    "parentheses": lambda: when("(" * 1900 + "1" + ")" * 1900),
    "negations": lambda: when("!" * 3900 + "true"),
    "open lists": lambda: when("[" * 1900),
    "a sum": lambda: when("1+" * 1900 + "1 > 0"),
    "maps of maps": lambda: when(f"[{TEN}].map(a, " * 8 + "1" + ")" * 8 + " == [1]"),
    "a slow match": lambda: when(f"'{'a' * 40}b'.matches('(a+)+$')"),
    "conditions": lambda: HEAD + "steps:\n  train: {run: a, outputs: {metrics: metrics}}\n  q:\n    gate:\n" + "".join(f"    - train.metrics.a{n} >= {n}\n" for n in range(500)),
    "placeholders": lambda: run("${{ a.b }}" * 100_000),
    "escaped placeholders": lambda: run("$${{ ${{ params.a }}" * 20_000),
    "open placeholders": lambda: run("${{ params.a " * 200_000),
    "here-documents": lambda: HEAD + "steps:\n  train:\n    run: |\n" + "      cat <<A\n      $(\n" * 3000 + "      ${{ params.a }}\n",
    "backticks": lambda: run("${{ params.a }}" + "`$(" * 100_000),
    "one mistake a line": lambda: HEAD + "steps:\n  train:\n    run: |\n" + "      echo ${{ params.nope }}\n" * 2000,
    "one mistake a folded line": lambda: HEAD + "steps:\n  train:\n    run: >\n" + "      echo ${{ params.nope }}\n" * 2000,
    "beginnings of secrets": lambda: run("AKIA" * 100_000 + "eyJaaaaaaaaaa." * 100_000 + "-----BEGIN " * 100_000 + "://a:" * 100_000 + "gho_" + "a" * MANY),
    "secrets": lambda: HEAD + "steps: {train: {run: a, with: {" + ", ".join(f"a{n}: AKIA{n:016d}" for n in range(5000)) + "}}}\n",
    "requirements": lambda: HEAD + STEP + f"environments: {{a: {{requirements: ['{'=' * MANY}', '==a{' ' * MANY}x', 'a=={'a;' * MANY}']}}}}\n",
    "an image": lambda: HEAD + STEP + "environments: {a: {image: '" + "@sha256:" * 200_000 + "'}}\n",
    "an address": lambda: HEAD + "steps: {train: {run: a, inputs: {a: " + "a." * 500_000 + "}}}\n",
    "a function": lambda: HEAD + "steps: {train: {call: '" + "a." * 5000 + "a:b'}}\n",
    "a path": lambda: HEAD + "steps: {train: {run: a, inputs: {a: {path: " + "a/" * 100_000 + "}, b: {path: " + "a" * 1000 + "}}}}\n",
    "an include": lambda: f"include: ['{'a/' * 100_000}', '{'a' * 1000}', /dev/zero]\n" + HEAD + STEP,
    "includes": lambda: "include: [" + "a.yaml, " * 100_000 + "]\n" + HEAD + STEP,
    "a cron line": lambda: HEAD + STEP + "triggers: {schedule: {cron: '" + "*/1," * 200_000 + "* * * * *'}}\n",
    "a cron range": lambda: HEAD + STEP + "triggers: {schedule: {cron: '0-99999999/1 0 30 2 *'}}\n",
    "a time zone": lambda: HEAD + STEP + "triggers: {schedule: {cron: '0 0 1 1 *', timezone: '" + "Europe/" * 10_000 + "'}}\n",
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("name", TEXTS)
def test_a_hostile_text_costs_little(name: str, tmp_path: Path) -> None:
    (tmp_path / "mlspec.yaml").write_text(TEXTS[name](), encoding="utf-8")
    with (tmp_path / "out").open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "mlspec", "validate"], cwd=tmp_path, stdout=out, stderr=out, preexec_fn=_limited
        )
        _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    text = (tmp_path / "out").read_text(encoding="utf-8")
    assert process.returncode in (0, 1), text[-2000:]
    assert "Traceback" not in text
    assert used.ru_utime + used.ru_stime <= SECONDS * SLACK
    assert used.ru_maxrss / 1024 <= MEGABYTES


def _limited() -> None:
    resource.setrlimit(resource.RLIMIT_CPU, (30, 30))
    resource.setrlimit(resource.RLIMIT_AS, (2 << 30, 2 << 30))
