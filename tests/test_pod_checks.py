"""Checks of pods by what is around them: namespaces, ports, images, secrets."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mistersmith_k8s.checks.finding import Severity
from mistersmith_k8s.checks.objects.pod_security import admission
from mistersmith_k8s.checks.world import Object
from mistersmith_k8s.pod_security import parse_level_version
from mistersmith_k8s.pod_security.pod import PODS
from mistersmith_k8s.primitives import ImageRef
from tests.worlds import Manifest, findings, told

HOST_NETWORK = {"hostNetwork": True, "containers": [{"name": "web"}]}


def pod(spec: Manifest, kind: str = "Pod", namespace: str = "shop") -> Manifest:
    """An object of a kind that runs a pod."""
    groups, path = PODS[kind]
    made: Manifest = {"apiVersion": f"{groups[0]}/v1".lstrip("/"), "kind": kind}
    made["metadata"] = {"name": "web", "namespace": namespace}
    inner: Manifest = made
    for key in path:
        inner = inner.setdefault(str(key), {})
    inner["spec"] = spec
    return made


def namespace(**labels: str) -> Manifest:
    """The namespace shop with Pod Security labels by mode: `enforce_version` and so on."""
    named = {f"pod-security.kubernetes.io/{k.replace('_', '-')}": v for k, v in labels.items()}
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop", "labels": named}}


@pytest.mark.parametrize("kind", PODS)
def test_pods_of_every_controller_are_judged(kind: str) -> None:
    """A controller is accepted, and then makes no pod: so it is what is reported."""
    world = [namespace(enforce="baseline"), pod(HOST_NETWORK, kind)]
    found = findings(world, "pod-security")
    assert [(f.object.kind, f.severity) for f in found] == [(kind, Severity.ERROR)]
    assert found[0].field.endswith("spec.hostNetwork")
    assert found[0].message == (
        'violates PodSecurity "baseline:latest": host namespaces (hostNetwork=true) (hostNamespaces)'
    )


@pytest.mark.parametrize(
    ("labels", "severities"),
    [
        ({}, []),
        ({"enforce": "privileged"}, []),
        ({"enforce": "baseline"}, ["error"]),
        ({"warn": "baseline"}, ["warning"]),
        ({"audit": "baseline"}, []),  # it is written to a log, and nobody is told
        ({"enforce": "baseline", "warn": "baseline"}, ["error"]),
    ],
)
def test_a_namespace_says_what_is_refused(labels: dict[str, str], severities: list[str]) -> None:
    """Refused is an error, warned of is a warning, and nothing is said twice."""
    found = findings([namespace(**labels), pod(HOST_NETWORK)], "pod-security")
    assert [str(f.severity) for f in found] == severities


def test_another_namespace_is_not_judged() -> None:
    """Labels are those of the pod's own namespace."""
    world = [namespace(enforce="restricted"), pod(HOST_NETWORK, namespace="elsewhere")]
    assert findings(world, "pod-security") == []


def test_the_strictest_of_two_declarations_counts() -> None:
    """Whichever is applied last: in no order do the pods run."""
    both = [namespace(enforce="baseline"), namespace(enforce="privileged")]
    for world in (both, both[::-1]):
        assert len(findings([*world, pod(HOST_NETWORK)], "pod-security")) == 1


def test_a_policy_is_asked_for_by_name() -> None:
    """Whatever namespaces say, under the admission controller's own check ids."""
    found = admission([Object(pod(HOST_NETWORK))], parse_level_version("restricted:v1.30"))
    assert [(f.check, f.message.partition(":")[0]) for f in found] == [
        (check, 'violates PodSecurity "restricted')
        for check in (
            "hostNamespaces",
            "allowPrivilegeEscalation",
            "capabilities_restricted",
            "runAsNonRoot",
            "seccompProfile_restricted",
        )
    ]


# --- images

TAGS = st.from_regex(r"[a-z0-9][a-z0-9._-]{0,20}", fullmatch=True)


@given(TAGS)
def test_an_image_is_mutable_unless_the_platform_calls_it_pinned(tag: str) -> None:
    """Whoever renders and whoever checks mean the same by one build."""
    image = f"registry.example/web:{tag}"
    made = pod({"containers": [{"name": "web", "image": image}]})
    assert (findings([made], "mutable-image") == []) == ImageRef(image).pinned


# --- secrets


def variable(name: str, value: str) -> Manifest:
    """A pod with one variable."""
    container = {"name": "web", "image": "registry.example/web:1.2.3"}
    return pod({"containers": [{**container, "env": [{"name": name, "value": value}]}]})


def config(key: str, value: str) -> Manifest:
    """A ConfigMap with one key."""
    metadata = {"name": "settings", "namespace": "shop"}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {key: value}}


