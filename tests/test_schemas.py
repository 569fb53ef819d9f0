"""What is refused, in which words and by which minors."""

from __future__ import annotations

import json
import sys
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imports import bundle
from mistersmith_k8s import schemas
from mistersmith_k8s.schemas import MINORS, scalars, tables

Schema = dict[str, Any]

POD: Schema = {"containers": [{"name": "a", "image": "b"}]}


def manifest(api_version: str, kind: str, **fields: Any) -> dict[str, Any]:
    """An object of a kind, with a name."""
    return {"apiVersion": api_version, "kind": kind, "metadata": {"name": "a"}, **fields}


def deployment(spec: Schema, **fields: Any) -> dict[str, Any]:
    """A right Deployment, but for what its spec is given."""
    template = {"metadata": {"labels": {"a": "b"}}, "spec": POD}
    selector = {"matchLabels": {"a": "b"}}
    return manifest(
        "apps/v1", "Deployment", spec={"selector": selector, "template": template, **spec}, **fields
    )


def service(port: Any) -> dict[str, Any]:
    """A Service with one port."""
    return manifest("v1", "Service", spec={"ports": [port]})


ACCEPTED: dict[str, Schema] = {
    "a null field is absent": deployment({"replicas": None, "strategy": None}),
    "a null item is the zero value": manifest(
        "networking.k8s.io/v1", "NetworkPolicy", spec={"podSelector": {}, "ingress": [None]}
    ),
    "a null map value is empty": manifest("v1", "ConfigMap", data={"a": None}),
    "a status as kubectl prints it": deployment({}, status={}),
    "a status of a controller": manifest(
        "policy/v1", "PodDisruptionBudget", spec={}, status={"disruptionsAllowed": 1}
    ),
    "an empty creation time": deployment({}) | {"metadata": {"creationTimestamp": None}},
    "a whole number that YAML read as a float": deployment({"replicas": 2.0}),
    "a port by name": service({"port": 80, "targetPort": "http"}),
    "a quantity that is a number": manifest("v1", "ResourceQuota", spec={"hard": {"cpu": 1.5}}),
    "a role reference without its group": manifest(
        "rbac.authorization.k8s.io/v1", "RoleBinding", roleRef={"kind": "Role", "name": "a"}
    ),
    "base64 in lines": manifest("v1", "Secret", data={"a": "aGVs\nbG8="}),
}


@pytest.mark.parametrize("what", ACCEPTED)
def test_accepted(what: str) -> None:
    """What the API server takes, we take."""
    assert schemas.violations(ACCEPTED[what]) == []


