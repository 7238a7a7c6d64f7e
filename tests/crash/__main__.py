"""The long attack: `python -m tests.crash --kills 300 --longest 30`.

In: how many kills, how long bodies may take, a seed. Out: a line for each run, its faults, exit status 1 when there was one.
Owns the counting; never judges (see `killing`). Change it when the attack should tell more.
"""

from __future__ import annotations

import argparse
import random
import shutil
import sys
import tempfile
from pathlib import Path

from tests.crash import lifecycle
from tests.crash.killing import faults, run_to_the_end


def attack(root: Path, kills: int, longest: float, seed: int) -> tuple[int, list[str]]:
    """Kill until `kills` have hit; returns how many did, and all faults."""
    calm, _ = run_to_the_end(root / "calm", random.Random(seed), 0, 0)
    expected = lifecycle.left(root / "calm", calm)
    total, number, found = 0, 0, []
    while total < kills:
        number += 1
        folder = root / f"run-{number}"
        chance = random.Random(f"{seed}.{number}")
        run_id, hits = run_to_the_end(folder, chance, longest, min(kills - total, chance.randint(3, 15)))
        here = faults(folder, run_id, expected)
        total += hits
        print(f"{folder.name}: {hits} kills, {total} in all, {'; '.join(here) or 'as if nothing had happened'}", flush=True)
        found += [f"{folder.name}: {fault}" for fault in here]
        if not here:
            shutil.rmtree(folder)
    return total, found


def main() -> int:
    """Run the attack of the command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.crash", description="Kill runs at random, and resume them.")
    parser.add_argument("--kills", type=int, default=300)
    parser.add_argument("--longest", type=float, default=30.0, help="seconds that a body may take")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    _, found = attack(Path(tempfile.mkdtemp(prefix="crash-")), arguments.kills, arguments.longest, arguments.seed)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
