"""Volume claims, on their own and as templates.

Source: pkg/apis/core/validation of k8s.io/kubernetes, `ValidatePersistentVolumeClaimSpec`,
`ValidatePersistentVolumeClaimTemplate`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mistersmith_k8s.checks.fields import minors
from mistersmith_k8s.checks.fields.amounts import above_zero, amount, quantity
from mistersmith_k8s.checks.fields.faults import (
    forbidden,
    invalid,
    required,
    under,
    unsupported,
    warning,
)
from mistersmith_k8s.checks.fields.formats import dns_label, dns_subdomain
from mistersmith_k8s.checks.fields.metadata import annotation_map
from mistersmith_k8s.checks.fields.rules import (
    Rule,
    both,
    field_check,
    fields,
    gated,
    given,
    new,
    pick,
    strings,
    struct,
)
from mistersmith_k8s.checks.fields.selectors import labels, selector

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mistersmith_k8s.checks.fields.faults import Fault

ACCESS_MODES = ("ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod")
# What a claim could be filled from before `dataSourceRef`.
OLD_SOURCES = (
    ("", "PersistentVolumeClaim"),
    ("snapshot.storage.k8s.io", "VolumeSnapshot"),
)
VOLUME_MODES = ("Block", "Filesystem")
_storage = above_zero("must be greater than zero")


def access_modes(value: Any) -> Iterator[Fault]:
    """Modes that exist; ReadWriteOncePod stands alone."""
    modes = [mode for _, mode in strings(value)]
    for index, mode in strings(value):
        if mode not in ACCESS_MODES:
            yield unsupported(mode, ACCESS_MODES, (index,))
    others = [mode for mode in modes if mode in ACCESS_MODES and mode != "ReadWriteOncePod"]
    if "ReadWriteOncePod" in modes and others:
        detail = "may not use ReadWriteOncePod with other access modes"
        yield forbidden(detail, "Keep ReadWriteOncePod alone, or remove it.")


def _data_source(value: Any) -> Iterator[Fault]:
    source = struct(value)
    kind, group = source.get("kind"), source.get("apiGroup")
    for name in ("name", "kind"):
        if source.get(name) in (None, ""):
            yield required(path=(name,))
    if group in (None, "") and isinstance(kind, str | None) and kind != "PersistentVolumeClaim":
        detail = "must be 'PersistentVolumeClaim' when referencing the default apiGroup"
        yield invalid(kind or "", detail, "Set apiGroup.", ("kind",))


_REF: dict[str, Rule] = {"apiGroup": given(dns_subdomain), "namespace": gated(given(dns_label))}
_spec_fields = fields(
    {
        "accessModes": access_modes,
        "selector": selector,
        "storageClassName": given(dns_subdomain),
        "volumeMode": pick(*VOLUME_MODES),
        "volumeAttributesClassName": new(minors.ATTRIBUTES_CLASS, given(dns_subdomain)),
        "dataSource": fields(_REF),
        "dataSourceRef": fields(_REF),
    },
)


def claim_spec(value: Any) -> Iterator[Fault]:
    """A claim says how it is accessed and how much it needs."""
    if not isinstance(value, dict):
        return
    if value.get("accessModes") in (None, []):
        yield required("at least 1 access mode is required", path=("accessModes",))
    yield from _spec_fields(value)
    resources = struct(value.get("resources"))
    requests = struct(resources.get("requests"))
    at = ("resources", "requests", "storage")
    if requests.get("storage") is None:
        yield required(path=at)
    else:
        yield from under(_storage(requests["storage"]), *at)
    for side in ("requests", "limits"):
        for name, item in struct(resources.get(side)).items():
            if amount(item) is None:
                yield from under(quantity(item), "resources", side, str(name))
    yield from _data_sources(value)


def _data_sources(spec: dict[str, Any]) -> Iterator[Fault]:
    source, ref = spec.get("dataSource"), spec.get("dataSourceRef")
    for name, value in (("dataSource", source), ("dataSourceRef", ref)):
        if isinstance(value, dict):
            yield from under(_data_source(value), name)
    if isinstance(source, dict) and isinstance(ref, dict):
        parts = ("apiGroup", "kind", "name")
        if ref.get("namespace"):
            detail = "may not be specified when dataSourceRef.namespace is specified"
            fault = invalid(source.get("name"), detail, "Remove dataSource.", ("dataSource",))
            yield warning(fault)  # the namespace is an alpha field
        if any(source.get(part) != ref.get(part) for part in parts):
            detail = "must match dataSourceRef"
            yield invalid(source.get("name"), detail, "Keep one of them.", ("dataSource",))


def template_metadata(value: Any) -> Iterator[Fault]:
    """Labels and annotations, and nothing else: the rest comes from the pod."""
    metadata = struct(value)
    yield from under(labels(metadata.get("labels")), "labels")
    yield from under(annotation_map(metadata.get("annotations")), "annotations")
    for name, item in metadata.items():
        unset = item is None or item == "" or (name == "generation" and item == 0)
        if name not in ("labels", "annotations", "creationTimestamp") and not unset:
            yield forbidden("cannot be set", f"Remove {name}.", (name,))


def claim_template(value: Any) -> Iterator[Fault]:
    """The template of a claim made for a pod: labels, annotations and a spec."""
    if isinstance(value, dict):
        yield from under(template_metadata(value.get("metadata")), "metadata")
        yield from under(claim_spec(value.get("spec") or {}), "spec")


@field_check("", "PersistentVolumeClaim")
def volume_claim_fields(claim: Any) -> Iterator[Fault]:
    """A claim has an access mode and a size above zero, and its data source is of one mind."""
    spec = struct(claim.get("spec"))
    kept = _kept(spec)
    yield from under(claim_spec(kept), "spec")
    for name in ("dataSource", "dataSourceRef"):
        if spec.get(name) is not None and kept.get(name) is None:
            left_out = both(_data_source, fields(_REF))(spec[name])
            yield from map(warning, under(left_out, "spec", name))


def _kept(spec: dict[str, Any]) -> dict[str, Any]:
    """What the API server keeps of a claim: it drops sources of volumes that it cannot use.

    Source: pkg/api/persistentvolumeclaim of k8s.io/kubernetes, `DropDisabledFields`,
    `EnforceDataSourceBackwardsCompatibility`.
    """
    if struct(spec.get("dataSourceRef")).get("namespace"):
        spec = {**spec, "dataSourceRef": None}
    source, ref = spec.get("dataSource"), spec.get("dataSourceRef")
    if isinstance(source, dict) and ref is None:
        what = (source.get("apiGroup") or "", source.get("kind"))
        return spec if what in OLD_SOURCES else {**spec, "dataSource": None}
    return spec


CHECKS = (volume_claim_fields,)
