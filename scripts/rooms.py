"""The packages of mlspec and which imports which, as Mermaid: what docs/architecture.md shows.

In: the sources, as import-linter's own reader (grimp) sees them. Out: a flowchart on standard output, from the command line down
to the vocabularies. An arrow that follows from others is left out. Run: `python scripts/rooms.py`.
"""

from __future__ import annotations

import grimp
import networkx as nx

PACKAGE = "mlspec"
APART = {f"{PACKAGE}.__main__", f"{PACKAGE}.resources"}
"""What only starts the rest, or is so small that everything uses it."""


def rooms() -> nx.DiGraph:
    """The packages and modules directly below `mlspec`, with an edge from each to those that it imports."""
    imports = grimp.build_graph(PACKAGE, cache_dir=None)
    graph = nx.DiGraph()
    for room in sorted(imports.find_children(PACKAGE) - APART):
        graph.add_node(room)
    for module in sorted(imports.modules):
        for imported in sorted(imports.find_modules_directly_imported_by(module)):
            ends = [".".join(name.split(".")[:2]) for name in (module, imported)]
            if ends[0] != ends[1] and set(ends) <= set(graph):
                graph.add_edge(*ends)
    return nx.transitive_reduction(graph)


def main() -> None:
    """Print the flowchart."""
    graph = rooms()
    print("flowchart TD")
    for room in sorted(graph):
        name = room.removeprefix(f"{PACKAGE}.")
        print(f'  {name}["{name}"]')
    for above, below in sorted(graph.edges):
        print(f"  {above.removeprefix(PACKAGE + '.')} --> {below.removeprefix(PACKAGE + '.')}")


if __name__ == "__main__":
    main()
