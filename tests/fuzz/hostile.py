"""Texts that ask for as much as one file can.

In: nothing. Out: texts by what they do, made when called, since some have 16 MB. Owns the list, for the tests and for `make bench`.
Change it when a new part of the language can be abused.
"""

# ruff: noqa: E501 — a text a line

from __future__ import annotations

from collections.abc import Callable

from tests.fuzz.texts import HEAD

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
