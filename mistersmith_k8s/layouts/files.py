"""Which file an object stands in: one file per component, cluster-scoped objects apart."""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from typing import TYPE_CHECKING, Any

from mistersmith_k8s.layouts.kinds import (
    CLUSTER_KINDS,
    OTHER_CLUSTER_KIND,
    hyphenated,
    plural,
    rank,
)
from mistersmith_k8s.manifest import Manifest, Manifests, ObjectRef, ref

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

CLUSTER = "00-cluster"

PLANES: Mapping[str, int] = {"data": 10, "system": 20, "workload": 30, "monitoring": 40}
"""The planes in the order in which each finds those that it talks to."""

OTHER_PLACE = 50

COMPONENTS: Mapping[str, int] = {
    "governance": 0,
    "nats": 10,
    "postgres": 10,
    "redis": 10,
    "orchestrator": 20,
    "worker": 20,
}
"""The components in their plane: what fences and counts first, then what others talk to."""

OTHER_COMPONENT = 30

NAME, INSTANCE, PART_OF = (
    f"app.kubernetes.io/{label}" for label in ("name", "instance", "part-of")
)

LONGEST_NAME = 100
"""Characters of a file name before its ending; file systems allow 255 bytes in all."""

UNSAFE = re.compile(r"[^a-z0-9.-]")


def filed(manifests: Iterable[Manifest], planes: Mapping[str, str]) -> dict[str, Manifests]:
    """The manifests by file, each file in working order; `planes` gives the plane of a namespace.

    A name holds more than one object where they belong to one component, so nothing is lost when
    two names are the same once they are safe.
    """
    files = defaultdict[str, list[Manifest]](list)
    for manifest in manifests:
        files[place(manifest, planes)].append(manifest)
    return {
        path: tuple(sorted(files[path], key=lambda manifest: rank(ref(manifest).kind)))
        for path in sorted(files)
    }


def planes_of(manifests: Iterable[Manifest]) -> dict[str, str]:
    """The plane of each namespace, by the label `tier` of the Namespace object."""
    return {
        ref(manifest).name: str(tier)
        for manifest in manifests
        if ref(manifest).kind == "Namespace" and (tier := labels(manifest).get("tier"))
    }


def place(manifest: Manifest, planes: Mapping[str, str]) -> str:
    """The path of the file that the object stands in."""
    identity = ref(manifest)
    number = cluster_number(identity)
    if number is not None:
        return f"{CLUSTER}/{number:02}-{safe(plural(identity.kind))}.yaml"
    namespace = identity.namespace or "default"
    return f"{folder(namespace, planes.get(namespace, ''))}/{file_name(manifest, identity)}"


def cluster_number(identity: ObjectRef) -> int | None:
    """The number of the file of a cluster-scoped object; None for a namespaced one.

    A custom resource without a namespace has none; a built-in kind without one is in `default`.
    """
    number = CLUSTER_KINDS.get((identity.group, identity.kind))
    if number is None and not identity.namespace and custom(identity.group):
        return OTHER_CLUSTER_KIND
    return number


def custom(group: str) -> bool:
    """Whether a group is not one of Kubernetes' own.

    Source: api-review-process of Kubernetes: `*.k8s.io` is reserved, older groups have no dot.
    """
    return "." in group and not group.endswith(".k8s.io")


def folder(namespace: str, plane: str) -> str:
    """The folder of a namespace, named for its plane where that is known."""
    if plane in PLANES:
        return f"{PLANES[plane]}-{plane}"
    return f"{OTHER_PLACE}-{safe(namespace)}"


def file_name(manifest: Manifest, identity: ObjectRef) -> str:
    """The file of the component that the labels name, or a file for the object alone."""
    said = labels(manifest)
    name, instance = said.get(NAME), said.get(INSTANCE)
    if not name or not instance:
        own = safe(f"{hyphenated(identity.kind)}-{identity.name}")
        return f"{OTHER_COMPONENT}-{own}.yaml"
    short = str(instance).removeprefix(f"{said.get(PART_OF)}-")
    return f"{COMPONENTS.get(str(name), OTHER_COMPONENT):02}-{safe(short)}.yaml"


def labels(manifest: Manifest) -> Mapping[str, Any]:
    """The labels of the object, or none."""
    said = manifest["metadata"].get("labels")
    return said if isinstance(said, dict) else {}


def safe(name: str) -> str:
    """A file name that every file system takes, the same for the same name."""
    clean = UNSAFE.sub("-", name.lower())
    if len(clean) <= LONGEST_NAME:
        return clean
    digest = hashlib.sha256(name.encode()).hexdigest()[:8]
    return f"{clean[: LONGEST_NAME - 9]}-{digest}"
