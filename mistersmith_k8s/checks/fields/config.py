"""ConfigMaps and Secrets.

Source: pkg/apis/core/validation of k8s.io/kubernetes, `ValidateConfigMap`, `ValidateSecret`.
"""

from __future__ import annotations

import base64
import binascii
import json
from typing import TYPE_CHECKING, Any

from mistersmith_k8s.checks.fields.faults import invalid, required, too_long, under
from mistersmith_k8s.checks.fields.formats import config_key
from mistersmith_k8s.checks.fields.rules import field_check, struct

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mistersmith_k8s.checks.fields.faults import Fault

SIZE = 1024 * 1024
SIZE_MEND = "Split it, or keep large data elsewhere."
BASE64 = "illegal base64 data"
BASE64_MEND = "Encode the value, or give it as text in stringData."
DOCKER = {
    "kubernetes.io/dockercfg": ".dockercfg",
    "kubernetes.io/dockerconfigjson": ".dockerconfigjson",
}
ACCOUNT = "kubernetes.io/service-account.name"
# What Secrets of a type must have.
NEEDS = {"kubernetes.io/tls": ("tls.crt", "tls.key")}


def decoded(value: Any) -> bytes | None:
    """The bytes that base64 stands for, line ends ignored; None when it is none."""
    if not isinstance(value, str):
        return b"" if value is None else None
    try:
        return base64.b64decode(value.replace("\n", "").replace("\r", ""), validate=True)
    except (binascii.Error, ValueError):
        return None


def _keys(data: dict[str, Any]) -> Iterator[Fault]:
    for key in data:
        if isinstance(key, str):
            yield from under(config_key(key), key)


def _base64(data: dict[str, Any]) -> Iterator[Fault]:
    """Values that are not base64; they are never shown."""
    for key, value in data.items():
        if isinstance(value, str) and decoded(value) is None:
            yield invalid("<omitted>", BASE64, BASE64_MEND, (str(key),))


def _size(*groups: dict[str, Any]) -> int:
    return sum(
        len(value) if isinstance(value, bytes) else len(str(value).encode("utf-8", "replace"))
        for group in groups
        for value in group.values()
    )


@field_check("", "ConfigMap")
def config_map_fields(manifest: Any) -> Iterator[Fault]:
    """Keys can be file names, no key stands twice, and all of it is at most 1 MiB."""
    data, binary = struct(manifest.get("data")), struct(manifest.get("binaryData"))
    for name, group in (("data", data), ("binaryData", binary)):
        yield from under(_keys(group), name)
    yield from under(_base64(binary), "binaryData")
    for key in data:
        if key in binary:
            detail = "duplicate of key present in binaryData"
            yield invalid(key, detail, "Keep one of the two.", ("data", str(key)))
    if _size(data, {key: decoded(value) or b"" for key, value in binary.items()}) > SIZE:
        yield too_long(SIZE, SIZE_MEND, ("data",))


@field_check("", "Secret")
def secret_fields(manifest: Any) -> Iterator[Fault]:
    """Data is base64 of at most 1 MiB, with the keys that the Secret's type asks for."""
    data, plain = struct(manifest.get("data")), struct(manifest.get("stringData"))
    for name, group in (("data", data), ("stringData", plain)):
        yield from under(_keys(group), name)
    yield from under(_base64(data), "data")
    together: dict[str, Any] = {key: decoded(value) or b"" for key, value in data.items()}
    together |= {
        key: value.encode("utf-8", "replace") if isinstance(value, str) else b""
        for key, value in plain.items()
    }
    if _size(together) > SIZE:
        yield too_long(SIZE, SIZE_MEND, ("data",))
    yield from _of_type(manifest, together)


def _of_type(manifest: dict[str, Any], data: dict[str, Any]) -> Iterator[Fault]:
    kind = manifest.get("type")
    if not isinstance(kind, str):
        return
    for key in NEEDS.get(kind, ()):
        if key not in data:
            yield required(path=("data", key))
    if kind in DOCKER:
        yield from under(_docker(data, DOCKER[kind]), "data", DOCKER[kind])
    elif kind == "kubernetes.io/basic-auth" and not {"username", "password"} & data.keys():
        yield required(mend="Set username or password.", path=("data", "username"))
    elif kind == "kubernetes.io/ssh-auth" and not data.get("ssh-privatekey"):
        yield required(path=("data", "ssh-privatekey"))
    elif kind == "kubernetes.io/service-account-token":
        notes = struct(struct(manifest.get("metadata")).get("annotations"))
        if not notes.get(ACCOUNT):
            yield required(path=("metadata", "annotations", ACCOUNT))


def _docker(data: dict[str, Any], key: str) -> Iterator[Fault]:
    if key not in data:
        yield required(mend=f"Set {key}.")
        return
    try:
        found = json.loads(data[key])
    except (ValueError, RecursionError):
        found = ""
    if not isinstance(found, dict | None):
        detail = "must be a JSON object"
        yield invalid("<secret contents redacted>", detail, "Use `kubectl create secret`.")


CHECKS = (config_map_fields, secret_fields)
