"""References: what an object names is there, or is known to be elsewhere."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any, NamedTuple

from mistersmith_k8s.checks.check import Flaw, check
from mistersmith_k8s.checks.finding import Severity
from mistersmith_k8s.checks.objects.scaling import HPA, SCALED, VPA, target_of
from mistersmith_k8s.checks.outside import CLUSTER_SCOPED, outside
from mistersmith_k8s.checks.shape import lookup, mapping, mappings, text
from mistersmith_k8s.checks.world import POD_TEMPLATES, WORKLOADS, fact

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from mistersmith_k8s.checks.finding import Path
    from mistersmith_k8s.checks.world import Object, World

CLAIM = "PersistentVolumeClaim"
TOKEN = "kubernetes.io/service-account-token"  # noqa: S105 - a type of Secrets, filled at run time
CERTIFICATES = ("cert-manager.io/", "certmanager.k8s.io/", "kubernetes.io/tls-acme")


class Reference(NamedTuple):
    """A name of an object in the same namespace, with the keys of it that are used."""

    path: Path
    kind: str
    name: str
    keys: tuple[tuple[Path, str], ...] = ()


def flaw_of(
    path: Path, kind: str, namespace: str, name: str, severity: Severity | None
) -> Iterator[Flaw]:
    """What to say of a reference to an object that is not there."""
    if severity:
        place = name if kind in CLUSTER_SCOPED or not namespace else f"{namespace}/{name}"
        message = f"is {name}, and there is no {kind} {place}"
        mend = f"Correct the name, add the {kind}, or list {kind}/{place} as external."
        yield Flaw(path, message, mend, severity)


def missing(item: Object, world: World, references: Iterable[Reference]) -> Iterator[Flaw]:
    """What is said of references to what is not there, once for each name."""
    seen: set[tuple[str, str]] = set()
    for path, kind, name, _ in references:
        if (kind, name) not in seen:
            seen.add((kind, name))
            severity = outside(world).absence(kind, item.given_namespace, name)
            yield from flaw_of(path, kind, item.given_namespace, name, severity)


def pod_references(item: Object, kind: str) -> Iterator[Reference]:
    """The ConfigMaps or Secrets that pods need before they start; optional ones are left out."""
    reads = _READS[kind]
    for path, volume in _volumes(item):
        source = mapping(volume.get(reads.volume))
        if source and source.get("optional") is not True:
            name = text(source.get(reads.volume_name))
            keys = tuple(_item_keys(source, (*path, reads.volume)))
            yield Reference((*path, reads.volume, reads.volume_name), kind, name, keys)
        for index, part in mappings(lookup(volume, ("projected", "sources"))):
            yield from _projected(kind, (*path, "projected", "sources", index), part)
    for path, container in item.all_containers:
        yield from _from_container(kind, path, container)


class _Reads(NamedTuple):
    """Where pods name objects of one kind."""

    volume: str
    volume_name: str
    env_from: str
    key_ref: str


_READS: Mapping[str, _Reads] = {
    "ConfigMap": _Reads("configMap", "name", "configMapRef", "configMapKeyRef"),
    "Secret": _Reads("secret", "secretName", "secretRef", "secretKeyRef"),
}


def _volumes(item: Object) -> Iterator[tuple[Path, Mapping[str, Any]]]:
    for index, volume in mappings(item.pod_spec.get("volumes")):
        yield item.in_pod("volumes", index), volume


def _projected(kind: str, path: Path, part: Mapping[str, Any]) -> Iterator[Reference]:
    key = _READS[kind].volume
    source = mapping(part.get(key))
    if source and source.get("optional") is not True:
        keys = tuple(_item_keys(source, (*path, key)))
        yield Reference((*path, key, "name"), kind, text(source.get("name")), keys)


def _item_keys(source: Mapping[str, Any], path: Path) -> Iterator[tuple[Path, str]]:
    for index, entry in mappings(source.get("items")):
        yield (*path, "items", index, "key"), text(entry.get("key"))


def _from_container(kind: str, path: Path, container: Mapping[str, Any]) -> Iterator[Reference]:
    reads = _READS[kind]
    for index, entry in mappings(container.get("envFrom")):
        source = mapping(entry.get(reads.env_from))
        if source and source.get("optional") is not True:
            where = (*path, "envFrom", index, reads.env_from, "name")
            yield Reference(where, kind, text(source.get("name")))
    for index, entry in mappings(container.get("env")):
        source = mapping(lookup(entry, ("valueFrom", reads.key_ref)))
        if source and source.get("optional") is not True:
            where = (*path, "env", index, "valueFrom", reads.key_ref)
            keys = ((*where, "key"), text(source.get("key")))
            yield Reference((*where, "name"), kind, text(source.get("name")), (keys,))


@check(Severity.ERROR, *WORKLOADS)
def unknown_service_account(item: Object, world: World) -> Iterator[Flaw]:
    """Pods run under a ServiceAccount that exists; else the API server refuses them."""
    key = "serviceAccountName" if item.pod_spec.get("serviceAccountName") else "serviceAccount"
    name = text(item.pod_spec.get(key))
    yield from missing(item, world, [Reference(item.in_pod(key), "ServiceAccount", name)])


@check(Severity.ERROR, *WORKLOADS)
def unknown_config_map(item: Object, world: World) -> Iterator[Flaw]:
    """A ConfigMap that pods need exists; else their containers wait for it forever."""
    yield from missing(item, world, pod_references(item, "ConfigMap"))


@check(Severity.WARNING, *WORKLOADS, "Ingress")
def unknown_secret(item: Object, world: World) -> Iterator[Flaw]:
    """Where the input holds the Secrets of a namespace, it holds all that are used.

    Secrets mostly come from elsewhere, so nothing is said about a namespace without any, nor of
    names that another object or a command is told.
    """
    tls = _tls_references(item) if item.kind == "Ingress" else ()
    yield from missing(item, world, [*pod_references(item, "Secret"), *tls])


def _tls_references(item: Object) -> Iterator[Reference]:
    """The Secrets of an Ingress, unless a controller makes them."""
    if not any(str(key).startswith(CERTIFICATES) for key in item.annotations):
        for index, tls in mappings(item.spec.get("tls")):
            path = ("spec", "tls", index, "secretName")
            yield Reference(path, "Secret", text(tls.get("secretName")))


@check(Severity.ERROR, *WORKLOADS)
def unknown_key(item: Object, world: World) -> Iterator[Flaw]:
    """A key that pods need is in its ConfigMap or Secret; else their containers cannot start."""
    seen: set[tuple[str, str, str]] = set()
    for kind in _READS:
        for reference in pod_references(item, kind):
            source = world.named(kind, item.given_namespace, reference.name)
            known = _keys(source) if source else set()
            for path, key in reference.keys if source and known else ():
                if key and key not in known and (kind, reference.name, key) not in seen:
                    seen.add((kind, reference.name, key))
                    message = f"is {key}, and {source} has no such key"
                    mend = f"Correct the key, or add it to the {kind}."
                    yield Flaw(path, message, mend, _KEY_SEVERITY[kind])


# Whoever declares a Secret may leave some of its keys to be filled in at run time.
_KEY_SEVERITY = {"ConfigMap": Severity.ERROR, "Secret": Severity.WARNING}


def _keys(source: Object) -> set[str]:
    """The keys of a ConfigMap or Secret; none when it is filled at run time."""
    if source.at("type") == TOKEN:
        return set()
    return {
        str(key)
        for data in ("data", "stringData", "binaryData")
        for key in mapping(source.at(data))
    }


@check(Severity.ERROR, *WORKLOADS)
def unknown_claim(item: Object, world: World) -> Iterator[Flaw]:
    """A PersistentVolumeClaim that pods mount exists; else they are never scheduled."""
    key = ("persistentVolumeClaim", "claimName")
    found = ((path, text(lookup(volume, key))) for path, volume in _volumes(item))
    references = [Reference((*path, *key), CLAIM, name) for path, name in found if name]
    own = _own_claims(world).get(item.given_namespace, ()) if references else ()
    yield from missing(item, world, (r for r in references if not r.name.startswith(tuple(own))))


@fact
def _own_claims(world: World) -> Mapping[str, Sequence[str]]:
    """How the claims begin that StatefulSets make, by namespace."""
    found: dict[str, list[str]] = defaultdict(list)
    for item in world.of("StatefulSet"):
        for _, claim in mappings(item.spec.get("volumeClaimTemplates")):
            prefix = f"{text(lookup(claim, ('metadata', 'name')))}-{item.ref.name}-"
            found[item.given_namespace].append(prefix)
    return found


@check(Severity.ERROR, *WORKLOADS)
def unknown_priority_class(item: Object, world: World) -> Iterator[Flaw]:
    """A PriorityClass that pods name exists; else the API server refuses them."""
    name = text(item.pod_spec.get("priorityClassName"))
    path = item.in_pod("priorityClassName")
    yield from missing(item, world, [Reference(path, "PriorityClass", name)])


@check(Severity.WARNING, CLAIM, "StatefulSet")
def unknown_storage_class(item: Object, world: World) -> Iterator[Flaw]:
    """Where the input declares StorageClasses, it declares those that claims name."""
    path = ("spec", "volumeClaimTemplates")
    claims: list[tuple[Path, Mapping[str, Any]]] = [((), item.manifest)]
    if item.kind == "StatefulSet":
        claims = [((*path, index), claim) for index, claim in mappings(item.at(*path))]
    key = ("spec", "storageClassName")
    found = (Reference((*at, *key), "StorageClass", text(lookup(c, key))) for at, c in claims)
    yield from missing(item, world, found)


@check(Severity.ERROR, "RoleBinding", "ClusterRoleBinding")
def unknown_role(item: Object, world: World) -> Iterator[Flaw]:
    """A binding grants a role that exists; else it grants nothing."""
    role = mapping(item.at("roleRef"))
    kind = text(role.get("kind"))
    if kind in {"Role", "ClusterRole"}:
        path = ("roleRef", "name")
        yield from missing(item, world, [Reference(path, kind, text(role.get("name")))])


@check(Severity.WARNING, "RoleBinding", "ClusterRoleBinding")
def unknown_subject(item: Object, world: World) -> Iterator[Flaw]:
    """A binding grants its role to ServiceAccounts that exist, where the input declares them."""
    for index, subject in mappings(item.at("subjects")):
        namespace = text(subject.get("namespace")) or item.given_namespace
        name = text(subject.get("name"))
        if subject.get("kind") == "ServiceAccount":
            severity = outside(world).absence("ServiceAccount", namespace, name)
            worst = Severity.WARNING if severity is Severity.ERROR else None
            path = ("subjects", index, "name")
            yield from flaw_of(path, "ServiceAccount", namespace, name, worst)


@check(Severity.ERROR, HPA, SCALED, VPA)
def unknown_scale_target(item: Object, world: World) -> Iterator[Flaw]:
    """An autoscaler points at a workload that exists."""
    key = "targetRef" if item.kind == VPA else "scaleTargetRef"
    target = target_of(item.spec.get(key))
    if target.kind in POD_TEMPLATES:
        path = ("spec", key, "name")
        yield from missing(item, world, [Reference(path, target.kind, target.name)])


CHECKS = (
    unknown_service_account,
    unknown_config_map,
    unknown_secret,
    unknown_key,
    unknown_claim,
    unknown_priority_class,
    unknown_storage_class,
    unknown_role,
    unknown_subject,
    unknown_scale_target,
)