SECRETS = (
    ("DATABASE_PASSWORD", "hunter2"),
    ("db.password", "hunter2"),
    ("API_KEY", "0123abcd"),
    ("github-token", "x0x0x0x0"),
    ("SECRET_KEY", "s3cr3t!"),
    ("URL", "amqp://web:hunter2@queue:5672/"),
    ("URL", "redis://:hunter2@cache:6379"),
    ("ANYTHING", "AKIA" + "IOSFODNN7EXAMPLE"),
    ("ANYTHING", "ghp_" + "a1B2" * 9),
    ("ANYTHING", "sk-ant-" + "a1B2" * 6),
    ("ANYTHING", "xoxb-" + "123456789012-123456789012"),
    ("ANYTHING", "glpat-" + "a1B2" * 5),
    ("ANYTHING", ".".join(("eyJ" + "a1B2" * 5, "eyJ" + "a1B2" * 5, "a1B2" * 5))),
    ("key.pem", "-----BEGIN RSA PRIVATE KEY-----\n" + "A1b2" * 16),
)
HARMLESS = (
    ("PASSWORD", ""),
    ("PASSWORD", "$(DB_PASSWORD)"),
    ("PASSWORD", '"$(DB_PASSWORD)"'),
    ("PASSWORD", "{{ .Values.password }}"),
    ("PASSWORD_FILE", "/run/secrets/password"),
    ("TOKEN", "/var/run/secrets/token"),
    ("TOKEN", "file:///var/run/secrets/token"),
    ("USE_TOKEN", "true"),
    ("TOKEN_TTL", "3600"),
    ("ACCESS_TOKEN", "3600"),
    ("PULL_SECRET", "registry-credentials"),
    ("TLS_SECRET", "web-tls"),
    ("SECRET_NAME", "web"),
    ("TOKENS", "100"),
    ("MONKEY", "banana"),
    ("URL", "postgresql://web:$(DB_PASSWORD)@db:5432/shop"),
    ("URL", "postgresql://<user>:<password>@db:5432/shop"),
    ("URL", "postgresql://user:password@db:5432/shop"),
    ("URL", "https://shop.example:8443/a@b"),
    ("URL", "http://[::1]:8080/"),
    ("NOTE", "ask-anybody-whom-you-know-and-trust"),
)


@pytest.mark.parametrize(("name", "value"), SECRETS)
def test_a_secret_is_seen_and_never_shown(name: str, value: str) -> None:
    """By its name or by its shape, in a variable as in a ConfigMap."""
    for made in (variable(name, value), config(name, value)):
        found = findings([made], "secret-in-variable", "secret-in-config-map")
        assert len(found) == 1
        shown = json.dumps([*told(found), *(f.remediation for f in found)])
        assert not any(part in shown for part in (value, "hunter2", value[-8:]))


@pytest.mark.parametrize(("name", "value"), HARMLESS)
def test_what_is_no_secret_is_none(name: str, value: str) -> None:
    """A reference, a path, a number, a name of a Secret."""
    for made in (variable(name, value), config(name, value)):
        assert findings([made], "secret-in-variable", "secret-in-config-map") == []


@given(st.text(alphabet="abcXYZ0189!#%^&*()_+=~", min_size=12))
def test_no_password_is_shown(password: str) -> None:
    """Whatever it is made of."""
    made = variable("DATABASE_PASSWORD", password)
    assert not any(password in text for text in told(findings([made])))


# --- ports


def containers(*ports: list[int], **more: Any) -> Manifest:
    """A pod with a container for each list of ports."""
    made = [
        {"name": f"c{number}", "ports": [{"containerPort": port} for port in listed]}
        for number, listed in enumerate(ports)
    ]
    return pod({"containers": made, **more})


@pytest.mark.parametrize(
    ("ports", "count"),
    [(([80], [81]), 0), (([80], [80]), 1), (([80], [80], [80]), 2), (([80, 81], [81, 80]), 2)],
)
def test_each_port_of_a_pod_has_one_container(ports: tuple[list[int], ...], count: int) -> None:
    """Containers of a pod share one network."""
    assert len(findings([containers(*ports)], "pod-ports-collide")) == count


def test_a_port_has_a_protocol() -> None:
    """TCP 53 and UDP 53 are two ports."""
    made = containers([53], [53])
    made["spec"]["containers"][1]["ports"][0]["protocol"] = "UDP"
    assert findings([made], "pod-ports-collide") == []


@pytest.mark.parametrize(
    ("command", "grace", "count"),
    [
        (["sleep", "30"], None, 1),
        (["sleep", "29"], None, 0),
        (["/bin/sleep", "40"], 40, 1),
        (["sh", "-c", "sleep 20; sleep 20"], 40, 1),
        (["sh", "-c", "/bin/sleep 20s && kill 1"], 20, 1),
        (["sh", "-c", "usleep 90"], None, 0),
        (["sh", "-c", "sleep $WAIT"], None, 0),
        (["sleep", "30"], 60, 0),
    ],
)
def test_a_wait_before_the_stop_leaves_time(
    command: list[str], grace: int | None, count: int
) -> None:
    """The grace period runs during preStop too."""
    hook = {"preStop": {"exec": {"command": command}}}
    spec: Manifest = {"containers": [{"name": "web", "lifecycle": hook}]}
    if grace is not None:
        spec["terminationGracePeriodSeconds"] = grace
    assert len(findings([pod(spec)], "grace-below-pre-stop")) == count
