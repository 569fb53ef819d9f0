"""What a change of manifests would do, said before it is applied."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest

from mistersmith_k8s.differences import FORMS, changes, hazards
from mistersmith_k8s.platform import Environment
from tests.ledger.frame import Rendered, reference

OLD = reference()[Environment.VALIDATION]


def _changed(identity: str, path: str, value: Any) -> list[Any]:
    """The validation environment with one field set, or removed where the value is None."""
    manifests = copy.deepcopy(list(OLD.manifests))
    target = Rendered(Environment.VALIDATION, tuple(manifests))[identity]
    *parents, last = path.split("|")
    for part in parents:
        target = target[int(part)] if isinstance(target, list) else target[part]
    if value is None:
        del target[last]
    else:
        target[last] = value
    return manifests


def test_nothing_changed_is_nothing() -> None:
    """Equal quantities in other words are no change, nor is the order of objects."""
    other = _changed(
        "StatefulSet mister-smith-system/nats",
        "spec|template|spec|containers|0|resources",
        {"requests": {"cpu": "0.5", "memory": "1024Mi"}, "limits": {"cpu": "0.5", "memory": "1Gi"}},
    )
    assert changes(OLD.manifests, list(reversed(other))) == []


def test_a_changed_field_is_named_by_what_tells_it_apart() -> None:
    """Containers and variables by name, not by place."""
    worker = "Deployment mister-smith-workload/mister-smith-worker"
    new = _changed(worker, "spec|template|spec|containers|0|image", "example.com/w:2.0.0")
    (change,) = changes(OLD.manifests, new)
    (field,) = change.fields
    assert field.field == "spec.template.spec.containers[worker].image"
    assert FORMS["text"]([change], []) == (
        "~ Deployment mister-smith-workload/mister-smith-worker\n"
        "    spec.template.spec.containers[worker].image: "
        "ghcr.io/mister-smith/mister-smith-worker:1.0.0 -> example.com/w:2.0.0\n"
        "0 added, 0 removed, 1 changed, 0 to look at\n"
    )


HURTS = {
    "immutable selector": (
        "Deployment mister-smith-workload/mister-smith-worker",
        "spec|selector|matchLabels|app",
        "other",
        (
            "immutable",
            "spec.selector.matchLabels.app cannot be changed: delete and create the object again",
        ),
    ),
    "immutable claim template": (
        "StatefulSet mister-smith-system/nats",
        "spec|serviceName",
        "other",
        ("immutable", "spec.serviceName cannot be changed: delete and create the object again"),
    ),
    "another selection": (
        "Service mister-smith-system/nats",
        "spec|selector|app",
        "other",
        ("selector", "spec.selector.app selects other pods than before"),
    ),
    "looser Pod Security": (
        "Namespace mister-smith-system",
        "metadata|labels|pod-security.kubernetes.io/enforce",
        "baseline",
        ("pod-security", "Pod Security enforce goes from restricted down to baseline"),
    ),
    "less quota": (
        "ResourceQuota mister-smith-system/mister-smith-system-quota",
        "spec|hard|pods",
        "40",
        ("quota", "spec.hard.pods goes from 50 down to 40"),
    ),
    "replicas under an autoscaler": (
        "Deployment mister-smith-workload/mister-smith-worker",
        "spec|replicas",
        3,
        ("replicas", "spec.replicas is set, and an autoscaler owns it: each apply resets it"),
    ),
    "an opened connection": (
        "NetworkPolicy mister-smith-data/redis-netpol",
        "spec|ingress|0|ports",
        [{"protocol": "TCP", "port": 6379}, {"protocol": "TCP", "port": 22}],
        None,
    ),
}


@pytest.mark.parametrize(("identity", "path", "value", "hurt"), HURTS.values(), ids=HURTS)
def test_what_hurts_is_said(identity: str, path: str, value: Any, hurt: Any) -> None:
    """A change that the cluster refuses, or a reviewer would want to know of, is flagged."""
    new = _changed(identity, path, value)
    found = hazards(changes(OLD.manifests, new), OLD.manifests, new)
    if hurt:
        assert hurt in [(h.id, h.message) for h in found]
    else:
        assert found == []  # ingress alone opens nothing: the sources' egress still says no


def test_opened_connectivity_is_computed_from_both_sides() -> None:
    """A removed default deny and policy open a database to everybody."""
    gone = {"redis-netpol", "deny-all-default"}
    new = [
        m
        for m in OLD.manifests
        if not (
            m["kind"] == "NetworkPolicy"
            and m["metadata"]["namespace"] == "mister-smith-data"
            and m["metadata"]["name"] in gone
        )
    ]
    found = hazards(changes(OLD.manifests, new), OLD.manifests, new)
    opened = [h.message for h in found if h.id == "connectivity"]
    assert (
        "opened: 0.0.0.0-255.255.255.255[External] => "
        "mister-smith-data/redis[StatefulSet] : All Connections"
    ) in opened


def test_removed_data_is_said() -> None:
    """A namespace or a StatefulSet that disappears takes something with it."""
    new = [m for m in OLD.manifests if m["kind"] not in {"Namespace", "StatefulSet"}]
    found = hazards(changes(OLD.manifests, new), OLD.manifests, new)
    deleted = [(str(h.object), h.message) for h in found if h.id == "deleted"]
    assert ("Namespace mister-smith-data", "is removed: everything in it is deleted") in deleted
    assert len(deleted) == 7


def test_secret_values_are_never_shown() -> None:
    """Not in text, not in JSON, not in Markdown."""

    def secret(value: str) -> list[dict[str, Any]]:
        meta = {"name": "s", "namespace": "n"}
        return [
            {"apiVersion": "v1", "kind": "Secret", "metadata": meta, "stringData": {"p": value}}
        ]

    found = changes(secret("hush-1"), secret("hush-2"))
    for render in FORMS.values():
        assert "hush" not in render(found, [])
    assert json.loads(FORMS["json"](found, []))["changes"][0]["fields"] == [
        {"path": "stringData.p"}
    ]


def _object(kind: str, **fields: Any) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": kind, "metadata": {"name": "it", "namespace": "n"}} | fields


def _hurts(old: dict[str, Any], new: dict[str, Any]) -> list[tuple[str, str]]:
    return [(h.id, h.message) for h in hazards(changes([old], [new]), [old], [new])]


FIXED = {
    "a claim's mode": (
        _object("PersistentVolumeClaim", spec={"volumeMode": "Filesystem"}),
        _object("PersistentVolumeClaim", spec={"volumeMode": "Block"}),
        "spec.volumeMode",
    ),
    "a pod's command": (
        _object("Pod", spec={"containers": [{"name": "a", "command": ["x"]}]}),
        _object("Pod", spec={"containers": [{"name": "a", "command": ["y"]}]}),
        "spec.containers[a].command",
    ),
    "a Service that becomes headless": (
        _object("Service", spec={"ports": [{"port": 1}]}),
        _object("Service", spec={"ports": [{"port": 1}], "clusterIP": "None"}),
        "spec.clusterIP",
    ),
    "the type of a Secret": (
        _object("Secret", type="Opaque"),
        _object("Secret", type="kubernetes.io/tls"),
        "type",
    ),
}


@pytest.mark.parametrize(("old", "new", "field"), FIXED.values(), ids=FIXED)
def test_what_the_api_server_keeps_is_said(
    old: dict[str, Any], new: dict[str, Any], field: str
) -> None:
    """A change that it refuses needs a new object."""
    message = f"{field} cannot be changed: delete and create the object again"
    assert ("immutable", message) in _hurts(old, new)


FREE = {
    "a pod's image": (
        _object("Pod", spec={"containers": [{"name": "a", "image": "x:1.0"}]}),
        _object("Pod", spec={"containers": [{"name": "a", "image": "x:1.1"}]}),
    ),
    "a claim that grows": (
        _object("PersistentVolumeClaim", spec={"resources": {"requests": {"storage": "1Gi"}}}),
        _object("PersistentVolumeClaim", spec={"resources": {"requests": {"storage": "2Gi"}}}),
    ),
    "a Service that says no address any more": (
        _object("Service", spec={"clusterIP": "None"}),
        _object("Service", spec={}),
    ),
}


@pytest.mark.parametrize(("old", "new"), FREE.values(), ids=FREE)
def test_what_the_api_server_changes_hurts_nobody(old: dict[str, Any], new: dict[str, Any]) -> None:
    """Nothing is said of an ordinary change."""
    assert _hurts(old, new) == []


def test_a_claim_only_grows() -> None:
    """The API server refuses less storage than was asked for."""
    small, large = (
        _object("PersistentVolumeClaim", spec={"resources": {"requests": {"storage": size}}})
        for size in ("1Gi", "2Gi")
    )
    assert _hurts(large, small) == [
        (
            "immutable",
            "spec.resources.requests.storage goes from 2Gi down to 1Gi: claims only grow",
        )
    ]


def test_a_stateful_set_may_take_its_claims_along() -> None:
    """Whether the claims stay is up to its retention policy."""
    policy = {"persistentVolumeClaimRetentionPolicy": {"whenDeleted": "Delete"}}
    old = _object("StatefulSet", spec=policy)
    found = hazards(changes([old], []), [old], [])
    assert [h.message for h in found] == ["is removed: its claims are deleted with it"]


def test_pods_that_fit_a_lower_level_only_are_said() -> None:
    """Whoever makes a container privileged says so, whatever the namespace allows."""

    def pods(*, privileged: bool) -> dict[str, Any]:
        container = {"name": "a", "securityContext": {"privileged": privileged}}
        template = {"spec": {"containers": [container]}}
        return _object("Deployment", apiVersion="apps/v1", spec={"template": template})

    old, new = pods(privileged=False), pods(privileged=True)
    said = "its pods fitted Pod Security baseline, and now only privileged"
    assert ("pod-security", said) in _hurts(old, new)
    assert _hurts(new, old) == []


def test_a_quota_that_the_new_need_exceeds_is_said() -> None:
    """It is enough that the workloads grow: the quota need not shrink."""

    def world(replicas: int) -> list[dict[str, Any]]:
        requests = {"resources": {"requests": {"cpu": "1"}}}
        template = {
            "metadata": {"labels": {"app": "a"}},
            "spec": {"containers": [{"name": "a", **requests}]},
        }
        spec = {"replicas": replicas, "template": template}
        quota = _object("ResourceQuota", spec={"hard": {"requests.cpu": "3"}})
        return [_object("StatefulSet", apiVersion="apps/v1", spec=spec), quota]

    old, new = world(2), world(4)
    (hurt,) = hazards(changes(old, new), old, new)
    assert hurt.id == "quota"
    assert hurt.message.startswith("spec.hard[requests.cpu]: 3 cannot hold 4")
    assert hazards(changes(new, old), new, old) == []


def test_other_replicas_under_an_autoscaler_are_said() -> None:
    """Each apply resets what the autoscaler chose: to another number than before."""
    reference = {"scaleTargetRef": {"kind": "Deployment", "name": "it"}}
    scaler = _object("HorizontalPodAutoscaler", spec=reference)
    old, new = (
        [_object("Deployment", apiVersion="apps/v1", spec={"replicas": count}), scaler]
        for count in (3, 5)
    )
    assert [h.id for h in hazards(changes(old, new), old, new)] == ["replicas"]
    assert hazards(changes(old[:1], old), old[:1], old) != []
    assert hazards(changes(old, old), old, old) == []


def _isolated(*ports: int, cidr: str = "10.0.0.0/8") -> list[dict[str, Any]]:
    pods = [
        _object("Pod", metadata={"name": name, "namespace": "n", "labels": {"app": name}})
        | {"spec": {"containers": []}}
        for name in ("a", "b")
    ]
    peers = [{"podSelector": {}}, {"ipBlock": {"cidr": cidr}}]
    rule = {"from": peers, "ports": [{"port": port} for port in ports]}
    spec = {"podSelector": {}, "policyTypes": ["Ingress"], "ingress": [rule]}
    return [*pods, _object("NetworkPolicy", apiVersion="networking.k8s.io/v1", spec=spec)]


def test_a_connection_that_is_closed_is_not_opened() -> None:
    """Fewer ports, or a part of the addresses, open nothing."""
    wide, narrow = _isolated(80, 443), _isolated(443, cidr="10.1.0.0/16")
    assert hazards(changes(wide, narrow), wide, narrow) == []
    assert sorted(h.message for h in hazards(changes(narrow, wide), narrow, wide)) == [
        "opened: 10.0.0.0-10.255.255.255[External] => n/a[Pod] : TCP 80,443",
        "opened: 10.0.0.0-10.255.255.255[External] => n/b[Pod] : TCP 80,443",
        "opened: n/a[Pod] => n/b[Pod] : TCP 80,443",
        "opened: n/b[Pod] => n/a[Pod] : TCP 80,443",
    ]


@pytest.mark.parametrize("kind", [{}, [], 1, None])
def test_a_kind_of_any_type_is_compared(kind: Any) -> None:
    """An object that is none is another object, and no crash."""
    old = {"apiVersion": "v1", "kind": kind, "metadata": {"name": "it"}}
    assert hazards(changes([old], []), [old], []) == []


def test_a_number_that_json_has_not_is_a_text() -> None:
    """What reads our JSON need not know NaN."""
    old, new = _object("ConfigMap", data=1), _object("ConfigMap", data=float("nan"))
    (change,) = json.loads(FORMS["json"](changes([old], [new]), []), parse_constant=str.lower)[
        "changes"
    ]
    assert change["fields"][0]["new"] == "NaN"
