"""What runs in production, and what a check must not say of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import yaml

from mistersmith_k8s import inputs, validation
from mistersmith_k8s.checks.finding import Severity
from mistersmith_k8s.configuration import Configuration
from tests.worlds import findings

if TYPE_CHECKING:
    from pathlib import Path

OPERATOR = """
apiVersion: v1
kind: Namespace
metadata: {name: store}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: tools, namespace: store}
spec:
  selector: {matchLabels: {app: tools}}
  template:
    metadata: {labels: {app: tools}}
    spec:
      containers:
        - name: tools
          image: registry.example/tools:1.2.3
          volumeMounts: [{name: endpoints, mountPath: /endpoints}]
      volumes: [{name: endpoints, configMap: {name: made-later}}]
---
apiVersion: v1
kind: Service
metadata: {name: dashboard, namespace: store}
spec:
  selector: {app: dashboard}
  ports: [{port: 80}]
"""

BINDING = """
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: operator, namespace: store}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ROLE_KIND, name: ROLE_NAME}
subjects: [{kind: SUBJECT, name: operator, namespace: store}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: operator, namespace: store}
rules: [{apiGroups: [""], resources: [configmaps, pods], verbs: [create]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: reader, namespace: store}
rules: [{apiGroups: [""], resources: [configmaps, pods], verbs: [get]}]
"""


@pytest.mark.parametrize(
    ("kind", "name", "subject", "severity"),
    [
        ("Role", "operator", "ServiceAccount", Severity.WARNING),
        ("ClusterRole", "edit", "ServiceAccount", Severity.WARNING),
        ("Role", "reader", "ServiceAccount", Severity.ERROR),
        ("ClusterRole", "view", "ServiceAccount", Severity.ERROR),
        ("Role", "operator", "Group", Severity.ERROR),
    ],
)
def test_what_a_program_may_make_is_perhaps_made(
    kind: str, name: str, subject: str, severity: Severity
) -> None:
    """An operator makes ConfigMaps and pods that no manifest shows; a reader makes none."""
    binding = BINDING.replace("ROLE_KIND", kind).replace("ROLE_NAME", name)
    world = OPERATOR + binding.replace("SUBJECT", subject)
    found = findings(world, "unknown-config-map", "service-selects")
    assert {item.check: item.severity for item in found} == {
        "unknown-config-map": severity,
        "service-selects": severity,
    }


ELECTED = """
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: ledger, namespace: store}
spec:
  serviceName: ledger
  selector: {matchLabels: {app: ledger}}
  template:
    metadata: {labels: {app: ledger}}
    spec: {containers: [{name: ledger, image: "registry.example/ledger:1.2.3"}]}
---
apiVersion: v1
kind: Service
metadata: {name: leader, namespace: store}
spec:
  selector: {app: ledger, role: leader}
  ports: [{port: 80}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: election}
rules: [{apiGroups: [""], resources: [pods], verbs: [VERB]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: election, namespace: store}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: election}
subjects: [{kind: ServiceAccount, name: ledger, namespace: store}]
"""


@pytest.mark.parametrize(("verb", "count"), [("patch", 0), ("get", 1)])
def test_who_may_label_pods_gives_them_their_role(verb: str, count: int) -> None:
    """A Service for the elected leader selects by a label that the leader gives itself."""
    assert len(findings(ELECTED.replace("VERB", verb), "service-selects")) == count


INJECTED = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: gateway, namespace: edge}
spec:
  selector: {matchLabels: {app: gateway}}
  template:
    metadata:
      labels: {app: gateway}
      annotations: {sidecar.example/inject: "SAID"}
    spec: {containers: [{name: proxy, image: "registry.example/proxy:1.2.3"}]}
---
apiVersion: v1
kind: Service
metadata: {name: gateway, namespace: edge}
spec:
  selector: {app: gateway}
  ports: [{port: 9100, targetPort: telemetry}]
"""


@pytest.mark.parametrize(("said", "count"), [("true", 0), ("false", 1)])
def test_an_injected_container_brings_ports(said: str, count: int) -> None:
    """The port that a Service names may be one of a sidecar that no manifest shows."""
    assert len(findings(INJECTED.replace("SAID", said), "service-target-port")) == count


@pytest.mark.parametrize(
    ("tag", "count"),
    [
        ("v20240911-8b53cabe0", 0),
        ("release-20240911", 0),
        ("main-g1a2b3c4", 0),
        ("1.27-alpine", 0),
        ("8b53cabe0", 0),
        ("v5", 1),
        ("alpine", 1),
        ("deadbeef", 1),
    ],
)
def test_a_date_or_a_commit_in_a_tag_means_one_build(tag: str, count: int) -> None:
    """Whoever builds by date or commit does not move the tag; a word may be moved."""
    pod = f"""
        apiVersion: v1
        kind: Pod
        metadata: {{name: one}}
        spec: {{containers: [{{name: one, image: "registry.example/one:{tag}"}}]}}
    """
    assert len(findings(pod, "mutable-image")) == count