REFUSED: dict[str, tuple[Schema, str]] = {
    "an unknown field": (
        deployment({"replica": 3}),
        'spec.replica: unknown field "spec.replica" (replicas)',
    ),
    "a field of another object": (
        deployment({"containers": []}),
        'spec.containers: unknown field "spec.containers"',
    ),
    "a required field that is absent": (
        manifest("apps/v1", "StatefulSet", spec={"selector": {}}),
        "spec.template: Required value",
    ),
    "a required field that is null": (
        service({"port": None}),
        "spec.ports.0.port: Required value",
    ),
    "a string for a number": (
        service({"port": "80"}),
        'spec.ports.0.port: Invalid value: "80": must be an integer',
    ),
    "a number for a string": (
        manifest("v1", "ConfigMap", data={"a": 5}),
        "data.a: Invalid value: 5: must be a string",
    ),
    "a boolean for a string": (
        manifest("v1", "ConfigMap", data={"a": True}),
        "data.a: Invalid value: true: must be a string",
    ),
    "a boolean for a number": (
        deployment({"replicas": True}),
        "spec.replicas: Invalid value: true: must be an integer",
    ),
    "a string for a boolean": (
        manifest("v1", "ConfigMap", immutable="yes"),
        'immutable: Invalid value: "yes": must be a boolean',
    ),
    "a number with a fraction": (
        deployment({"replicas": 1.5}),
        "spec.replicas: Invalid value: 1.5: must be an integer",
    ),
    "a number that is too large": (
        deployment({"replicas": 2**31}),
        "spec.replicas: Invalid value: 2147483648: must be an integer of 32 bits",
    ),
    "an object for a scalar": (
        service({"port": 80, "targetPort": {"name": "http"}}),
        "spec.ports.0.targetPort: Invalid value: an object: must be an integer or a string",
    ),
    "an object for a list": (
        manifest("v1", "Service", spec={"ports": {"port": 80}}),
        "spec.ports: Invalid value: an object: must be a list",
    ),
    "a list for an object": (
        manifest("v1", "Service", spec=[]),
        "spec: Invalid value: a list: must be an object",
    ),
    "a quantity with a blank": (
        manifest("v1", "ResourceQuota", spec={"hard": {"cpu": "1 core"}}),
        (
            'spec.hard.cpu: Invalid value: "1 core": must be a quantity, such as "500m", "1.5" or'
            ' "2Gi"'
        ),
    ),
    "a time without a zone": (
        manifest("v1", "ConfigMap") | {"metadata": {"creationTimestamp": "2026-01-31T12:00:00"}},
        (
            'metadata.creationTimestamp: Invalid value: "2026-01-31T12:00:00": must be a time, such'
            ' as "2026-01-31T12:00:00Z"'
        ),
    ),
    "a secret that is not encoded": (
        manifest("v1", "Secret", data={"password": "hunter2!"}),
        "data.password: Invalid value: (hidden): must be base64",
    ),
    "a kind of another version": (
        manifest("v1", "Deployment"),
        'apiVersion: no matches for kind "Deployment" in version "v1" (apps/v1)',
    ),
    "a kind that was removed": (
        manifest("batch/v1beta1", "CronJob"),
        (
            'apiVersion: no matches for kind "CronJob" in version "batch/v1beta1": removed in 1.25'
            " (batch/v1)"
        ),
    ),
    "a kind that nothing replaces": (
        manifest("policy/v1beta1", "PodSecurityPolicy"),
        (
            'apiVersion: no matches for kind "PodSecurityPolicy" in version "policy/v1beta1":'
            " removed in 1.25"
        ),
    ),
    "a kind that is misspelt": (
        manifest("apps/v1", "Deploymnet"),
        'kind: no matches for kind "Deploymnet" in version "apps/v1" (Deployment)',
    ),
}


@pytest.mark.parametrize("what", REFUSED)
def test_refused(what: str) -> None:
    """Every minor refuses it, in the words of the API server."""
    wrong, expected = REFUSED[what]
    found = [(said(violation), violation.minors) for violation in schemas.violations(wrong)]
    assert found == [(expected, MINORS)]


def said(violation: schemas.SchemaViolation) -> str:
    """A violation as a person reads it."""
    suggestion = f" ({violation.suggestion})" if violation.suggestion else ""
    return f"{'.'.join(map(str, violation.path))}: {violation.message}{suggestion}"


@pytest.mark.parametrize(
    ("wrong", "expected", "minors"),
    [
        (
            manifest("v1", "Service", spec={"trafficDistribution": "PreferClose"}),
            'spec.trafficDistribution: unknown field "spec.trafficDistribution"',
            ("1.27", "1.28", "1.29"),
        ),
        (
            manifest("networking.k8s.io/v1", "ServiceCIDR"),
            (
                'apiVersion: no matches for kind "ServiceCIDR" in version "networking.k8s.io/v1":'
                " served since 1.33"
            ),
            MINORS[:6],
        ),
        (
            manifest("flowcontrol.apiserver.k8s.io/v1beta3", "FlowSchema"),
            (
                'apiVersion: no matches for kind "FlowSchema" in version'
                ' "flowcontrol.apiserver.k8s.io/v1beta3": removed in 1.32'
                " (flowcontrol.apiserver.k8s.io/v1)"
            ),
            MINORS[5:],
        ),
    ],
)
def test_a_violation_names_the_minors_that_refuse(
    wrong: Schema, expected: str, minors: tuple[str, ...]
) -> None:
    """An object may be right for one cluster and wrong for another."""
    assert [(said(v), v.minors) for v in schemas.violations(wrong)] == [(expected, minors)]
    taking = [minor for minor in MINORS if minor not in minors]
    assert schemas.violations(wrong, taking) == []


