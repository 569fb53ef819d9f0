"""Cross-object checks: what must be found, what must not, and what holds for all of them."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mistersmith_k8s.checks import INDEX, examine, load, run
from mistersmith_k8s.checks.finding import Severity
from mistersmith_k8s.checks.objects.declared import DECLARED
from mistersmith_k8s.checks.selection import OUTSIDE
from mistersmith_k8s.checks.shape import lookup
from mistersmith_k8s.checks.world import Object, Setting, World
from mistersmith_k8s.connections import DECLARED as OUR_DECLARED
from mistersmith_k8s.connections import OUTSIDE as OUR_OUTSIDE
from mistersmith_k8s.platform import Environment
from mistersmith_k8s.schemas import MINORS
from tests.worlds import FIXTURES, Manifest, at, documents, findings, folder, platform, told

if TYPE_CHECKING:
    import random

    from mistersmith_k8s.checks.finding import Path

CHARTS = sorted((FIXTURES / "charts").glob("*.yaml"))
SPECIFICATION = folder("specification")


# --- no false alarms


@pytest.mark.parametrize("environment", Environment)
def test_the_platform_is_found_innocent(environment: Environment) -> None:
    """In every environment, for every Kubernetes, nothing is found and all is checked."""
    world = World(map(Object, platform(environment)), Setting(minors=MINORS))
    assert examine(world) == ([], [], 0)


@pytest.mark.parametrize("chart", CHARTS, ids=lambda file: file.stem)
def test_a_chart_of_others_is_found_innocent(chart: Any) -> None:
    """What people run in production works, so nothing is said of it."""
    assert told(findings(chart.read_text(encoding="utf-8"))) == []


def test_our_annotations_are_those_that_the_platform_writes() -> None:
    """Checks see manifests only, so they spell the names themselves."""
    assert (DECLARED, OUTSIDE) == (OUR_DECLARED, OUR_OUTSIDE)


# --- what holds for all checks


def test_checks_change_nothing() -> None:
    """A manifest is the same after it was checked."""
    manifests = [item.manifest for item in SPECIFICATION]
    before = copy.deepcopy(manifests)
    run(map(Object, manifests))
    assert manifests == before


@settings(max_examples=20, deadline=None)
@given(st.randoms(use_true_random=False))
def test_order_changes_nothing(shuffle: random.Random) -> None:
    """The order of files and documents decides nothing but the order of findings."""
    for objects in (SPECIFICATION, [*map(Object, platform())]):
        shuffled = shuffle.sample(objects, len(objects))
        assert set(run(shuffled)) == set(run(objects))


def test_findings_are_sorted() -> None:
    """By file, then by object, then by path: as one reads."""
    found = run(SPECIFICATION)
    order = {id(item): place for place, item in enumerate(SPECIFICATION)}
    places = [
        (f.file, next(order[id(o)] for o in SPECIFICATION if (o.file, o.ref) == (f.file, f.object)))
        for f in found
    ]
    assert places == sorted(places, key=lambda place: (str(place[0]), place[1]))


ODD: tuple[Any, ...] = (
    None,
    True,
    0,
    -1,
    2**70,
    1.5,
    "",
    "a",
    "$(A)",
    "100%",
    [],
    [None],
    [[]],
    {},
    {"a": {}},
    {1: 2},
)
BASE = [item.manifest for item in SPECIFICATION]


def paths(value: Any, path: Path = ()) -> list[Path]:
    """Every path in a value."""
    inside = value.items() if isinstance(value, dict) else enumerate(value)
    found = [(*path, key) for key, _ in inside]
    nested = value.items() if isinstance(value, dict) else enumerate(value)
    deeper = [p for key, v in nested if isinstance(v, dict | list) for p in paths(v, (*path, key))]
    return found + deeper


PLACES = [(number, path) for number, manifest in enumerate(BASE) for path in paths(manifest)]


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(PLACES), st.sampled_from(ODD)), max_size=12))
def test_nothing_crashes_a_check(changes: list[tuple[tuple[int, Path], Any]]) -> None:
    """Whatever stands anywhere, the worst is a finding."""
    manifests = copy.deepcopy(BASE)
    for (number, path), value in changes:
        put(manifests[number], path, copy.deepcopy(value))
    examine(World(map(Object, manifests)), load(BETWEEN_OBJECTS))


def put(value: Any, path: Path, new: Any) -> None:
    """Set a value at a path, where the path still leads somewhere."""
    *steps, last = path
    for step in steps:
        value = lookup(value, (step,))
    within = isinstance(last, int) and isinstance(value, list) and last < len(value)
    if within or isinstance(value, dict):
        value[last] = new


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=10,
)
BETWEEN_OBJECTS = [name for name, place in INDEX.items() if place.module.startswith("objects.")]
KINDS = sorted({kind for place in INDEX.values() for kind in place.kinds})


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(KINDS), JSON, JSON), max_size=5))
def test_no_object_crashes_a_check(made: list[tuple[str, Any, Any]]) -> None:
    """Objects of any kind with any content."""
    groups = {"Deployment": "apps/v1", "NetworkPolicy": "networking.k8s.io/v1"}
    manifests = []
    for kind, metadata, spec in made:
        name, _, group = kind.partition(".")
        version = f"{group}/v1" if group else groups.get(name, "v1")
        body = {"spec": spec, "data": spec, "subjects": spec, "webhooks": spec, "roleRef": spec}
        manifests.append({"apiVersion": version, "kind": name, "metadata": metadata, **body})
    examine(World(map(Object, manifests)), load(BETWEEN_OBJECTS))


# --- a mutation of a valid platform is found

ORCHESTRATOR = ("Deployment", "mister-smith-orchestrator")
WORKER = ("Deployment", "mister-smith-worker")
POD = ("spec", "template", "spec")
MUTATIONS: tuple[tuple[str, tuple[str, str], Path, Any], ...] = (
    ("unknown-service-account", ORCHESTRATOR, (*POD, "serviceAccountName"), "other"),
    ("unknown-priority-class", ORCHESTRATOR, (*POD, "priorityClassName"), "other"),
    ("unknown-config-map", ORCHESTRATOR, (*POD, "volumes", 0, "configMap", "name"), "other"),
    ("probe-ports", WORKER, (*POD, "containers", 0, "readinessProbe", "httpGet", "port"), "web"),
    ("mutable-image", WORKER, (*POD, "containers", 0, "image"), "registry.example/worker:latest"),
    ("service-selects", ("Service", "mister-smith-worker"), ("spec", "selector", "app"), "other"),
    (
        "service-target-port",
        ("Service", "mister-smith-worker"),
        ("spec", "ports", 0, "targetPort"),
        "web",
    ),
    (
        "unknown-scale-target",
        ("HorizontalPodAutoscaler", "mister-smith-worker-hpa"),
        ("spec", "scaleTargetRef", "name"),
        "other",
    ),
    ("replicas-beside-autoscaler", WORKER, ("spec", "replicas"), 2),
    (
        "quota-holds",
        ("HorizontalPodAutoscaler", "mister-smith-worker-hpa"),
        ("spec", "maxReplicas"),
        400,
    ),
    (
        "budget-selects",
        ("PodDisruptionBudget", "mister-smith-worker"),
        ("spec", "selector", "matchLabels", "app"),
        "other",
    ),
    ("budget-blocks", ("PodDisruptionBudget", "nats"), ("spec", "maxUnavailable"), 0),
    (
        "pod-security",
        ORCHESTRATOR,
        (*POD, "containers", 0, "securityContext", "allowPrivilegeEscalation"),
        True,
    ),
    (
        "policy-selects",
        ("NetworkPolicy", "nats-netpol"),
        ("spec", "podSelector", "matchLabels", "app"),
        "other",
    ),
    ("declared-connections", ("NetworkPolicy", "nats-netpol"), ("spec", "ingress"), []),
    ("declared-connections", ("NetworkPolicy", "nats-netpol"), ("spec", "egress"), [{}]),
    ("declared-connections", ORCHESTRATOR, ("metadata", "annotations", DECLARED), "nats TCP 1"),
    ("dns-cut-off", ("NetworkPolicy", "mister-smith-worker-netpol"), ("spec", "egress", 5), {
        "to": [{"podSelector": {}}]
    }),
    ("policy-dns-anywhere", ("NetworkPolicy", "mister-smith-worker-netpol"), (
        "spec", "egress", 5, "to",
    ), []),
    ("namespace-undeclared", ("Service", "mister-smith-worker"), ("metadata", "namespace"), "x"),
    ("pods-of-another", WORKER, ("metadata", "name"), "renamed"),
    (
        "unknown-key",
        ("ConfigMap", "mister-smith-worker-config"),
        ("data",),
        {"agent.tier": "standard"},
    ),
    ("priority-class-default", ("PriorityClass", "mister-smith-high"), ("globalDefault",), True),
)  # fmt: skip


@pytest.mark.parametrize(
    ("check", "object_", "path", "value"),
    MUTATIONS,
    ids=lambda given: given if isinstance(given, str) else "",
)
def test_a_mutation_is_found(check: str, object_: tuple[str, str], path: Path, value: Any) -> None:
    """One field of the platform changes, and the check for it says so."""
    manifests = platform()
    if check == "pods-of-another":
        manifests.append(copy.deepcopy(at(manifests, *object_)))
    put(at(manifests, *object_), path, value)
    assert check in {finding.check for finding in findings(manifests)}


NEEDED = (
    ("ServiceAccount", "nats", "unknown-service-account"),
    ("ServiceAccount", "mister-smith-worker", "unknown-service-account"),
    ("ConfigMap", "mister-smith-worker-config", "unknown-config-map"),
    ("PriorityClass", "mister-smith-normal", "unknown-priority-class"),
    ("Deployment", "mister-smith-worker", "unknown-scale-target"),
    ("StatefulSet", "nats", "service-selects"),
    ("LimitRange", "mister-smith-system-limits", "quota-defaults"),
    ("Service", "nats", "unknown-host"),
    ("PodDisruptionBudget", "nats", "budget-missing"),
    ("Namespace", "mister-smith-system", "namespace-undeclared"),
    ("NetworkPolicy", "nats-netpol", "declared-connections"),
    ("NetworkPolicy", "mister-smith-orchestrator-netpol", "declared-connections"),
)


@pytest.mark.parametrize(("kind", "name", "check"), NEEDED)
def test_a_missing_object_is_missed(kind: str, name: str, check: str) -> None:
    """Each object that others need: without it, one of them is found guilty."""
    left = [m for m in platform() if (m["kind"], m["metadata"]["name"]) != (kind, name)]
    assert check in {finding.check for finding in findings(left)}


# --- what is known to be elsewhere

LONE = """
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
    spec:
      serviceAccountName: web
      containers: [{name: web, image: "registry.example/web:1.2.3"}]
