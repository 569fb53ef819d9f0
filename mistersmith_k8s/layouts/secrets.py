"""The Secrets that a cluster must hold before the manifests work in it."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any, NamedTuple

from mistersmith_k8s.layouts.values import NESTED
from mistersmith_k8s.manifest import Manifest, ref

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

EVERY_KEY = "*"

REGISTRY_KEY = ".dockerconfigjson"
TLS_KEYS = ("tls.crt", "tls.key")
"""Source: the Secret types kubernetes.io/dockerconfigjson and kubernetes.io/tls."""


class RequiredSecret(NamedTuple):
    """One key of a Secret that somebody else puts into the cluster, and the objects that read it.

    `optional` says that every reader works without it. The key `*` stands for all keys.
    """

    namespace: str
    name: str
    key: str
    readers: tuple[str, ...]
    optional: bool


class Reference(NamedTuple):
    """What one field says of a Secret; an empty namespace is that of the object."""

    name: str
    key: str
    optional: bool = False
    namespace: str = ""


def required_secrets(manifests: Iterable[Manifest]) -> tuple[RequiredSecret, ...]:
    """The Secrets that the manifests read and do not hold, by namespace, name and key."""
    given = tuple(manifests)
    held = {(ref(m).namespace, ref(m).name) for m in given if ref(m).kind == "Secret"}
    readers = defaultdict[tuple[str, str, str], dict[str, bool]](dict)
    for manifest in given:
        reader = ref(manifest)
        for found in references(manifest):
            namespace = found.namespace or reader.namespace
            if (namespace, found.name) not in held:
                said = readers[namespace, found.name, found.key]
                said[str(reader)] = said.get(str(reader), True) and found.optional
    return tuple(
        RequiredSecret(*place, tuple(sorted(said)), all(said.values()))
        for place, said in sorted(readers.items())
    )


def references(manifest: Manifest) -> Iterator[Reference]:
    """Every reference to a Secret, in any kind; a definition of a kind only talks about them."""
    if manifest["kind"] != "CustomResourceDefinition":
        yield from _below(manifest)


def _below(value: Any) -> Iterator[Reference]:
    for field, item in value.items() if isinstance(value, dict) else enumerate(value):
        if isinstance(item, NESTED):
            read = FIELDS.get(str(field), _nothing)
            for said in (item,) if isinstance(item, dict) else item:
                yield from read(said) if isinstance(said, dict) else ()
            yield from _below(item)


def _nothing(_: Mapping[str, Any]) -> Iterator[Reference]:
    yield from ()


def _one_key(field: Mapping[str, Any]) -> Iterator[Reference]:
    yield from _named(field.get("name"), (field.get("key"),), field)


def _every_key(field: Mapping[str, Any]) -> Iterator[Reference]:
    yield from _named(field.get("name"), (EVERY_KEY,), field)


def _volume(field: Mapping[str, Any]) -> Iterator[Reference]:
    """A volume names its Secret `secretName`, a projected source `name`; both may list keys."""
    keys = [item.get("key") for item in field.get("items", ()) if isinstance(item, dict)]
    yield from _named(field.get("secretName", field.get("name")), keys or [EVERY_KEY], field)


def _registry(field: Mapping[str, Any]) -> Iterator[Reference]:
    yield from _named(field.get("name"), (REGISTRY_KEY,), field)


def _ingress_certificate(field: Mapping[str, Any]) -> Iterator[Reference]:
    yield from _named(field.get("secretName"), TLS_KEYS, field)


def _gateway_certificate(field: Mapping[str, Any]) -> Iterator[Reference]:
    if field.get("kind", "Secret") == "Secret":
        yield from _named(field.get("name"), TLS_KEYS, field)


def _named(name: Any, keys: Iterable[Any], field: Mapping[str, Any]) -> Iterator[Reference]:
    """A reference for each key, if the field names a Secret at all."""
    namespace = field.get("namespace", "")
    for key in keys:
        if isinstance(name, str) and isinstance(key, str) and isinstance(namespace, str):
            yield Reference(name, key, field.get("optional") is True, namespace)


FIELDS: Mapping[str, Callable[[Mapping[str, Any]], Iterator[Reference]]] = {
    "certificateRefs": _gateway_certificate,
    "imagePullSecrets": _registry,
    "nodePublishSecretRef": _every_key,
    "secret": _volume,
    "secretKeyRef": _one_key,
    "secretRef": _every_key,
    "secretTargetRef": _one_key,
    "secrets": _every_key,
    "tls": _ingress_certificate,
}
"""The fields that name a Secret.

Source: PodSpec and ServiceAccount of v1, Ingress, Gateway of Gateway API, KEDA's
TriggerAuthentication.
"""

INTRODUCTION = """\
# Secrets

The manifests hold no secret values. They read these Secrets, which the cluster must hold first;
`*` stands for every key of a Secret.
"""

HEAD = """\
| Namespace | Secret | Key | Read by | Needed |
| --- | --- | --- | --- | --- |
"""


def secrets_page(environments: Mapping[str, Iterable[Manifest]]) -> str:
    """A page in Markdown that lists the required Secrets of each environment."""
    return INTRODUCTION + "".join(
        f"\n## {name}\n\n{_table(required_secrets(manifests))}"
        for name, manifests in environments.items()
    )


def _table(secrets: Iterable[RequiredSecret]) -> str:
    rows = "".join(map(_row, secrets))
    return HEAD + rows if rows else "None.\n"


def _row(secret: RequiredSecret) -> str:
    cells = (
        secret.namespace or "default",
        f"`{secret.name}`",
        f"`{secret.key}`",
        ", ".join(secret.readers),
        "no" if secret.optional else "yes",
    )
    return f"| {' | '.join(cells)} |\n"
