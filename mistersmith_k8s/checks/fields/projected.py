"""Projected volumes: several sources in one folder, without two files of one path.

Source: pkg/apis/core/validation of k8s.io/kubernetes, `validateProjectionSources`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mistersmith_k8s.checks.fields import minors
from mistersmith_k8s.checks.fields.faults import forbidden, invalid, required, since, under
from mistersmith_k8s.checks.fields.formats import dns_subdomain, qualified_name
from mistersmith_k8s.checks.fields.paths import FILE_MODE, unreserved
from mistersmith_k8s.checks.fields.rules import (
    Rule,
    between,
    both,
    dicts,
    each,
    fields,
    given,
    new,
    pick,
    struct,
)
from mistersmith_k8s.checks.fields.selectors import selector
from mistersmith_k8s.checks.fields.signers import signer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mistersmith_k8s.checks.fields.faults import Fault

KEY_TYPES = ("RSA3072", "RSA4096", "ECDSAP256", "ECDSAP384", "ECDSAP521", "ED25519")
SHORTEST_TOKEN, LONGEST_TOKEN = 600, 2**32
SHORTEST_CERTIFICATE = 3600
GATED = ("clusterTrustBundle", "podCertificate")  # left out by default before 1.37
PATHS = ("credentialBundlePath", "keyPath", "certificateChainPath")


def token_seconds(value: Any) -> Iterator[Fault]:
    """Tokens live from ten minutes to 2^32 seconds."""
    if isinstance(value, int) and not isinstance(value, bool):
        mend = f"Use a number from {SHORTEST_TOKEN} to {LONGEST_TOKEN}."
        if value < SHORTEST_TOKEN:
            yield invalid(value, "may not specify a duration less than 10 minutes", mend)
        if value > LONGEST_TOKEN:
            yield invalid(value, "may not specify a duration larger than 2^32 seconds", mend)


def _user_annotations(value: Any) -> Iterator[Fault]:
    for key in struct(value):
        if isinstance(key, str):
            yield from under(qualified_name(key.lower()), key)
            if "/" not in key:
                detail = 'must be a domain-prefixed key (such as "acme.io/foo")'
                yield invalid(key, detail, "Put a DNS name and '/' in front.", (key,))


def _bundle_choice(value: Any) -> Iterator[Fault]:
    bundle = struct(value)
    name, signer_name = bundle.get("name"), bundle.get("signerName")
    if name is not None and signer_name is not None:
        detail = "only one of name and signerName may be used"
        yield invalid(name, detail, "Keep one of them.")
    elif name is None and signer_name is None:
        yield required("either name or signerName must be specified", "Set one of them.")
    elif name is not None and bundle.get("labelSelector") is not None:
        detail = "labelSelector must be unset if name is specified"
        yield invalid(bundle["labelSelector"], detail, "Remove it.", ("labelSelector",))
    if isinstance(name, str):
        signed, colon, rest = name.rpartition(":")
        yield from under(dns_subdomain(rest if signed or not colon else name), "name")


def _certificate_paths(value: Any) -> Iterator[Fault]:
    if not any(struct(value).get(name) for name in PATHS):
        detail = "specify at least one of credentialBundlePath, keyPath, and certificateChainPath"
        yield required(detail, "Set credentialBundlePath.")


_token = fields({"expirationSeconds": token_seconds, "path": given(unreserved)}, needs=("path",))
_bundle = both(
    _bundle_choice,
    fields(
        {"signerName": signer, "labelSelector": selector, "path": given(unreserved)},
        needs=("path",),
    ),
)
_certificate = both(
    _certificate_paths,
    fields(
        {
            "signerName": given(signer),
            "keyType": pick(*KEY_TYPES),
            "userAnnotations": _user_annotations,
            "maxExpirationSeconds": between(SHORTEST_CERTIFICATE, 91 * 24 * 3600),
            **dict.fromkeys(PATHS, given(unreserved)),
        },
        needs=("signerName", "keyType"),
    ),
)


def projected(item: Rule, downward_file: Rule) -> Rule:
    """The rule of a projected volume, given those of its key items and downward files."""
    keys = fields({"items": each(item)}, needs=("name",))
    sources: dict[str, Rule] = {
        "secret": keys,
        "configMap": keys,
        "downwardAPI": fields({"items": each(downward_file)}),
        "serviceAccountToken": _token,
        "clusterTrustBundle": new(minors.CLUSTER_TRUST, _bundle),
        "podCertificate": new(minors.POD_CERTIFICATES, _certificate),
    }
    obeyed = fields({"defaultMode": FILE_MODE, "sources": each(fields(sources))})

    def look(value: Any) -> Iterator[Fault]:
        yield from obeyed(value)
        yield from under(_collisions(struct(value).get("sources"), tuple(sources)), "sources")

    return look


def _collisions(value: Any, kinds: tuple[str, ...]) -> Iterator[Fault]:
    seen: set[str] = set()
    for index, source in dicts(value):
        present = [kind for kind in kinds if source.get(kind) is not None]
        if len(present) > 1:
            detail = "may not specify more than 1 volume type per source"
            fault = forbidden(detail, "Write one source for each.", (index,))
            old = [kind for kind in present if kind not in GATED]
            yield fault if len(old) > 1 else since(fault, minors.CLUSTER_TRUST)
        for kind in present:
            for path in _paths(struct(source[kind])):
                if path in seen:
                    detail = "conflicting duplicate paths"
                    yield invalid(path, detail, "Give each file a path of its own.", (index, kind))
                seen.add(path)


def _paths(source: dict[str, Any]) -> Iterator[str]:
    """The paths of files that every API server compares: neither tokens nor certificates."""
    for _, entry in dicts(source.get("items")):
        if isinstance(entry.get("path"), str) and entry["path"]:
            yield entry["path"]