"""


def test_what_is_declared_external_is_not_missed() -> None:
    """By kind, namespace and name, with wildcards."""
    assert len(findings(LONE)) == 1
    for pattern in ("ServiceAccount/shop/web", "ServiceAccount/*/*", "*/shop/*"):
        assert findings(LONE, setting=Setting(external=(pattern,))) == []
    assert len(findings(LONE, setting=Setting(external=("ServiceAccount/other/*",)))) == 1


def test_what_could_not_be_read_may_be_what_is_missing() -> None:
    """A finding that depends on an object that did not parse is not one."""
    assert findings(LONE, setting=Setting(complete=False)) == []


def test_a_lone_manifest_is_only_warned_of() -> None:
    """Where the input is evidently not all there is, what is missing may be elsewhere."""
    namespace, deployment = documents(LONE)
    assert [f.severity for f in findings([namespace, deployment])] == [Severity.ERROR]
    assert [f.severity for f in findings([deployment])] == [Severity.WARNING]


@pytest.mark.parametrize("namespace", ["shop", None])
def test_a_namespace_may_be_given_when_applying(namespace: str | None) -> None:
    """An object without a namespace is in that of those that refer to it."""
    account: Manifest = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "web"}}
    if namespace:
        account["metadata"]["namespace"] = namespace
    assert findings([*documents(LONE), account]) == []
