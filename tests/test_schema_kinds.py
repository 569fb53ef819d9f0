"""Kinds that are gone or going, the lists of each kind, and what all this costs at start."""

from __future__ import annotations

import subprocess
import sys

import pytest

from mistersmith_k8s import schemas
from mistersmith_k8s.schemas import MINORS, removed, tables


def test_every_suggested_version_takes_the_kind() -> None:
    """What we send people to is there, in the newest minor."""
    gone = [(v, kind) for v, (_, kinds, _) in removed.REMOVED.items() for kind in kinds]
    suggested = {
        (version, kind): schemas.violations({"apiVersion": version, "kind": kind})[0].suggestion
        for version, kind in (*gone, *removed.OTHERS)
    }
    without = {key for key, version in suggested.items() if version is None}
    assert without == {
        ("extensions/v1beta1", "PodSecurityPolicy"),
        ("policy/v1beta1", "PodSecurityPolicy"),
        ("flowcontrol.apiserver.k8s.io/v1beta1", "FlowSchema"),
        ("flowcontrol.apiserver.k8s.io/v1beta1", "PriorityLevelConfiguration"),
    }
    kept = {(version, key[1]) for key, version in suggested.items() if version}
    assert kept <= tables.kinds().keys()


@pytest.mark.parametrize(
    ("api_version", "kind", "minors", "expected"),
    [
        ("v1", "Endpoints", MINORS[:6], None),
        (
            "v1",
            "Endpoints",
            MINORS,
            "v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice",
        ),
        ("v1", "ComponentStatus", ("1.27",), "v1 ComponentStatus is deprecated in v1.19+"),
        (
            "storage.k8s.io/v1beta1",
            "VolumeAttributesClass",
            ("1.34",),
            (
                "storage.k8s.io/v1beta1 VolumeAttributesClass is deprecated in v1.34+;"
                " use storage.k8s.io/v1 VolumeAttributesClass"
            ),
        ),
        ("storage.k8s.io/v1beta1", "VolumeAttributesClass", ("1.33",), None),
        ("apps/v1", "Deployment", MINORS, None),
        ("keda.sh/v1beta1", "ScaledObject", MINORS, None),
    ],
)
def test_a_deprecated_kind_is_told(
    api_version: str, kind: str, minors: tuple[str, ...], expected: str | None
) -> None:
    """The warning is the API server's own, and comes from the minor that prints it."""
    found = schemas.deprecation(api_version, kind, minors)
    assert (found.message(api_version, kind) if found else None) == expected


CONTAINERS = ("spec", "template", "spec", "containers")
DEPLOYMENT = {
    "apiVersion": "apps/v1",
    "kind": "Deployment",
    "spec": {"template": {"spec": {"containers": [{"name": "a"}]}}},
}


def test_lists_are_known_by_their_keys() -> None:
    """What must be unique, and what a patch merges by."""
    ports = schemas.ListRule("map", ("containerPort", "protocol"), "containerPort", "merge")
    rules = {
        (*CONTAINERS, 0, "ports"): ports,
        (*CONTAINERS, 0, "args"): schemas.ListRule("atomic", (), "", ""),
        CONTAINERS: schemas.ListRule("map", ("name",), "name", "merge"),
        (*CONTAINERS, 0, "image"): None,
        (*CONTAINERS, 0, "nowhere", "at all"): None,
        (): None,
    }
    assert {path: schemas.list_rule("apps/v1", "Deployment", path) for path in rules} == rules


def test_the_lists_of_a_manifest_come_with_their_rules() -> None:
    """A check of duplicates needs no table of its own."""
    found = [(path, rule.keys) for path, _, rule in schemas.declared_lists(DEPLOYMENT)]
    assert found == [(CONTAINERS, ("name",))]
    assert (
        list(schemas.declared_lists({"apiVersion": "keda.sh/v1alpha1", "kind": "ScaledObject"}))
        == []
    )


def test_importing_the_package_reads_no_table() -> None:
    """Start-up time is a feature: nothing is read, and no engine is loaded, until it is needed."""
    probe = (
        "import sys; from mistersmith_k8s.schemas import tables;"
        "print(tables.common.cache_info().currsize, tables.kinds.cache_info().currsize,"
        " 'jsonschema_rs' in sys.modules, 'difflib' in sys.modules)"
    )
    run = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True)
    assert run.stdout == "0 0 False False\n"
