"""Kinds of the cluster itself: nodes, namespaces, leases, runtime classes, API services.

Source: pkg/apis/core/validation, pkg/apis/node/validation, pkg/apis/coordination/validation and
pkg/apis/certificates/validation of k8s.io/kubernetes; k8s.io/kube-aggregator.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from mistersmith_k8s.checks.fields.addresses import block, cidr
from mistersmith_k8s.checks.fields.config import BASE64, BASE64_MEND, decoded
from mistersmith_k8s.checks.fields.faults import (
    duplicate,
    forbidden,
    invalid,
    required,
    under,
    warning,
)
from mistersmith_k8s.checks.fields.formats import (
    dns1035,
    dns_label,
    dns_subdomain,
    label_value,
    port_number,
    qualified_name,
)
from mistersmith_k8s.checks.fields.metadata import OWN_FINALIZERS
from mistersmith_k8s.checks.fields.resources import requirements
from mistersmith_k8s.checks.fields.rules import (
    at_least,
    between,
    dicts,
    distinct,
    each,
    field_check,
    fields,
    gated,
    given,
    natural,
    pick,
    scalar,
    strings,
    struct,
)
from mistersmith_k8s.checks.fields.scheduling import EFFECTS, tolerates
from mistersmith_k8s.checks.fields.selectors import labels
from mistersmith_k8s.checks.fields.signers import signer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mistersmith_k8s.checks.fields.faults import Fault

TOLERATION_KEY = ("key", "operator", "value", "effect")


@field_check("", "Namespace")
def namespace_fields(manifest: Any) -> Iterator[Fault]:
    """Finalizers are qualified, or Kubernetes' own."""
    for index, name in strings(struct(manifest.get("spec")).get("finalizers")):
        at = ("spec", "finalizers", index)
        yield from under(qualified_name(name), *at)
        if "/" not in name and name not in OWN_FINALIZERS:
            detail = "name is neither a standard finalizer name nor is it fully qualified"
            yield invalid(name, detail, "Put a DNS name and '/' in front.", at)


_taint = fields(
    {"key": qualified_name, "value": label_value, "effect": pick(*EFFECTS)},
    needs=("key", "effect"),
)


@field_check("", "Node")
def node_fields(manifest: Any) -> Iterator[Fault]:
    """Taints are distinct by key and effect, pod networks are of one family each."""
    spec = struct(manifest.get("spec"))
    seen: set[Any] = set()
    for index, taint in dicts(spec.get("taints")):
        at = ("spec", "taints", index)
        yield from under(_taint(taint), *at)
        key = (scalar(taint.get("key")), scalar(taint.get("effect")))
        if key in seen:
            yield duplicate(key[0], at, "taints must be unique by key and effect pair")
        seen.add(key)
    first, networks = spec.get("podCIDR"), spec.get("podCIDRs")
    if first and isinstance(networks, list | None) and (networks or [None])[0] != first:
        networks = [first]  # the older field decides
    yield from under(each(cidr)(networks), "spec", "podCIDRs")
    versions = [found.version for _, text in strings(networks) if (found := block(text))]
    if len(versions) != len(set(versions)):
        detail = "may specify no more than one CIDR for each IP family"
        yield invalid(networks, detail, "Keep one of each family.", ("spec", "podCIDRs"))


_lease = fields(
    {
        "leaseDurationSeconds": at_least(1, "must be greater than 0"),
        "leaseTransitions": natural,
        "strategy": gated(given(pick("OldestEmulationVersion"))),
    }
)


@field_check("coordination.k8s.io", "Lease")
def lease_fields(manifest: Any) -> Iterator[Fault]:
    """A lease lasts for some time; only a coordinated one prefers a holder."""
    spec = struct(manifest.get("spec"))
    yield from under(_lease(spec), "spec")
    if spec.get("preferredHolder") and not spec.get("strategy"):
        detail = "may only be specified if `strategy` is defined"
        fault = forbidden(detail, "Set strategy.", ("spec", "preferredHolder"))
        yield warning(fault)  # left out by default


@field_check("node.k8s.io", "RuntimeClass")
def runtime_class_fields(manifest: Any) -> Iterator[Fault]:
    """A class names its handler; overhead and scheduling are those of a pod."""
    handler = manifest.get("handler")
    if handler in (None, ""):
        yield required(path=("handler",))
    yield from under(given(dns_label)(handler), "handler")
    fixed = struct(manifest.get("overhead")).get("podFixed")
    for fault in requirements({"limits": fixed}) if isinstance(fixed, dict) else ():
        yield fault._replace(path=("overhead", "podFixed", *fault.path[1:]))
    scheduling = struct(manifest.get("scheduling"))
    yield from under(labels(scheduling.get("nodeSelector")), "scheduling", "nodeSelector")
    seen: set[Any] = set()
    for index, item in dicts(scheduling.get("tolerations")):
        at = ("scheduling", "tolerations", index)
        yield from under(tolerates(item), *at)
        key = tuple(scalar(item.get(name)) for name in TOLERATION_KEY)
        if key in seen:
            yield duplicate(key[0], at)
        seen.add(key)


