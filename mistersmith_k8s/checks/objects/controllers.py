"""Controllers: each has its own pods."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mistersmith_k8s.checks.check import Flaw, check
from mistersmith_k8s.checks.finding import Severity
from mistersmith_k8s.checks.selection import equality, label_selector, running, selects
from mistersmith_k8s.checks.world import fact

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mistersmith_k8s.checks.world import Object, World
    from mistersmith_k8s.connectivity.selectors import Selector

CONTROLLERS = ("Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "ReplicationController")


@check(Severity.WARNING, *CONTROLLERS)
def pods_of_another(item: Object, world: World) -> Iterator[Flaw]:
    """No two controllers select the same pods.

    Each leaves alone what the other owns, but takes what lost its owner, and whatever counts pods
    by the selector, such as an autoscaler or a budget, counts those of both.
    Source: https://kubernetes.io/docs/concepts/workloads/controllers/deployment/#selector
    """
    selector = _selectors(world).get(id(item))
    if selector is None or not selector.requirements:
        return
    for other in sorted(running(world).selected(item.given_namespace, selector), key=str):
        theirs = _selectors(world).get(id(other))
        if theirs is None or other.ref == item.ref or _owned(item, other) or _owned(other, item):
            continue
        mutual = selects(theirs, item)
        message = f"selects the pods of {other} too{', which selects these' if mutual else ''}"
        mend = "Give the pods of each a label of their own, and select by it."
        yield Flaw(("spec", "selector"), message, mend)
        return


def _owned(owner: Object, item: Object) -> bool:
    """Whether an object, of a dump of a cluster, was made by another one."""
    references = item.at("metadata", "ownerReferences")
    return isinstance(references, list) and any(
        isinstance(reference, dict) and reference.get("name") == owner.ref.name
        for reference in references
    )


@fact
def _selectors(world: World) -> Mapping[int, Selector | None]:
    """The selectors of the controllers."""
    return {id(item): _selector(item) for item in world.of(*CONTROLLERS)}


def _selector(item: Object) -> Selector | None:
    given = item.spec.get("selector")
    return equality(given) if item.kind == "ReplicationController" else label_selector(given)


CHECKS = (pods_of_another,)
