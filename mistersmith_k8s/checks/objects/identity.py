"""Identities and namespaces: one object per name, in a namespace that is there."""

from __future__ import annotations

from collections import Counter, defaultdict
from posixpath import dirname
from typing import TYPE_CHECKING, Any

from mistersmith_k8s.checks.check import Flaw, check
from mistersmith_k8s.checks.finding import Severity
from mistersmith_k8s.checks.outside import outside
from mistersmith_k8s.checks.shape import mapping, text
from mistersmith_k8s.checks.world import DEFAULT_NAMESPACE, fact

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mistersmith_k8s.checks.world import Object, World

Identity = tuple[str, str, str, str]
HOOK = "helm.sh/hook"

# Namespaces that clusters and common platforms have without anybody's manifests.
PLATFORM_NAMESPACES = frozenset(
    {
        *("argocd", "cert-manager", "external-secrets", "flux-system", "gatekeeper-system"),
        *("ingress-nginx", "istio-system", "istio-ingress", "keda", "kube-node-lease"),
        *("kube-public", "kube-system", "kyverno", "linkerd", "monitoring", "traefik"),
        DEFAULT_NAMESPACE,
    }
)


@check(Severity.ERROR)
def duplicate_identity(item: Object, world: World) -> Iterator[Flaw]:
    """An object is declared once: of two with one name, whichever is applied last wins.

    Files that declare mostly the same objects are taken for alternatives, and only warned of.
    """
    if not text(mapping(item.at("metadata")).get("name")):
        return
    first = _twins(world)[_identity(item)][0]
    if first is item:
        return
    place = f" in {first.file}" if first.file else " above"
    if first.manifest == item.manifest:
        message = f"is declared twice with the same content, first{place}"
        yield Flaw(_NAME, message, "Remove one of the two.", Severity.WARNING)
        return
    message = f"is declared twice with different content, first{place}"
    mend = "Merge the two into one object, or give one of them another name."
    alternatives = frozenset((first.file, item.file)) in _alternatives(world)
    yield Flaw(_NAME, message, mend, Severity.WARNING if alternatives else Severity.ERROR)


_NAME = ("metadata", "name")


@fact
def _twins(world: World) -> dict[Identity, list[Object]]:
    """The objects by identity, in an order that does not depend on that of the files."""
    found: dict[Identity, list[Object]] = defaultdict(list)
    for item in sorted(world.objects, key=lambda item: item.file or ""):
        found[_identity(item)].append(item)
    return found


@fact
def _alternatives(world: World) -> frozenset[frozenset[str | None]]:
    """The pairs of files that mostly declare the same objects: one or the other is applied.

    So are two of which one declares only what the other declares among more.
    """
    sizes = Counter(item.file for item in world.objects)
    shared = Counter(
        frozenset((twins[0].file, other.file))
        for twins in _twins(world).values()
        for other in twins[1:]
        if other.file != twins[0].file
    )
    return frozenset(
        pair for pair, count in shared.items() if _mostly(count, *(sizes[file] for file in pair))
    )


def _mostly(shared: int, *sizes: int) -> bool:
    small, large = min(sizes), max(sizes)
    return shared == small < large or shared >= max(_MANY, small / 2)


_MANY = 3  # fewer may be chance


def _identity(item: Object) -> Identity:
    """What makes two objects one; without a namespace only what is applied together is one."""
    kind, namespace, name = item.kind, item.given_namespace, item.ref.name
    together = "" if namespace or item.file is None else dirname(item.file)
    return (kind, namespace, name, f"{together} {_hooks(item)}")


def _hooks(item: Object) -> Any:
    """Helm makes an object anew for each hook, so they do not meet."""
    return item.annotations.get(HOOK, "")


@check(Severity.WARNING)
def namespace_undeclared(item: Object, world: World) -> Iterator[Flaw]:
    """Where the input declares namespaces, it declares all that it uses.

    It is said once for each namespace, of the first object there.
    """
    namespace, declared = item.given_namespace, outside(world).namespaces
    if not namespace or not declared or namespace in declared or not world.setting.complete:
        return
    if namespace in PLATFORM_NAMESPACES or outside(world).declares("Namespace", "", namespace):
        return
    if _first(world)[namespace] is item:
        message = f"is {namespace}, which is none of the namespaces that the input declares"
        mend = f"Correct it, or declare a Namespace {namespace}."
        yield Flaw(("metadata", "namespace"), message, mend)


@fact
def _first(world: World) -> dict[str, Object]:
    """The first object of each namespace."""
    found = sorted(world.objects, key=lambda item: (item.file or "", str(item)), reverse=True)
    return {item.given_namespace: item for item in found}


CHECKS = (duplicate_identity, namespace_undeclared)
