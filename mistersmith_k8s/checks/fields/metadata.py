"""What every object says of itself: its name, labels, annotations, owners and finalizers.

Source: k8s.io/apimachinery/pkg/api/validation/objectmeta.go and, per kind, the
`ValidateObjectMeta` calls in pkg/apis/*/validation of k8s.io/kubernetes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mistersmith_k8s.checks.fields.faults import Fault, Faults, invalid, required, too_long, under
from mistersmith_k8s.checks.fields.formats import (
    dns_label,
    dns_subdomain,
    path_segment,
    prefixed,
    qualified_name,
    service_name,
)
from mistersmith_k8s.checks.fields.pods import pod_of
from mistersmith_k8s.checks.fields.rules import Rule, dicts, object_check, strings, struct
from mistersmith_k8s.checks.fields.selectors import labels

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mistersmith_k8s.checks.world import Object

# Kinds whose prefix some API servers read only when they need it.
UNREAD_PREFIXES = frozenset(("DeviceClass", "ReplicationController"))
ANNOTATIONS_SIZE = 256 * 1024
RBAC = "rbac.authorization.k8s.io"

# Names that are not DNS subdomains, which all others are, custom resources included.
NAMES: dict[tuple[str, str], Rule] = {
    ("", "Event"): path_segment,
    ("", "Namespace"): dns_label,
    ("", "Service"): service_name,
    ("apps", "StatefulSet"): dns_label,
    ("policy", "PodDisruptionBudget"): path_segment,
    ("certificates.k8s.io", "CertificateSigningRequest"): path_segment,
    ("certificates.k8s.io", "ClusterTrustBundle"): path_segment,
    ("coordination.k8s.io", "LeaseCandidate"): path_segment,
    ("networking.k8s.io", "IPAddress"): path_segment,
    ("internal.apiserver.k8s.io", "StorageVersion"): path_segment,
    ("apiregistration.k8s.io", "APIService"): path_segment,
    (RBAC, "Role"): path_segment,
    (RBAC, "ClusterRole"): path_segment,
    (RBAC, "RoleBinding"): path_segment,
    (RBAC, "ClusterRoleBinding"): path_segment,
}
# Groups whose objects must have qualified finalizers, or one of Kubernetes' own.
STRICT_FINALIZERS = frozenset(
    (
        "",
        "apps",
        "autoscaling",
        "batch",
        "certificates.k8s.io",
        "discovery.k8s.io",
        "events.k8s.io",
        "flowcontrol.apiserver.k8s.io",
        "networking.k8s.io",
        RBAC,
        "resource.k8s.io",
        "scheduling.k8s.io",
        "storage.k8s.io",
    )
)
OWN_GROUPS = STRICT_FINALIZERS | {
    "admissionregistration.k8s.io",
    "apiextensions.k8s.io",
    "apiregistration.k8s.io",
    "coordination.k8s.io",
    "node.k8s.io",
    "policy",
}
OWN_FINALIZERS = frozenset(("kubernetes", "orphan", "foregroundDeletion"))
# Kinds of Kubernetes without a namespace; what they say of one is ignored.
CLUSTER_SCOPED = frozenset(
    (
        "APIService",
        "CSIDriver",
        "CSINode",
        "CertificateSigningRequest",
        "ClusterRole",
        "ClusterRoleBinding",
        "ClusterTrustBundle",
        "CustomResourceDefinition",
        "DeviceClass",
        "FlowSchema",
        "IPAddress",
        "IngressClass",
        "MutatingAdmissionPolicy",
        "MutatingAdmissionPolicyBinding",
        "MutatingWebhookConfiguration",
        "Namespace",
        "Node",
        "PersistentVolume",
        "PriorityClass",
        "PriorityLevelConfiguration",
        "ResourceSlice",
        "RuntimeClass",
        "ServiceCIDR",
        "StorageClass",
        "ValidatingAdmissionPolicy",
        "ValidatingAdmissionPolicyBinding",
        "ValidatingWebhookConfiguration",
        "VolumeAttachment",
        "VolumeAttributesClass",
    )
)


@object_check()
def metadata_names(item: Object) -> Iterator[Fault]:
    """An object has a name, and the name and namespace have the form that its kind asks for."""
    metadata = struct(item.manifest.get("metadata"))
    name, prefix = metadata.get("name"), metadata.get("generateName")
    if _serves_itself(item.ref.group):
        return
    rule = NAMES.get((item.ref.group, item.kind), dns_subdomain)
    if isinstance(name, str) and name:
        yield from under(rule(name), "metadata", "name")
    elif name in (None, "") and prefix in (None, "") and _is_object(item, metadata):
        yield required("name or generateName is required", "", ("metadata", "name"))
    if isinstance(prefix, str) and prefix and not (name and item.kind in UNREAD_PREFIXES):
        yield from under(prefixed(rule)(prefix), "metadata", "generateName")
    namespace = metadata.get("namespace")
    if isinstance(namespace, str) and namespace and item.kind not in CLUSTER_SCOPED:
        yield from under(dns_label(namespace), "metadata", "namespace")


def _serves_itself(group: str) -> bool:
    """Whether the group comes from an API server that has name rules of its own."""
    return group.endswith("openshift.io")


def _is_object(item: Object, metadata: dict[str, Any]) -> bool:
    """Whether the manifest is meant for the API server: configuration files have no metadata."""
    if item.kind == "LimitRange":
        return False  # the API server makes up a name
    return item.ref.group in OWN_GROUPS or bool(metadata.keys() - {"creationTimestamp"})


@object_check()
def metadata_labels(item: Object) -> Iterator[Fault]:
    """Labels are qualified names with short values, on objects as on pod templates."""
    for path, metadata in _metadata(item):
        yield from under(labels(metadata.get("labels")), *path, "labels")


@object_check()
def metadata_annotations(item: Object) -> Iterator[Fault]:
    """Annotations have qualified names and are no more than 256 KiB together."""
    for path, metadata in _metadata(item):
        yield from under(annotation_map(metadata.get("annotations")), *path, "annotations")


def _metadata(item: Object) -> Iterator[tuple[tuple[str | int, ...], dict[str, Any]]]:
    """The metadata of the object and of the pod template in it, with their paths."""
    yield ("metadata",), struct(item.manifest.get("metadata"))
    pod = pod_of(item)
    if pod is not None and pod.path:
        yield (*pod.path, "metadata"), pod.metadata


def annotation_map(value: Any) -> Iterator[Fault]:
    """Keys that are qualified names, in any case, and a limited size."""
    size = 0
    for key, item in struct(value).items():
        if isinstance(key, str):
            yield from under(qualified_name(key.lower()), key)
            size += len(key.encode("utf-8", "replace"))
        if isinstance(item, str):
            size += len(item.encode("utf-8", "replace"))
    if size > ANNOTATIONS_SIZE:
        yield too_long(ANNOTATIONS_SIZE, "Keep large data in a ConfigMap.")


@object_check()
def metadata_owners(item: Object) -> Iterator[Fault]:
    """Owners are named in full, one of them is the controller, and finalizers are qualified."""
    metadata = struct(item.manifest.get("metadata"))
    if "ownerReferences" in metadata:
        yield from under(_owners(metadata["ownerReferences"]), "metadata", "ownerReferences")
    if "finalizers" in metadata:
        strict = item.ref.group in STRICT_FINALIZERS and item.ref[:2] != ("v1", "Event")
        yield from under(
            finalizers(metadata["finalizers"], strict=strict), "metadata", "finalizers"
        )


def _owners(value: Any) -> Iterator[Fault]:
    controller = ""
    owners = [owner for _, owner in dicts(value)]
    for index, owner in dicts(value):
        if owner in owners[:index]:
            continue  # the API server drops it, with a warning
        for name in ("apiVersion", "kind", "name", "uid"):
            if owner.get(name) in (None, "") or (name == "apiVersion" and _no_version(owner)):
                what = "version must not be empty" if name == "apiVersion" else "must not be empty"
                yield invalid(owner.get(name) or "", what, f"Set {name}.", (index, name))
        if (owner.get("apiVersion"), owner.get("kind")) == ("v1", "Event"):
            yield invalid("Event", "is disallowed from being an owner", "Remove it.", (index,))
        if owner.get("controller") is True:
            if controller:
                detail = f"Only one reference can have Controller set to true. {controller} has it"
                mend = "Leave controller to one of them."
                yield invalid(value=True, detail=detail, mend=mend, path=(index, "controller"))
            controller = f"{owner.get('kind')}/{owner.get('name')}"


def _no_version(owner: dict[str, Any]) -> bool:
    """Whether an apiVersion is neither `version` nor `group/version`."""
    version = owner["apiVersion"]
    return isinstance(version, str) and (version.count("/") > 1 or version == "/")


def finalizers(value: Any, *, strict: bool) -> Iterator[Fault]:
    """Qualified names; with `strict`, unqualified ones only of Kubernetes' own."""
    names = [name for _, name in strings(value)]
    for index, name in strings(value):
        faults: Faults = qualified_name(name)
        yield from under(faults, index)
        if strict and "/" not in name and name not in OWN_FINALIZERS:
            detail = "name is neither a standard finalizer name nor is it fully qualified"
            yield invalid(name, detail, "Put a DNS name and '/' in front.", (index,))
    if "orphan" in names and "foregroundDeletion" in names:
        detail = "finalizer orphan and foregroundDeletion cannot be both set"
        yield invalid(names, detail, "Keep one of the two.")


CHECKS = (metadata_names, metadata_labels, metadata_annotations, metadata_owners)
