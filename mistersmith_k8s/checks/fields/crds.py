"""CustomResourceDefinitions: names, versions, conversion, columns.

Source: k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/validation,
`ValidateCustomResourceDefinition`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from mistersmith_k8s.checks.fields.admission import review_versions
from mistersmith_k8s.checks.fields.crd_schemas import root_schema
from mistersmith_k8s.checks.fields.crd_selectable import selectable_fields
from mistersmith_k8s.checks.fields.faults import forbidden, invalid, required, under
from mistersmith_k8s.checks.fields.formats import dns1035, wrong_dns1035, wrong_subdomain
from mistersmith_k8s.checks.fields.hooks import client_config
from mistersmith_k8s.checks.fields.rules import (
    both,
    dicts,
    each,
    field_check,
    fields,
    given,
    needs_value,
    pick,
    struct,
    text,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mistersmith_k8s.checks.fields.faults import Fault

COLUMN_TYPES = ("boolean", "date", "integer", "number", "string")
FORMATS = ("byte", "date", "date-time", "double", "float", "int32", "int64", "password")
APPROVED = "api-approved.kubernetes.io"
WARNING_LENGTH = 256


def _wrong_group(value: str) -> str:
    alone = "" if "." in value else "should be a domain with at least one dot"
    return wrong_subdomain(value) or alone


def _wrong_kind(value: str) -> str:
    wrong = wrong_dns1035(value.lower())
    return f"may have mixed case, but should otherwise match: {wrong}" if wrong else ""


def _wrong_json_path(value: str) -> str:
    return "" if value.startswith(".") else "must be a simple json path starting with ."


def _under(*roots: str) -> Any:
    def wrong(value: str) -> str:
        inside = value.startswith(roots)
        where = " or ".join(root.rstrip(".") for root in roots)
        return _wrong_json_path(value) or ("" if inside else f"should be a json path under {where}")

    return text(wrong, f"Start the path with {' or '.join(roots)}.")


_kind = text(_wrong_kind, "Write a name in CamelCase.")
_json_path = text(_wrong_json_path, "Start the path with a dot.")
_names = fields(
    {
        "plural": given(dns1035),
        "singular": given(dns1035),
        "kind": given(_kind),
        "listKind": given(_kind),
        "shortNames": each(dns1035),
        "categories": each(dns1035),
    },
    needs=("plural", "kind"),
)
_column = fields(
    {"type": given(pick(*COLUMN_TYPES)), "format": given(pick(*FORMATS)), "jsonPath": _json_path},
    needs=("name", "type", "jsonPath"),
)
_scale = fields(
    {
        "specReplicasPath": given(_under(".spec.")),
        "statusReplicasPath": given(_under(".status.")),
        "labelSelectorPath": given(_under(".spec.", ".status.")),
    },
    needs=("specReplicasPath", "statusReplicasPath"),
)


def _deprecation(value: Any) -> Iterator[Fault]:
    version = struct(value)
    said = version.get("deprecationWarning")
    if not isinstance(said, str):
        return
    at = ("deprecationWarning",)
    if version.get("deprecated") is not True:
        yield invalid(said, "can only be set for deprecated versions", "Set deprecated.", at)
    if len(said) > WARNING_LENGTH:
        yield invalid(said, f"must be <= {WARNING_LENGTH} characters long", "Shorten it.", at)
    if not said:
        yield invalid(said, "must not be an empty string", "Remove it.", at)
    elif not said.isprintable():
        yield invalid(said, "must only contain printable UTF-8 characters", "Remove them.", at)


def _nothing(value: Any) -> Iterator[Fault]:
    """The status has no settings."""
    for key in struct(value):
        yield forbidden(f'unknown field "{key}"', "Write status: {}.", (str(key),))


_version = both(
    _deprecation,
    fields(
        {
            "name": dns1035,
            "subresources": fields({"scale": _scale, "status": _nothing}),
            "additionalPrinterColumns": each(_column),
        },
        needs=("name",),
    ),
)
_group = text(_wrong_group, "Write a domain with a dot, such as example.com.")


@field_check("apiextensions.k8s.io", "CustomResourceDefinition")
def crd_fields(manifest: Any) -> Iterator[Fault]:
    """A definition is named after what it defines, and stores exactly one of its versions."""
    spec, metadata = struct(manifest.get("spec")), struct(manifest.get("metadata"))
    names, group = struct(spec.get("names")), spec.get("group")
    wanted = f"{names.get('plural') or ''}.{group or ''}"
    if isinstance(metadata.get("name"), str) and metadata["name"] not in ("", wanted):
        detail = 'must be spec.names.plural+"."+spec.group'
        yield invalid(metadata["name"], detail, f"Use {wanted}.", ("metadata", "name"))
    if group in (None, ""):
        yield required(path=("spec", "group"))
    yield from under(given(_group)(group), "spec", "group")
    yield from under(_names(names), "spec", "names")
    yield from needs_value(spec.get("scope"), ("Cluster", "Namespaced"), ("spec", "scope"))
    if names.get("kind") and names.get("kind") == names.get("listKind"):
        detail = "kind and listKind may not be the same"
        yield invalid(names["kind"], detail, "Remove it.", ("spec", "names", "listKind"))
    if spec.get("preserveUnknownFields") is True:
        detail = "cannot set to true, set x-kubernetes-preserve-unknown-fields to true in"
        at = ("spec", "preserveUnknownFields")
        mend = "Remove it."
        yield invalid(value=True, detail=f"{detail} spec.versions[*].schema", mend=mend, path=at)
    if isinstance(spec.get("conversion"), dict):
        yield from under(_conversion(spec["conversion"]), "spec", "conversion")
    yield from _approval(str(group), struct(metadata.get("annotations")))


@field_check("apiextensions.k8s.io", "CustomResourceDefinition")
def crd_versions(manifest: Any) -> Iterator[Fault]:
    """Versions have distinct names and structural schemas, and one of them is stored."""
    versions = list(dicts(struct(manifest.get("spec")).get("versions")))
    names = [version.get("name") for _, version in versions]
    at = ("spec", "versions")
    if sum(version.get("storage") is True for _, version in versions) != 1:
        detail = "must have exactly one version marked as storage version"
        yield invalid(names, detail, "Set storage: true in one of them.", at)
    for place, (index, version) in enumerate(versions):
        yield from under(_version(version), *at, index)
        yield from under(selectable_fields(version), *at, index)
        if version.get("name") in names[:place]:
            detail = "must contain unique version names"
            yield invalid(version["name"], detail, "Rename it.", (*at, index, "name"))
        schema = struct(version.get("schema")).get("openAPIV3Schema")
        where = (*at, index, "schema", "openAPIV3Schema")
        if schema is None:
            yield required(path=where)
        status = struct(version.get("subresources")).get("status") is not None
        yield from under(root_schema(schema, with_status=status), *where)


def _conversion(conversion: dict[str, Any]) -> Iterator[Fault]:
    strategy, hook = conversion.get("strategy"), conversion.get("webhook")
    yield from needs_value(strategy, ("None", "Webhook"), ("strategy",))
    if strategy == "Webhook":
        config = struct(hook).get("clientConfig")
        if config is None:
            detail = "required when strategy is set to Webhook"
            yield required(detail, path=("webhook", "clientConfig"))
        else:
            yield from under(client_config(config), "webhook", "clientConfig")
        versions = review_versions(struct(hook).get("conversionReviewVersions"))
        yield from under(versions, "webhook", "conversionReviewVersions")
    elif struct(hook).get("clientConfig") is not None or struct(hook).get(
        "conversionReviewVersions"
    ):
        detail = "should not be set when strategy is not set to Webhook"
        yield forbidden(detail, "Remove webhook.", ("webhook",))


def _approval(group: str, notes: dict[str, Any]) -> Iterator[Fault]:
    """Groups of the community carry a link to their approval."""
    if not (group.endswith((".k8s.io", ".kubernetes.io")) or group in ("k8s.io", "kubernetes.io")):
        return
    said = notes.get(APPROVED)
    detail = f'protected groups must have approval annotation "{APPROVED}"'
    at = ("metadata", "annotations", APPROVED)
    if not said:
        yield required(detail, "Use a group of your own, or link the approval.", at)
    elif isinstance(said, str) and not said.startswith("unapproved") and not _is_link(said):
        yield invalid(said, detail, "Write the link to the pull request.", at)


def _is_link(value: str) -> bool:
    try:
        url = urlsplit(value)
    except ValueError:
        return False
    return bool(url.scheme and url.netloc)


CHECKS = (crd_fields, crd_versions)
