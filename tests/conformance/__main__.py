"""The long run: draws specs, runs each on every engine, and keeps those on which something is wrong.

In: `python -m tests.conformance`, see `--help`. Out: a line for each spec that diverges, its file
in the folder of failures, figures at the end; exit status 1 when there was one. Owns the counting and the making smaller;
never judges (see `compare`). Change it when the long run should tell more.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from hypothesis import HealthCheck, Phase, given, seed, settings

from tests.conformance.choose import choose, missing
from tests.conformance.compare import Verdict, compare
from tests.conformance.corpus import FOLDER, read, written
from tests.conformance.count import table
from tests.conformance.drawn import Life
from tests.conformance.engines import alive, present
from tests.conformance.shrink import smaller
from tests.conformance.strategy import lives


def main() -> int:
    arguments = _arguments()
    if arguments.corpus:
        return _choose(arguments)
    if arguments.count:
        drawn: list[Life] = []
        _draw(arguments.seed, arguments.examples, drawn.append)
        print(table(drawn))
        return 0
    say = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # engines and steps print a great deal
    with tempfile.TemporaryDirectory() as home, alive(arguments.engines, Path(home)) as engines:
        figures: Counter[str] = Counter()
        began = time.monotonic()

        def check(life: Life) -> Verdict:
            with tempfile.TemporaryDirectory() as folder:
                return compare(life, Path(folder), engines)

        def examine(life: Life, name: str) -> None:
            verdict = check(life)
            figures["specs"] += 1
            figures["steps"] += len(life["steps"]) + len(life.get("finals", {}))
            figures.update(f"ran on {engine}" for engine in verdict.ran)
            figures.update(f"refused by {target}: {' '.join(codes)}" for target, codes in verdict.refused.items())
            if figures["specs"] % 50 == 0:
                print(f"{figures['specs']} specs, {figures['diverging']} diverge, {time.monotonic() - began:.0f} s", file=say)
            if not verdict.problems:
                return
            figures["diverging"] += 1
            if arguments.shrink:
                life = smaller(life, check, verdict, seconds=arguments.shrink)
                again = check(life)
                verdict = again if again.problems else verdict
                figures["diverging once, not again"] += not again.problems
            arguments.failures.mkdir(parents=True, exist_ok=True)
            path = arguments.failures / f"{name}.yaml"
            path.write_text(written(life, "diverged"), encoding="utf-8")
            problems = "\n".join(f"  {problem}" for problem in verdict.problems)
            print(f"\n{path.read_text()}\n{problems}\n  again: python -m tests.conformance {path}\n", file=say)

        for path in arguments.files:
            examine(read(path), path.stem)
        if not arguments.files:
            _draw(arguments.seed, arguments.examples, lambda life: examine(life, f"{arguments.seed}-{figures['specs']}"))
        print(
            f"in {time.monotonic() - began:.0f} s:",
            *(f"  {count:6} {what}" for what, count in sorted(figures.items())),
            sep="\n",
            file=say,
        )
    return 1 if figures["diverging"] else 0


def _choose(arguments: argparse.Namespace) -> int:
    """Write the corpus anew."""
    drawn: list[Life] = []
    _draw(arguments.seed, arguments.examples, drawn.append)
    chosen = choose(drawn, arguments.corpus)
    for old in FOLDER.glob("*.yaml"):
        old.unlink()
    FOLDER.mkdir(exist_ok=True)
    for number, (life, news) in enumerate(chosen):
        (FOLDER / f"{number:02}.yaml").write_text(written(life, ", ".join(news) or "more of the same"), encoding="utf-8")
    left = missing(drawn, [life for life, _ in chosen])
    print(f"{len(chosen)} of {len(drawn)} specs; what they leave out: {', '.join(sorted(left)) or 'nothing'}")
    return 0


def _draw(start: int, examples: int, examine: Callable[[Life], object]) -> None:
    """Draw so many lifecycles, each by itself: within one search hypothesis varies what it has drawn, and so draws much the same."""
    for number in range(examples):
        examine(_drawn(start * 100_000 + number))


def _drawn(number: int) -> Life:
    drawn: list[Life] = []

    # Two, for the first is always the least of all.
    @seed(number)
    @settings(max_examples=2, database=None, deadline=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
    @given(lives())
    def draw(life: Life) -> None:
        drawn.append(life)

    draw()
    return drawn[-1]


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.conformance", description="Hold all engines to the same runs.")
    parser.add_argument("files", nargs="*", type=Path, metavar="FILE", help="run these specs instead of drawing some")
    parser.add_argument("--examples", type=int, default=200, help="how many specs to draw")
    parser.add_argument("--seed", type=int, default=0, help="what to draw")
    parser.add_argument("--engines", type=lambda text: text.split(","), default=present(), help="by target, with commas")
    parser.add_argument("--shrink", type=float, default=120, help="seconds to make a failing spec smaller")
    parser.add_argument("--failures", type=Path, default=Path(".conformance"), help="where failing specs go")
    parser.add_argument(
        "--corpus", type=int, metavar="N", help="instead of running any, write the corpus anew with N of those drawn"
    )
    parser.add_argument("--count", action="store_true", help="instead of running any, tell what those drawn have")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
