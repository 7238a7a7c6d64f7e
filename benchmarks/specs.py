"""Specs of any size: the same steps as YAML for mlspec and as numbers for the peers.

In: a shape and a number of steps. Out: the text of an mlspec.yaml.
Owns what a benchmark's step looks like; never runs anything.
Change it when the language's usual step changes, and change the peers with it.
"""

from __future__ import annotations

from typing import Literal

Shape = Literal["chain", "tree"]
IMAGE = "python@sha256:" + "0" * 64
"""Pinned by digest, as every image should be; nothing runs it."""


def parent(shape: Shape, number: int) -> int | None:
    """Return the step that `number` reads: the one before it, or half of it in a binary tree; the first reads none."""
    if number == 0:
        return None
    return number - 1 if shape == "chain" else (number - 1) // 2


def spec(shape: Shape, steps: int) -> str:
    """Return a spec of so many shell steps, each with one value, one output and, but for the first, one input."""
    lines = [
        "apiVersion: mlspec/v1",
        "kind: Lifecycle",
        "metadata:",
        f"  name: {shape}-{steps}",
        "environments:",
        f"  base: {{image: {IMAGE}}}",
        "defaults: {environment: base}",
        "steps:",
    ]
    for number in range(steps):
        source = parent(shape, number)
        lines.append(f"  s{number}:")
        if source is None:
            lines.append("    run: echo ${{ with.n }} > ${{ outputs.table }}")
        else:
            lines.append("    run: cat ${{ inputs.table }} > ${{ outputs.table }}; echo ${{ with.n }} >> ${{ outputs.table }}")
            lines.append(f"    inputs: {{table: s{source}.table}}")
        lines.append(f"    with: {{n: {number}}}")
        lines.append("    outputs: {table: artifact}")
    return "\n".join(lines) + "\n"