_service = fields({"port": port_number}, needs=("namespace", "name"))


@field_check("apiregistration.k8s.io", "APIService")
def api_service_fields(manifest: Any) -> Iterator[Fault]:
    """An API service is named after its version and group, and ranks within the limits."""
    spec, name = struct(manifest.get("spec")), struct(manifest.get("metadata")).get("name")
    group, version = spec.get("group") or "", spec.get("version") or ""
    if isinstance(name, str) and name and name != f"{version}.{group}":
        detail = f'must be `spec.version+"."+spec.group`: "{version}.{group}"'
        yield invalid(name, detail, f"Use {version}.{group}.", ("metadata", "name"))
    if not group and version != "v1":
        detail = "only v1 may have an empty group and it better be legacy kube"
        yield required(detail, path=("spec", "group"))
    yield from under(given(dns_subdomain)(group), "spec", "group")
    yield from under(dns1035(version), "spec", "version")
    for field, most in (("groupPriorityMinimum", 20000), ("versionPriority", 1000)):
        value = spec.get(field)
        yield from under(between(1, most)(0 if value is None else value), "spec", field)
    yield from under(_trust(spec), "spec")


def _trust(spec: dict[str, Any]) -> Iterator[Fault]:
    service, bundle = spec.get("service"), spec.get("caBundle")
    insecure = spec.get("insecureSkipTLSVerify") is True
    if isinstance(bundle, str) and decoded(bundle) is None:
        yield invalid("<omitted>", BASE64, BASE64_MEND, ("caBundle",))
    if service is not None:
        yield from under(_service(service), "service")
        if insecure and bundle:
            detail = "may not be true if caBundle is present"
            at = ("insecureSkipTLSVerify",)
            yield invalid(value=True, detail=detail, mend="Remove it.", path=at)
        return
    for name, present in (("caBundle", bundle), ("insecureSkipTLSVerify", insecure)):
        if present:
            detail = f"local APIServices may not have {name}"
            yield invalid(value=True, detail=detail, mend="Remove it.", path=(name,))


USAGES = (
    *("any", "cert sign", "client auth", "code signing", "content commitment", "crl sign"),
    *("data encipherment", "decipher only", "digital signature", "email protection"),
    *("encipher only", "ipsec end system", "ipsec tunnel", "ipsec user", "key agreement"),
    *("key encipherment", "microsoft sgc", "netscape sgc", "ocsp signing", "s/mime"),
    *("server auth", "signing", "timestamping"),
)
_is_request = re.compile(rb"-----BEGIN CERTIFICATE REQUEST-----\r?\n").search
_request = fields(
    {
        "signerName": given(signer),
        "expirationSeconds": at_least(
            600, "may not specify a duration less than 600 seconds (10 minutes)"
        ),
        "usages": each(pick(*USAGES)),
    },
    needs=("request", "signerName", "usages"),
)


@field_check("certificates.k8s.io", "CertificateSigningRequest")
def certificate_request_fields(manifest: Any) -> Iterator[Fault]:
    """A request is in PEM, for a signer with a full name, and for usages that exist."""
    spec = struct(manifest.get("spec"))
    yield from under(_request(spec), "spec")
    yield from under(distinct(spec.get("usages")), "spec", "usages")
    request = spec.get("request")
    if isinstance(request, str) and request:
        data = decoded(request)
        if data is None:
            yield invalid("<omitted>", BASE64, BASE64_MEND, ("spec", "request"))
        elif _is_request(data) is None:
            detail = "PEM block type must be CERTIFICATE REQUEST"
            yield invalid("<omitted>", detail, "Encode the PEM text.", ("spec", "request"))
    if spec.get("signerName") == "kubernetes.io/legacy-unknown":
        detail = "the legacy signerName is not allowed via this API version"
        at = ("spec", "signerName")
        yield invalid(spec["signerName"], detail, "Use another signer.", at)


CHECKS = (
    namespace_fields,
    node_fields,
    lease_fields,
    runtime_class_fields,
    api_service_fields,
    certificate_request_fields,
)
