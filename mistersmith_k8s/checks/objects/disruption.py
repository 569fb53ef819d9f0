"""Disruption budgets: a drain of nodes goes on, and takes no service down."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from mistersmith_k8s.checks.check import Flaw, check
from mistersmith_k8s.checks.finding import Severity
from mistersmith_k8s.checks.objects import vertical
from mistersmith_k8s.checks.objects.scaling import SCALABLE, replicas, scalers_of, share
from mistersmith_k8s.checks.objects.services import selects_nothing
from mistersmith_k8s.checks.selection import label_selector, running, shown
from mistersmith_k8s.checks.shape import text
from mistersmith_k8s.checks.world import fact

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from mistersmith_k8s.checks.world import Object, World
    from mistersmith_k8s.connectivity.selectors import Selector

PDB = "PodDisruptionBudget"
FEW = 2  # replicas from which a drain need not take all of them at once

# Programs that drain nodes, by a part of their image.
DRAINERS = ("cluster-autoscaler", "karpenter", "descheduler", "kured")


@check(Severity.WARNING, PDB)
def budget_selects(item: Object, world: World) -> Iterator[Flaw]:
    """A PodDisruptionBudget selects pods of some workload; else it protects nothing."""
    selector = _selector(item)
    if selector and selects_nothing(item.given_namespace, selector, world):
        message = f"selects no pod: nothing has {shown(selector)}"
        mend = "Make the selector a part of the labels of the pods that it means."
        yield Flaw(("spec", "selector"), message, mend)


@check(Severity.WARNING, PDB)
def budget_blocks(item: Object, world: World) -> Iterator[Flaw]:
    """A PodDisruptionBudget lets at least one pod go; else no node with one is ever drained.

    Some want just that, and be asked first.
    Source: https://kubernetes.io/docs/tasks/run-application/configure-pdb/
    """
    key = "minAvailable" if "minAvailable" in item.spec else "maxUnavailable"
    given = item.spec.get(key)
    if share(given, 100, up=True) == _EVERY[key] and given != _EVERY["minAvailable"]:
        message = f"is {given}: no pod may ever be evicted"
        yield Flaw(("spec", key), message, "Use maxUnavailable: 1.")
        return
    chosen = sorted(_budgeted(world).get(id(item), ()), key=str)
    pods = sum(replicas(o, world).most for o in chosen)
    kept = share(given, pods, up=True)
    countable = chosen and all(_counted(o, world) for o in chosen)
    if countable and key == "minAvailable" and kept is not None and kept >= pods > 0:
        message = f"is {given}, and {_named(chosen)} has {pods} pods: none may ever be evicted"
        yield Flaw(("spec", key), message, "Use maxUnavailable: 1.")


def _counted(workload: Object, world: World) -> bool:
    """Whether the input says how many pods there are."""
    given = workload.spec.get("replicas") is not None
    return workload.kind in SCALABLE and (given or bool(scalers_of(workload, world)))


# A share of 100 pods that stands for all of them to stay, by key.
_EVERY = {"minAvailable": 100, "maxUnavailable": 0}


def _named(items: Sequence[Object]) -> str:
    return " with ".join(str(item) for item in items)


@check(Severity.ERROR, PDB)
def budgets_overlap(item: Object, world: World) -> Iterator[Flaw]:
    """A pod has one PodDisruptionBudget: with two, the API server refuses to evict it.

    Source: k8s.io/kubernetes pkg/registry/core/pod/storage, eviction.
    """
    for workload in _budgeted(world).get(id(item), ()):
        others = [str(b) for b in _budgets_of(world)[id(workload)] if b.ref != item.ref]
        if others:
            message = f"selects {workload}, which {min(others)} selects too"
            yield Flaw(("spec", "selector"), message, "Keep one budget for each workload.")
            return


@check(Severity.WARNING, *SCALABLE)
def budget_missing(item: Object, world: World) -> Iterator[Flaw]:
    """A workload of several pods has a PodDisruptionBudget, where something evicts pods.

    Fires where the input has budgets in the namespace, drains nodes by a program of its own, or
    lets a VerticalPodAutoscaler evict these pods.
    """
    evictor = "" if item.at("metadata", "ownerReferences") else _evictor(item, world)
    bounds = scalers_of(item, world)
    pods = max([replicas(item, world).now, *(s.most or 0 for s in bounds)])
    if pods >= FEW and evictor and id(item) not in _budgets_of(world):
        message = f"has up to {pods} pods and no PodDisruptionBudget, and {evictor}"
        yield Flaw(("spec",), message, "Add a PodDisruptionBudget with maxUnavailable: 1.")


def _evictor(item: Object, world: World) -> str:
    """What evicts pods of a workload, in words."""
    for scaler in vertical.of(item, world):
        if vertical.mode(scaler) in vertical.EVICTING:
            return f"{scaler} evicts them"
    drainer = _drainer(world)
    if drainer:
        return f"{drainer} drains nodes"
    neighbour = _neighbours(world).get(item.given_namespace)
    return f"{neighbour} protects others of the namespace" if neighbour else ""


@fact
def _neighbours(world: World) -> Mapping[str, Object]:
    """One of the budgets of each namespace."""
    budgets = sorted(world.of(PDB), key=str, reverse=True)
    return {item.given_namespace: item for item in budgets}


@fact
def _drainer(world: World) -> Object | None:
    """A workload of the input that drains nodes."""
    return min((item for item in world.workloads if _drains(item)), key=str, default=None)


def _drains(item: Object) -> bool:
    images = (text(container.get("image")) for _, container in item.all_containers)
    names = (image.rpartition("/")[2].partition(":")[0] for image in images)
    return any(name.startswith(DRAINERS) for name in names)


@fact
def _budgeted(world: World) -> Mapping[int, Sequence[Object]]:
    """The workloads that each budget certainly selects."""
    found: dict[int, Sequence[Object]] = {}
    for item in world.of(PDB):
        selector = _selector(item)
        if selector:
            found[id(item)] = running(world).selected(item.given_namespace, selector)
    return found


@fact
def _budgets_of(world: World) -> Mapping[int, Sequence[Object]]:
    """The budgets that select each workload."""
    found: dict[int, list[Object]] = defaultdict(list)
    for item in world.of(PDB):
        for workload in _budgeted(world).get(id(item), ()):
            found[id(workload)].append(item)
    return found


def _selector(budget: Object) -> Selector | None:
    """Its selector; None without one: it then selects nothing."""
    given = budget.spec.get("selector")
    return None if given is None else label_selector(given)


CHECKS = (budget_selects, budget_blocks, budgets_overlap, budget_missing)