ISOLATED = """
apiVersion: v1
kind: Namespace
metadata: {name: shop}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: "registry.example/web:1.2.3"}]}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: nobody, namespace: shop}
spec: {podSelector: {}, policyTypes: [Ingress, Egress]}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: names, namespace: shop}
spec:
  podSelector: {}
  policyTypes: [Egress]
  egress:
    - to: [{namespaceSelector: {}, podSelector: {matchLabels: {k8s-app: kube-dns}}}]
      ports: [{port: 53, protocol: UDP}, {port: 53, protocol: TCP}]
"""


def test_a_selector_of_all_namespaces_means_more_than_are_declared() -> None:
    """Cluster DNS runs in a namespace that no input declares."""
    ids = ("policy-dead-rule", "policy-cuts-off", "policy-one-sided", "dns-cut-off")
    assert findings(ISOLATED, *ids) == []


SHARED = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: NAME, namespace: shop}
spec:
  selector: {matchLabels: {app: cache}}
  template:
    metadata: {labels: {app: cache, role: NAME}}
    spec: {containers: [{name: cache, image: "registry.example/cache:1.2.3"}]}
"""


def test_two_controllers_of_one_selector_run() -> None:
    """A controller leaves pods alone that another owns: it is untidy, and works."""
    world = f"{SHARED.replace('NAME', 'leader')}---{SHARED.replace('NAME', 'follower')}"
    found = findings(world, "pods-of-another")
    assert [item.severity for item in found] == [Severity.WARNING] * 2


def test_a_port_that_no_container_declares_can_be_scraped() -> None:
    """To declare a port opens nothing, and to leave it out closes nothing."""
    pod = """
        apiVersion: v1
        kind: Pod
        metadata:
          name: pilot
          annotations: {prometheus.io/scrape: "true", prometheus.io/port: "15014"}
        spec:
          containers:
            - name: pilot
              image: registry.example/pilot:1.2.3
              ports: [{containerPort: 8080}]
    """
    assert findings(pod, "scrape-port") == []


def test_another_variable_may_say_the_port() -> None:
    """A program that is told a port under a name of its own does not read that of Kubernetes."""
    world = """
        apiVersion: v1
        kind: Service
        metadata: {name: cache-master, namespace: shop}
        spec: {selector: {app: cache}, ports: [{port: 6379}]}
        ---
        apiVersion: v1
        kind: Pod
        metadata: {name: replica, namespace: shop, labels: {app: cache}}
        spec:
          containers:
            - name: replica
              image: registry.example/cache:1.2.3
              env:
                - {name: CACHE_MASTER_HOST, value: cache-master}
                - {name: CACHE_MASTER_PORT_NUMBER, value: "6379"}
    """.replace("\n        ", "\n")
    assert findings(world, "service-links") == []


def _config_map(name: str, value: str) -> dict[str, object]:
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": name, "namespace": "shop"},
        "data": {"key": value},
    }


def _report(folder: Path, files: dict[str, list[dict[str, object]]]) -> list[str]:
    for name, manifests in files.items():
        (folder / name).write_text(yaml.safe_dump_all(manifests), encoding="utf-8")
    found = validation.report([str(folder)], Configuration(only=("duplicate-identity",)))
    return [str(finding.severity) for finding in found.findings]


def test_files_that_declare_mostly_the_same_are_alternatives(tmp_path: Path) -> None:
    """Of install.yaml and ha-install.yaml beside each other a cluster gets one."""
    names = ("one", "two", "three", "four")
    files = {
        "install.yaml": [_config_map(name, "small") for name in names],
        "ha-install.yaml": [_config_map(name, "large") for name in names[:3]],
    }
    assert _report(tmp_path, files) == []


def test_files_are_compared_and_connected_together(tmp_path: Path) -> None:
    """Whoever asks who reaches whom names what is applied."""
    manifests = [_config_map(name, "same") for name in ("one", "two", "three")]
    for name in ("a.yaml", "b.yaml"):
        (tmp_path / name).write_text(yaml.safe_dump_all(manifests), encoding="utf-8")
    assert len(inputs.one_group([str(tmp_path)]).objects) == 6


def test_a_file_with_a_variant_is_warned_of(tmp_path: Path) -> None:
    """Of a sample in many variants one is applied after the other; twins by mistake look alike."""
    files = {
        "all.yaml": [_config_map("one", "a"), _config_map("two", "a")],
        "one.yaml": [_config_map("one", "b")],
    }
    assert _report(tmp_path, files) == ["warning"]


def test_twins_among_other_objects_are_a_mistake(tmp_path: Path) -> None:
    """Two files that differ otherwise are both applied, and the last one wins."""
    files = {
        "a.yaml": [_config_map("one", "a"), _config_map("two", "a")],
        "b.yaml": [_config_map("one", "b"), _config_map("three", "b")],
    }
    assert _report(tmp_path, files) == ["error"]
