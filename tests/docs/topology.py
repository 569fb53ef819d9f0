"""Who talks to whom, drawn and listed from the declared connections of the reference platform."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mistersmith_k8s.platform import Environment, connections
from mistersmith_k8s.platform_file import load_platforms
from mistersmith_k8s.site import Pods
from tests.docs.markdown import ROOT, code, table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mistersmith_k8s.connections import Addresses, Edge

SHOWN = Environment.VALIDATION
"""The environment that has everything in the cluster."""


def edges() -> tuple[Edge, ...]:
    """The declared connections of the reference platform."""
    spec = load_platforms(ROOT / "charts" / "platform.yaml")[SHOWN]
    return connections(spec).edges


def drawing() -> str:
    """A Mermaid flowchart: a box for each namespace, an arrow for each connection."""
    lines = [*_namespaces(), *(_arrow(edge) for edge in edges())]
    return "".join(("```mermaid\nflowchart LR\n", *(f"  {line}\n" for line in lines), "```\n"))


def _namespaces() -> Iterator[str]:
    ends = [end for edge in edges() for end in (edge.source, edge.target)]
    pods = [end for end in dict.fromkeys(ends) if isinstance(end, Pods)]
    for namespace in dict.fromkeys(end.namespace for end in pods):
        yield f'subgraph {_id(namespace)}["{namespace}"]'
        yield from (f'  {_id(p.name)}["{p.name}"]' for p in pods if p.namespace == namespace)
        yield "end"


def _arrow(edge: Edge) -> str:
    ports = ", ".join(str(port.number) for port in edge.ports)
    return f'{_id(edge.source.name)} -->|"{edge.purpose}: {ports}"| {_id(edge.target.name)}'


def _id(name: str) -> str:
    """A name that Mermaid cannot take for an arrow."""
    return name.replace("-", "_")


def listing() -> str:
    """The same as a table, with the variables that come from each connection."""
    rows = (
        (
            code(_place(edge.source)),
            code(_place(edge.target)),
            ", ".join(str(port.number) for port in edge.ports),
            edge.purpose,
            ", ".join(code(url.variable) for url in edge.urls),
        )
        for edge in edges()
    )
    return table(("From", "To", "TCP ports", "Why", "Variables of the source"), rows)


def _place(end: Pods | Addresses) -> str:
    return f"{end.namespace}/{end.name}" if isinstance(end, Pods) else end.name