def test_everything_wrong_is_reported_at_once() -> None:
    """One run shows all there is to mend."""
    wrong = deployment({"replicas": "3", "replica": 1, "selector": None, "paused": 0})
    assert [said(violation) for violation in schemas.violations(wrong)] == [
        'spec.replicas: Invalid value: "3": must be an integer',
        'spec.replica: unknown field "spec.replica" (replicas)',
        "spec.paused: Invalid value: 0: must be a boolean",
        "spec.selector: Required value",
    ]


@pytest.mark.parametrize(
    ("api_version", "kind"), [("keda.sh/v1alpha1", "ScaledObject"), ("v1", "List"), ("", "")]
)
def test_a_kind_without_a_schema_is_not_called_valid(api_version: str, kind: str) -> None:
    """Could not check is neither right nor wrong."""
    expected = f"there is no schema for kind {kind!r} in version {api_version!r}"
    with pytest.raises(schemas.NoSchemaError) as raised:
        schemas.violations(manifest(api_version, kind))
    assert str(raised.value) == expected


STRINGS = {
    scalars.base64: (
        ["", "YQ==", "YWI=", "YWJj", "YW\r\nJj"],
        ["Y", "YQ", "YWJj=", "====", "YW Jj", "YQ==YQ==", "é"],
    ),
    scalars.time: (
        ["2026-01-31T12:00:00Z", "2026-01-31T12:00:00.5+02:00"],
        ["", "2026-01-31", "2026-01-31t12:00:00z", "2026-13-01T12:00:00Z", "2026-01-31T24:00:00Z"],
    ),
    scalars.quantity(bundle.QUANTITY): (
        [
            "1",
            "+1",
            "-1.5",
            "1.",
            ".5",
            "500m",
            "1Ki",
            "1k",
            "1e3",
            "1E-3",
            "1E",
            "100n",
            "7u",
            " 1 ",
            ".",
            "Gi",
        ],
        ["", "Pi", "1 Gi", "1K", "1kB", "1e", "1gi", "0x1", "one", "1\n", "1.5.5"],
    ),
}


@pytest.mark.parametrize("check", STRINGS)
def test_strings_are_read_as_go_reads_them(check: scalars.Checker) -> None:
    """Base64, times and quantities have one exact syntax each."""
    accepted, refused = STRINGS[check]
    assert [text for text in (*accepted, *refused) if not check(text)] == accepted


STRANGE = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.dates() | st.binary(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.integers() | st.none(), inner),
)


@settings(deadline=None, max_examples=200, derandomize=True)
@given(
    st.sampled_from(sorted(tables.kinds())), st.sampled_from(["metadata", "spec", "data"]), STRANGE
)
def test_no_value_ends_the_run(kind: tuple[str, str], field: str, value: Any) -> None:
    """Whatever a YAML reader brings, there is an answer that can be printed."""
    found = schemas.violations({"apiVersion": kind[0], "kind": kind[1], field: value})
    assert all(violation.message for violation in found)


def test_an_object_that_is_too_deep_is_refused() -> None:
    """No input ends the run."""
    deep: Schema = {}
    for _ in range(5000):
        deep = {"not": deep}
    version = {"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": deep}}
    crd = manifest("apiextensions.k8s.io/v1", "CustomResourceDefinition")
    crd["spec"] = {"group": "a.b", "names": {}, "scope": "Cluster", "versions": [version]}
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(1000)  # other tests may have raised it
    try:
        found = schemas.violations(crd)
    finally:
        sys.setrecursionlimit(before)
    assert {v.message for v in found} == {"Invalid value: an object: must not be nested so deeply"}


@pytest.mark.parametrize(("api_version", "kind"), sorted(tables.kinds()))
def test_every_kind_has_a_checker_in_every_minor_that_serves_it(
    api_version: str, kind: str
) -> None:
    """The tables have no hole: each field of each kind can be asked for."""
    definition, minors = tables.kinds()[api_version, kind]
    wrong = dict.fromkeys(json.loads(tables.newest()[definition])["properties"], 1.5)
    assert schemas.violations(wrong | {"apiVersion": api_version, "kind": kind}, minors) != []
