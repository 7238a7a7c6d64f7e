"""Starts processes, and nothing else: `python bare.py COUNT JOBS COMMAND...`.

In: how many, how many at a time, their command. Out: nothing. Owns what a run of steps can at best be: the processes of their bodies
alone. Change it when bodies are started in another way.
"""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor


def main(count: int, jobs: int, command: list[str]) -> None:
    with ThreadPoolExecutor(jobs) as pool:
        for done in pool.map(lambda _: subprocess.run(command, check=True, stdin=subprocess.DEVNULL), range(count)):
            done.check_returncode()


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3:])
