"""Who scales what: autoscalers by their targets, and how many pods a workload may have."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any, NamedTuple

from mistersmith_k8s.checks.shape import integer, lookup, mapping, text
from mistersmith_k8s.checks.world import fact

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mistersmith_k8s.checks.finding import Path
    from mistersmith_k8s.checks.world import Object, World

HPA = "HorizontalPodAutoscaler"
VPA = "VerticalPodAutoscaler.autoscaling.k8s.io"
SCALED = "ScaledObject.keda.sh"

HANDED_OVER = "scaledobject.keda.sh/transfer-hpa-ownership"
KEDA_MOST = 100  # Source: keda.sh/docs, ScaledObject specification, maxReplicaCount.
SCALABLE = ("Deployment", "StatefulSet", "ReplicaSet", "ReplicationController")

# A quarter, rounded up. Source: k8s.io/api/apps/v1, RollingUpdateDeployment.maxSurge.
DEFAULT_SURGE = "25%"


class Target(NamedTuple):
    """What an autoscaler points at: kind with its group, as `Object.kind`, and name."""

    kind: str
    name: str


class Scaler(NamedTuple):
    """An autoscaler with its target and bounds; `None` where they are not given."""

    item: Object
    path: Path
    target: Target
    least: int | None
    most: int | None


def target_of(reference: Any) -> Target:
    """The target of a `scaleTargetRef` or `targetRef`; KEDA's may leave out all but the name."""
    given = mapping(reference)
    group = text(given.get("apiVersion")).rpartition("/")[0]
    kind = text(given.get("kind")) or "Deployment"
    return Target(f"{kind}.{group}" if "." in group else kind, text(given.get("name")))


def scaler_of(item: Object) -> Scaler | None:
    """The object as an autoscaler of replicas; None when it names no target."""
    path = ("spec", "scaleTargetRef")
    target = target_of(item.at(*path))
    least, most = _BOUNDS.get(item.kind, ("", ""))
    if not most or not target.name:
        return None
    spec = item.spec
    default = KEDA_MOST if item.kind == SCALED else None
    top = integer(spec.get(most))
    return Scaler(item, path, target, integer(spec.get(least)), default if top is None else top)


_BOUNDS = {
    HPA: ("minReplicas", "maxReplicas"),
    SCALED: ("minReplicaCount", "maxReplicaCount"),
}


@fact
def scalers(world: World) -> Mapping[tuple[str, Target], Sequence[Scaler]]:
    """The autoscalers of replicas by namespace and target."""
    found: dict[tuple[str, Target], list[Scaler]] = defaultdict(list)
    handed_over = {_handed_over(item) for item in world.of(SCALED)}
    for item in world.of(HPA, SCALED):
        scaler = scaler_of(item)
        if scaler and (item.given_namespace, item.ref.name) not in handed_over:
            found[item.given_namespace, scaler.target].append(scaler)
    return found


def _handed_over(item: Object) -> tuple[str, str]:
    """The HorizontalPodAutoscaler that a ScaledObject takes over."""
    path = ("advanced", "horizontalPodAutoscalerConfig", "name")
    name = text(lookup(item.spec, path)) if HANDED_OVER in item.annotations else ""
    return item.given_namespace, name


def scalers_of(workload: Object, world: World) -> Sequence[Scaler]:
    """The autoscalers that point at a workload."""
    target = Target(workload.kind, workload.ref.name)
    return scalers(world).get((workload.given_namespace, target), ())


class Replicas(NamedTuple):
    """How many pods of a workload there are: now, at most, and more while a rollout runs."""

    now: int
    most: int
    surge: int


def replicas(workload: Object, world: World) -> Replicas:
    """How many pods of a workload there may be at one time."""
    kind, spec = workload.kind, workload.spec
    if kind in {"Job", "CronJob"}:
        path = ("jobTemplate", "spec", "parallelism") if kind == "CronJob" else ("parallelism",)
        parallel = integer(lookup(spec, path))
        running = 1 if parallel is None else parallel
        return Replicas(running, running, 0)
    if kind not in SCALABLE:
        return Replicas(0 if kind == "PodTemplate" else 1, 0 if kind == "PodTemplate" else 1, 0)
    given = integer(spec.get("replicas"))
    fixed = 1 if given is None else given
    bounds = scalers_of(workload, world)
    least = max((s.least if s.least is not None else 1 for s in bounds), default=fixed)
    most = max((s.most for s in bounds if s.most is not None), default=max(fixed, least))
    return Replicas(least, most, _surge(workload, most))


def _surge(workload: Object, most: int) -> int:
    """How many pods a rollout adds to a Deployment at full scale."""
    strategy = mapping(workload.spec.get("strategy"))
    if workload.kind != "Deployment" or strategy.get("type") == "Recreate":
        return 0
    written = lookup(strategy, ("rollingUpdate", "maxSurge"))
    return share(DEFAULT_SURGE if written is None else written, most, up=True) or 0


def share(value: Any, whole: int, *, up: bool) -> int | None:
    """A number, or a percentage of the whole as a number; None when it is neither."""
    number = integer(value)
    if number is not None:
        return number
    digits = text(value).removesuffix("%")
    if not digits.isascii() or not digits.isdigit() or digits == value or len(digits) > _DIGITS:
        return None
    scaled = int(digits) * whole
    return -(-scaled // 100) if up else scaled // 100


_DIGITS = 9  # more are no percentage
