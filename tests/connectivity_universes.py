"""Random small universes: valid manifests in which much overlaps."""

from __future__ import annotations

from random import Random
from typing import Any

Object = dict[str, Any]

NAMESPACES = ("default", "east", "west")
LABELS = {"app": ("a", "b", "c"), "tier": ("x", "y"), "canary": ("",)}
NAMESPACE_LABELS = {"team": ("red", "blue"), "open": ("yes",)}
PORT_NAMES = ("http", "dns", "admin")
PROTOCOLS = ("TCP", "UDP", "SCTP")
NUMBERS = (1, 53, 80, 81, 90, 8080, 65535)
CIDRS = {
    "0.0.0.0/0": ("10.0.0.0/8", "0.0.0.0/1", "255.255.255.255/32"),
    "10.0.0.0/8": ("10.0.0.0/9", "10.1.0.0/16", "10.255.0.0/16", "10.0.0.0/8"),
    "10.1.0.0/16": ("10.1.1.0/24",),
    "192.168.7.9/32": (),
    "128.0.0.0/1": ("192.0.0.0/2",),
}
CONTROLLERS = ("Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "ReplicationController")


def random_of(seed: object) -> Random:
    """The same choices for the same seed, on every machine."""
    return Random(str(seed))  # noqa: S311  test data, not secrets


def random_universe(random: Random) -> list[Object]:
    """A few namespaces, some of them not declared, with a few workloads and policies."""
    namespaces = random.sample(NAMESPACES, random.randint(1, len(NAMESPACES)))
    declared = [_namespace(random, name) for name in namespaces if random.random() < 0.8]
    workloads = [
        workload
        for number in range(random.randint(1, 5))
        for workload in _workload(random, random.choice(namespaces), f"w{number}")
    ]
    policies = [
        _policy(random, random.choice(namespaces), f"p{number}")
        for number in range(random.randint(0, 5))
    ]
    objects = [*declared, *workloads, *policies]
    random.shuffle(objects)
    return objects


def _namespace(random: Random, name: str) -> Object:
    labels = _labels(random, NAMESPACE_LABELS)
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}}


def _workload(random: Random, namespace: str, name: str) -> list[Object]:
    """A controller, a lone pod, or two pods of one ReplicaSet that is not in the manifests."""
    pod = {"metadata": {"labels": _labels(random, LABELS)}, "spec": _pod_spec(random)}
    match random.choice(("controller", "controller", "cronjob", "job", "pod", "owned")):
        case "controller":
            spec: Object = {"replicas": random.randint(1, 3), "template": pod}
            return [_object("apps/v1", random.choice(CONTROLLERS), namespace, name, spec)]
        case "job":
            return [_object("batch/v1", "Job", namespace, name, {"template": pod})]
        case "cronjob":
            spec = {"jobTemplate": {"spec": {"template": pod}}}
            return [_object("batch/v1", "CronJob", namespace, name, spec)]
        case "pod":
            return [_pod(pod, namespace, name)]
    owner = {"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": name, "controller": True}
    return [_pod(pod, namespace, f"{name}-{n}", ownerReferences=[owner]) for n in range(2)]


def _object(version: str, kind: str, namespace: str, name: str, spec: Object) -> Object:
    version = "v1" if kind == "ReplicationController" else version
    metadata = {"name": name, "namespace": namespace}
    return {"apiVersion": version, "kind": kind, "metadata": metadata, "spec": spec}


def _pod(template: Object, namespace: str, name: str, **more: object) -> Object:
    metadata = {"name": name, "namespace": namespace, **template["metadata"], **more}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": template["spec"]}


def _labels(random: Random, choices: dict[str, tuple[str, ...]]) -> dict[str, str]:
    return {key: random.choice(values) for key, values in choices.items() if random.random() < 0.6}


def _pod_spec(random: Random) -> Object:
    names = [name for name in PORT_NAMES if random.random() < 0.5]
    ports: list[Object] = [{"containerPort": random.choice(NUMBERS), "name": n} for n in names]
    for port in ports:
        if random.random() < 0.4:
            port["protocol"] = random.choice(PROTOCOLS)
    return {"containers": [{"name": "main", "image": "image:1", "ports": ports}]}


def _policy(random: Random, namespace: str, name: str) -> Object:
    spec: Object = {"podSelector": _selector(random, LABELS, empty=0.4)}
    for direction in random.choice((["ingress"], ["egress"], ["ingress", "egress"])):
        if random.random() < 0.85:
            spec[direction] = [_rule(random, direction) for _ in range(random.randint(0, 3))]
    if random.random() < 0.7:
        spec["policyTypes"] = random.choice((["Ingress"], ["Egress"], ["Ingress", "Egress"], []))
    return _object("networking.k8s.io/v1", "NetworkPolicy", namespace, name, spec)


def _rule(random: Random, direction: str) -> Object:
    rule: Object = {}
    if random.random() < 0.8:
        peers = [_peer(random) for _ in range(random.randint(1, 3))]
        rule["from" if direction == "ingress" else "to"] = peers
    if random.random() < 0.7:
        rule["ports"] = [_port(random) for _ in range(random.randint(1, 3))]
    return rule


def _peer(random: Random) -> Object:
    match random.choice(("pods", "namespaces", "both", "block")):
        case "pods":
            return {"podSelector": _selector(random, LABELS)}
        case "namespaces":
            return {"namespaceSelector": _selector(random, _OF_NAMESPACES)}
        case "both":
            return {
                "podSelector": _selector(random, LABELS),
                "namespaceSelector": _selector(random, _OF_NAMESPACES),
            }
    cidr = random.choice(list(CIDRS))
    holes = [hole for hole in CIDRS[cidr] if random.random() < 0.3]
    return {"ipBlock": {"cidr": cidr, **({"except": holes} if holes else {})}}


_OF_NAMESPACES = {**NAMESPACE_LABELS, "kubernetes.io/metadata.name": NAMESPACES}


def _selector(random: Random, choices: dict[str, tuple[str, ...]], empty: float = 0.15) -> Object:
    if random.random() < empty:
        return {}
    selector: Object = {}
    if random.random() < 0.6:
        key = random.choice(list(choices))
        selector["matchLabels"] = {key: random.choice(choices[key])}
    if "matchLabels" not in selector or random.random() < 0.3:
        selector["matchExpressions"] = [
            _requirement(random, choices) for _ in range(random.randint(1, 2))
        ]
    return selector


def _requirement(random: Random, choices: dict[str, tuple[str, ...]]) -> Object:
    key = random.choice(list(choices))
    operator = random.choice(("In", "NotIn", "Exists", "DoesNotExist"))
    if operator in {"Exists", "DoesNotExist"}:
        return {"key": key, "operator": operator}
    values = random.sample([*choices[key], "other"], random.randint(1, 2))
    return {"key": key, "operator": operator, "values": values}


def _port(random: Random) -> Object:
    port: Object = {}
    if random.random() < 0.5:
        port["protocol"] = random.choice(PROTOCOLS)
    match random.choice(("all", "number", "range", "name")):
        case "number":
            port["port"] = random.choice(NUMBERS)
        case "range":
            port["port"], port["endPort"] = sorted(random.choices(NUMBERS, k=2))
        case "name":
            port["port"] = random.choice(PORT_NAMES)
    return port
