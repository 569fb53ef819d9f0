"""Connections as text, JSON, a Graphviz graph or a Markdown table."""

from __future__ import annotations

import json
from collections import defaultdict
from typing import TYPE_CHECKING

from mistersmith_k8s.connectivity.addresses import External

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mistersmith_k8s.connectivity.connections import Connection


def render_txt(connections: Iterable[Connection]) -> str:
    """One line `SRC => DST : CONN` for each connection."""
    return "".join(f"{one.src} => {one.dst} : {one.ports}\n" for one in connections)


def render_json(connections: Iterable[Connection]) -> str:
    """A list of objects with the texts `src`, `dst` and `conn`."""
    found = [{"src": str(c.src), "dst": str(c.dst), "conn": str(c.ports)} for c in connections]
    return json.dumps(found, indent=2) + "\n"


def render_md(connections: Iterable[Connection]) -> str:
    """A table with the columns src, dst and conn."""
    rows = (f"| {one.src} | {one.dst} | {one.ports} |\n" for one in connections)
    return "".join(("| src | dst | conn |\n|-----|-----|------|\n", *rows))


def render_dot(connections: Iterable[Connection]) -> str:
    """A directed graph: one cluster for each namespace, what is outside beside them."""
    found = list(connections)
    parties = {str(party): party for one in found for party in (one.src, one.dst)}
    inside: dict[str, list[str]] = defaultdict(list)
    outside = []
    for text, party in sorted(parties.items()):
        if isinstance(party, External) or not party.kind:
            outside.append(f"  {_quoted(text)} [shape=box]\n")
        else:
            label = f"{party.name}[{party.kind}]"
            inside[party.namespace].append(f"    {_quoted(text)} [label={_quoted(label)}]\n")
    edges = (f"  {_quoted(c.src)} -> {_quoted(c.dst)} [label={_quoted(c.ports)}]\n" for c in found)
    clusters = (_cluster(namespace, nodes) for namespace, nodes in sorted(inside.items()))
    return "".join(("digraph {\n", *clusters, *outside, *edges, "}\n"))


def _cluster(namespace: str, nodes: Iterable[str]) -> str:
    name, label = _quoted(f"cluster_{namespace}"), _quoted(namespace)
    return "".join((f"  subgraph {name} {{\n    label={label}\n", *nodes, "  }\n"))


def _quoted(text: object) -> str:
    """A Graphviz string: json writes quotes and backslashes the way Graphviz reads them."""
    return json.dumps(str(text), ensure_ascii=False)
