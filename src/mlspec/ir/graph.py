"""The graph of a plan: order, cycles, paths.

In: nodes in the order of the file, and who hangs on whom. Out: orders, cycles, the critical path, the edges to draw.
The only user of networkx, which takes half a second to import: it untangles cycles, and what every command needs (the order)
is made with the standard library's graphlib. Never knows what a step is, never recurses.
Change it when a question about the graph is new.
"""

from __future__ import annotations

import heapq
from collections.abc import Collection, Mapping, Sequence
from graphlib import CycleError, TopologicalSorter

Upstream = Mapping[str, Collection[str]]
"""Each node's direct upstreams."""


def order(nodes: Sequence[str], upstream: Upstream) -> list[str] | None:
    """Sort topologically; among nodes that are free at the same time, the first in `nodes` comes first. None: a cycle."""
    rank = {node: index for index, node in enumerate(nodes)}
    if all(rank[other] < index for node, index in rank.items() for other in upstream.get(node, ())):
        return list(nodes)  # as most files are written
    sorter = TopologicalSorter({node: upstream.get(node, ()) for node in nodes})
    try:
        sorter.prepare()
    except CycleError:
        return None
    ready = [rank[node] for node in sorter.get_ready()]
    heapq.heapify(ready)
    result: list[str] = []
    while ready:
        node = nodes[heapq.heappop(ready)]
        result.append(node)
        sorter.done(node)
        for free in sorter.get_ready():
            heapq.heappush(ready, rank[free])
    return result


def cycles(nodes: Sequence[str], upstream: Upstream) -> list[list[str]]:
    """One shortest cycle through the first node of each knot, each along its edges: `a` needs `b` needs … `a`."""
    import networkx as nx

    graph = _graph(nodes, upstream)
    rank = {node: index for index, node in enumerate(nodes)}
    knots = [knot for knot in nx.strongly_connected_components(graph) if len(knot) > 1]
    found = []
    for knot in sorted(knots, key=lambda members: min(rank[node] for node in members)):
        first = min(knot, key=rank.__getitem__)
        inside = graph.subgraph(knot)
        back = sorted(inside.predecessors(first), key=rank.__getitem__)
        best = min((nx.shortest_path(inside, first, last) for last in back), key=len)
        found.append([first, *reversed(best[1:])])
    return found


def critical_path(nodes: Sequence[str], upstream: Upstream) -> list[str]:
    """The longest chain, counting every node as one; of several, the one that comes first."""
    length: dict[str, int] = {}
    before: dict[str, str] = {}
    for node in nodes:
        best = max(upstream.get(node, ()), key=length.__getitem__, default=None)
        length[node] = 1 + (length[best] if best is not None else 0)
        if best is not None:
            before[node] = best
    if not length:
        return []
    node = max(nodes, key=length.__getitem__)
    chain = [node]
    while node in before:
        node = before[node]
        chain.append(node)
    return chain[::-1]


def levels(nodes: Sequence[str], upstream: Upstream) -> list[list[str]]:
    """Nodes by the length of the longest chain above them; `nodes` are in topological order."""
    depth: dict[str, int] = {}
    result: list[list[str]] = []
    for node in nodes:
        depth[node] = max((depth[other] + 1 for other in upstream.get(node, ())), default=0)
        if depth[node] == len(result):
            result.append([])
        result[depth[node]].append(node)
    return result


def reduced(nodes: Sequence[str], upstream: Upstream) -> dict[str, list[str]]:
    """The upstreams that no longer way makes needless: what a picture draws. `nodes` are in topological order.

    Ancestors are sets of bits, so that 10,000 nodes take a moment; networkx' reduction takes minutes.
    """
    bit = {node: 1 << index for index, node in enumerate(nodes)}
    above: dict[str, int] = {}
    result: dict[str, list[str]] = {}
    for node in nodes:
        through = 0
        for other in upstream.get(node, ()):
            through |= above[other]
        result[node] = [other for other in upstream.get(node, ()) if not through & bit[other]]
        above[node] = through | sum(bit[other] for other in result[node])
    return result


def _graph(nodes: Sequence[str], upstream: Upstream):  # type: ignore[no-untyped-def]
    import networkx as nx

    graph = nx.DiGraph()
    graph.add_nodes_from(nodes)
    graph.add_edges_from((other, node) for node in nodes for other in upstream.get(node, ()))
    return graph
