"""The same steps compiled by kfp's own compiler: `python kfp_peer.py SHAPE STEPS OUTPUT [REPEATS]`.

In: a shape and a number of steps. Out: an IR file; with REPEATS, the median seconds of so many compilations, imports aside.
Owns the peer's pipeline; never imports mlspec. Each step is a component of its own, as the steps of a lifecycle are;
one component for all tasks takes kfp longer (5.7 s against 4.4 s for 1000), since it copies and renames it for each.
"""

# No `from __future__ import annotations`: kfp reads the annotations of components as objects.
import statistics
import sys
import time
from typing import Any, cast

from kfp import compiler, dsl
from specs import IMAGE, Shape, parent


def first_component(name: str) -> Any:
    def step(n: int, table: dsl.Output[dsl.Artifact]):  # type: ignore[no-untyped-def]
        return dsl.ContainerSpec(image=IMAGE, command=["sh", "-ec", 'echo "$0" > "$1"'], args=[n, table.path])

    step.__name__ = name
    return dsl.container_component(step)


def next_component(name: str) -> Any:
    def step(n: int, source: dsl.Input[dsl.Artifact], table: dsl.Output[dsl.Artifact]):  # type: ignore[no-untyped-def]
        return dsl.ContainerSpec(
            image=IMAGE,
            command=["sh", "-ec", 'cat "$1" > "$2"; echo "$0" >> "$2"'],
            args=[n, source.path, table.path],
        )

    step.__name__ = name
    return dsl.container_component(step)


def main(shape: Shape, steps: int, output: str) -> None:
    @dsl.pipeline(name=f"{shape}-{steps}")  # type: ignore[untyped-decorator]
    def pipeline() -> None:
        tables: list[Any] = [first_component("s0")(n=0).outputs["table"]]
        for number in range(1, steps):
            source = tables[cast(int, parent(shape, number))]
            tables.append(next_component(f"s{number}")(n=number, source=source).outputs["table"])

    compiler.Compiler().compile(pipeline, output)


if __name__ == "__main__":
    main(cast(Shape, sys.argv[1]), int(sys.argv[2]), sys.argv[3])
    taken = []
    for _ in range(int(sys.argv[4]) if len(sys.argv) > 4 else 0):
        wall, cpu = time.perf_counter(), time.process_time()
        main(cast(Shape, sys.argv[1]), int(sys.argv[2]), sys.argv[3])
        taken.append((time.perf_counter() - wall, time.process_time() - cpu))
    if taken:
        print(statistics.median(wall for wall, _ in taken), statistics.median(cpu for _, cpu in taken))
