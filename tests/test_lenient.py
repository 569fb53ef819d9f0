"""What the schemas refuse and the API server takes is a warning, and no error."""

from __future__ import annotations

from typing import Any

import pytest

from mistersmith_k8s.checks import examine, load
from mistersmith_k8s.checks.finding import Severity
from mistersmith_k8s.checks.world import Object, Setting, World
from mistersmith_k8s.schemas import MINORS


def severities(manifest: dict[str, Any]) -> list[tuple[str, Severity]]:
    """The fields that the schema check names, and how bad it is."""
    world = World([Object(manifest)], Setting(minors=MINORS[-1:]))
    return [(found.field, found.severity) for found in examine(world, load(("schema",))).findings]


def test_a_header_without_a_value_has_an_empty_one() -> None:
    """A container without a name has none."""
    probe = {"httpGet": {"port": 80, "httpHeaders": [{"name": "X-Probe"}]}}
    containers = [{"image": "example.com/web:1", "readinessProbe": probe}]
    manifest = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "web"},
        "spec": {"containers": containers},
    }
    assert severities(manifest) == [
        ("spec.containers[0].name", Severity.ERROR),
        (
            "spec.containers[0].readinessProbe.httpGet.httpHeaders[0].value",
            Severity.WARNING,
        ),
    ]


@pytest.mark.parametrize(
    ("schema", "severity"),
    [
        ({"type": "array", "items": {"isArray": True}}, Severity.WARNING),
        ({"type": "object", "additionalProperties": {"not": {"isArray": True}}}, Severity.WARNING),
        ({"type": "object", "properties": {"items": {"isArray": True}}}, Severity.ERROR),
        ({"type": "object", "isArray": True}, Severity.ERROR),
    ],
)
def test_the_items_of_a_schema_are_decoded_leniently(
    schema: dict[str, Any], severity: Severity
) -> None:
    """An unknown keyword is an error elsewhere; a property may be called items."""
    version = {
        "name": "v1",
        "served": True,
        "storage": True,
        "schema": {"openAPIV3Schema": {"type": "object", "properties": {"spec": schema}}},
    }
    manifest = {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": "widgets.example.com"},
        "spec": {
            "group": "example.com",
            "scope": "Namespaced",
            "names": {"kind": "Widget", "plural": "widgets"},
            "versions": [version],
        },
    }
    assert [how for _, how in severities(manifest)] == [severity]
