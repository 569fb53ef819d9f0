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
        "opened or changed: 0.0.0.0-255.255.255.255[External] => "
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
