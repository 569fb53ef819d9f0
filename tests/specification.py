"""The defects of the specification's own YAML, each with a finding on the object that has it.

The fixtures hold its objects with their values. Two of them, in `applied/`, hold what its tables
say of them: the premium tier on the workers, the environment variables on the orchestrator.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from mistersmith_k8s.checks import examine
from mistersmith_k8s.checks.world import World
from tests.worlds import folder

if TYPE_CHECKING:
    from mistersmith_k8s.checks.finding import Finding

WHOLE = "specification"
APPLIED = "specification/applied"

SYSTEM, WORKLOAD = "mister-smith-system", "mister-smith-workload"
ORCHESTRATOR = f"Deployment {SYSTEM}/mister-smith-orchestrator"
WORKER = f"Deployment {WORKLOAD}/mister-smith-worker"
HPA = f"HorizontalPodAutoscaler {WORKLOAD}/mister-smith-worker-hpa"
CUSTOM_HPA = f"HorizontalPodAutoscaler {WORKLOAD}/mister-smith-worker-custom-hpa"
WORKER_VPA = f"VerticalPodAutoscaler {WORKLOAD}/mister-smith-worker-vpa"
ORCHESTRATOR_VPA = f"VerticalPodAutoscaler {SYSTEM}/mister-smith-orchestrator-vpa"
POLICY = f"NetworkPolicy {SYSTEM}/mister-smith-orchestrator-netpol"
WORKLOAD_QUOTA = f"ResourceQuota {WORKLOAD}/mister-smith-workload-quota"
TRAFFIC = f"DestinationRule {SYSTEM}/mister-smith-orchestrator"
SERVICE = f"Service {WORKLOAD}/mister-smith-worker"


class Defect(NamedTuple):
    """A defect: where it is, the check that finds it, and the field that is to blame."""

    id: str
    what: str
    object: str
    check: str
    field: str
    files: str = WHOLE


CONTAINER = "spec.template.spec.containers[0]"
SCALED = "spec.scaleTargetRef.name"

DEFECTS = (
    *(
        Defect("D01", "Pods that their namespace refuses", ORCHESTRATOR, "pod-security", field)
        for field in (
            "spec.template.spec.volumes[2].hostPath",
            f"{CONTAINER}.securityContext.allowPrivilegeEscalation",
            f"{CONTAINER}.securityContext.capabilities.drop",
            f"{CONTAINER}.securityContext.seccompProfile.type",
        )
    ),
    *(
        Defect("D01", "Pods that their namespace warns of", WORKER, "pod-security", field)
        for field in (
            f"{CONTAINER}.securityContext.allowPrivilegeEscalation",
            f"{CONTAINER}.securityContext.capabilities.drop",
            f"{CONTAINER}.securityContext.seccompProfile.type",
        )
    ),
    *(
        Defect(
            "D02",
            "Two Namespaces of one name",
            f"Namespace {name}",
            "duplicate-identity",
            "metadata.name",
        )
        for name in (SYSTEM, WORKLOAD)
    ),
    *(
        Defect(
            "D03",
            "Namespaces without a Pod Security level",
            f"Namespace {name}",
            "pod-security-labels",
            "metadata.labels",
        )
        for name in ("mister-smith-data", "mister-smith-monitoring")
    ),
    *(
        Defect(
            "D03",
            "Levels without a version",
            f"Namespace {name}",
            "pod-security-version",
            "metadata.labels[pod-security.kubernetes.io/enforce]",
        )
        for name in (SYSTEM, WORKLOAD)
    ),
    Defect(
        "D04",
        "An API that was removed",
        "PodSecurityPolicy mister-smith-restricted",
        "removed-api",
        "apiVersion",
    ),
    *(
        Defect(
            "D05",
            "Namespaces known by a label of one's own",
            POLICY,
            "policy-namespace-label",
            f"spec.{place}.namespaceSelector",
        )
        for place in (
            "ingress[0].from[0]",
            "ingress[1].from[0]",
            "egress[0].to[0]",
            "egress[1].to[0]",
        )
    ),
    Defect(
        "D07",
        "A ServiceAccount that is missing",
        ORCHESTRATOR,
        "unknown-service-account",
        "spec.template.spec.serviceAccountName",
    ),
    Defect(
        "D07",
        "A ServiceAccount that is missing",
        WORKER,
        "unknown-service-account",
        "spec.template.spec.serviceAccountName",
    ),
    Defect(
        "D08",
        "A ConfigMap that is missing",
        ORCHESTRATOR,
        "unknown-config-map",
        "spec.template.spec.volumes[0].configMap.name",
    ),
    Defect(
        "D08",
        "A ConfigMap that is missing",
        WORKER,
        "unknown-config-map",
        f"{CONTAINER}.env[2].valueFrom.configMapKeyRef.name",
    ),
    Defect(
        "D09",
        "A Service that is missing",
        f"VirtualService {SYSTEM}/mister-smith-orchestrator",
        "unknown-backend",
        "spec.http[0].route[0].destination.host",
    ),
    Defect("D09", "A Service that is missing", TRAFFIC, "unknown-mesh-host", "spec.host"),
    Defect(
        "D09",
        "A Service that is missing",
        ORCHESTRATOR,
        "unknown-host",
        f"{CONTAINER}.env[3].value",
    ),
    Defect("D09", "A Service that is missing", WORKER, "unknown-host", f"{CONTAINER}.env[3].value"),
    Defect("D14", "Pods that are evicted without a budget", ORCHESTRATOR, "budget-missing", "spec"),
    Defect("D14", "Pods that are evicted without a budget", WORKER, "budget-missing", "spec"),
    Defect(
        "D17",
        "Metrics on another port than is scraped",
        ORCHESTRATOR,
        "scrape-port",
        "spec.template.metadata.annotations[prometheus.io/port]",
    ),
    Defect(
        "D17",
        "The metrics port of the variables is that of gRPC",
        ORCHESTRATOR,
        "port-variables",
        f"{CONTAINER}.env[1].value",
        APPLIED,
    ),
    Defect("D21", "An image that moves", ORCHESTRATOR, "mutable-image", f"{CONTAINER}.image"),
    Defect("D21", "An image that moves", WORKER, "mutable-image", f"{CONTAINER}.image"),
    Defect(
        "D34",
        "A quota without defaults",
        f"ResourceQuota {SYSTEM}/mister-smith-system-quota",
        "quota-defaults",
        "spec.hard",
    ),
    Defect("D34", "A quota without defaults", WORKLOAD_QUOTA, "quota-defaults", "spec.hard"),
    *(
        Defect(
            "D35",
            "Premium workers do not fit the quota",
            WORKLOAD_QUOTA,
            "quota-holds",
            f"spec.hard[{key}]",
            APPLIED,
        )
        for key in ("requests.cpu", "limits.cpu")
    ),
    *(
        Defect(
            "D35",
            "Workers as large as their autoscaler makes them do not fit the quota",
            WORKLOAD_QUOTA,
            "quota-holds",
            f"spec.hard[{key}]",
        )
        for key in ("requests.cpu", "requests.memory", "limits.cpu", "limits.memory")
    ),
    Defect(
        "D36",
        "A name that promises another quality of service",
        f"ConfigMap {SYSTEM}/mister-smith-resource-tiers",
        "quality-promised",
        "data[minimal.yaml]",
    ),
    Defect(
        "D37",
        "A priority for the whole cluster",
        "PriorityClass normal",
        "priority-class-default",
        "globalDefault",
    ),
    Defect(
        "D40",
        "Peers that are alternatives",
        POLICY,
        "policy-peers-ored",
        "spec.ingress[0].from[1]",
    ),
    Defect(
        "D41",
        "A namespace that lets nobody in to NATS",
        f"NetworkPolicy {SYSTEM}/deny-all-default",
        "policy-cuts-off",
        "spec.podSelector",
    ),
    *(
        Defect(
            "D43",
            "A namespace that is open",
            f"Namespace {name}",
            "namespace-open",
            "metadata.name",
        )
        for name in (WORKLOAD, "mister-smith-data", "mister-smith-monitoring")
    ),
    Defect("D44", "DNS to anywhere", POLICY, "policy-dns-anywhere", "spec.egress[2]"),
    Defect("D47", "Two autoscalers of one workload", HPA, "autoscaler-owners", SCALED),
    Defect("D47", "Two autoscalers of one workload", CUSTOM_HPA, "autoscaler-owners", SCALED),
    Defect(
        "D48",
        "Two autoscalers that follow one metric",
        WORKER_VPA,
        "autoscalers-on-one-metric",
        "spec.updatePolicy.updateMode",
    ),
    Defect(
        "D49",
        "A metric without a provider",
        HPA,
        "autoscaler-metrics",
        "spec.metrics[2].pods.metric.name",
    ),
    *(
        Defect("D49", "A metric without a provider", CUSTOM_HPA, "autoscaler-metrics", field)
        for field in ("spec.metrics[2].pods.metric.name", "spec.metrics[4].external.metric.name")
    ),
    Defect(
        "D51",
        "Replicas that each sync resets",
        WORKER,
        "replicas-beside-autoscaler",
        "spec.replicas",
    ),
    *(
        Defect(
            "D53",
            "A mode that is deprecated",
            name,
            "vertical-auto-mode",
            "spec.updatePolicy.updateMode",
        )
        for name in (WORKER_VPA, ORCHESTRATOR_VPA)
    ),
    Defect("D54", "The wrong pods are scaled", HPA, "autoscaler-unserved", SCALED),
    Defect("D54", "The wrong pods are scaled", CUSTOM_HPA, "autoscaler-unserved", SCALED),
    Defect(
        "D54", "The wrong pods are scaled", WORKER_VPA, "autoscaler-unserved", "spec.targetRef.name"
    ),
    *(
        Defect(
            "D58",
            "A Service without pods",
            f"{SERVICE}{colour}",
            "service-selects",
            "spec.selector",
        )
        for colour in ("", "-blue", "-green")
    ),
    *(
        Defect(
            "D65",
            "Fields that Istio does not have",
            TRAFFIC,
            "mesh-fields",
            f"spec.trafficPolicy.{field}",
        )
        for field in (
            "circuitBreaker",
            "connectionPool.http.consecutiveGatewayErrors",
            "connectionPool.http.interval",
            "connectionPool.http.baseEjectionTime",
        )
    ),
    Defect(
        "D66",
        "A kind that no cluster has",
        "IstioOperator istio-system/mister-smith-control-plane",
        "mesh-operator",
        "kind",
    ),
)

INTRODUCTION = """\
# The specification's own YAML, judged

<!-- Generated by `python -m tests.specification`. Do not edit. -->

What the checks say of the manifests in the specification, defect by defect. The platform that this
package renders has none of these findings.

| defect | what | object | finding | field |
|---|---|---|---|---|
"""


def found(files: str) -> list[Finding]:
    """The findings of all checks on the specification's objects, each file of `applied` alone."""
    objects = folder(files)
    together = [objects]
    if files == APPLIED:
        names = sorted({str(item.file) for item in objects})
        together = [[item for item in objects if item.file == name] for name in names]
    return [finding for group in together for finding in examine(World(group)).findings]


def page() -> str:
    """The table of defects and findings."""
    rows = (
        f"| {d.id} | {d.what} | {d.object} | [`{d.check}`](checks.md#{d.check}) | `{d.field}` |\n"
        for d in DEFECTS
    )
    return "".join((INTRODUCTION, *rows))


def main() -> None:
    """Write the table into the docs, from the root of the repo."""
    from pathlib import Path  # noqa: PLC0415 - only this needs it

    Path("docs", "specification-findings.md").write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()
