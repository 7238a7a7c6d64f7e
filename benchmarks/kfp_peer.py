"""The same steps compiled by kfp's own compiler: `python kfp_peer.py SHAPE STEPS OUTPUT`.

In: a shape and a number of steps. Out: an IR file.
Owns the peer's pipeline; never imports mlspec. Each step is a component of its own, as the steps of a lifecycle are;
one component for all tasks takes kfp longer (5.7 s against 4.4 s for 1000), since it copies and renames it for each.
"""

# No `from __future__ import annotations`: kfp reads the annotations of components as objects.
import sys
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
