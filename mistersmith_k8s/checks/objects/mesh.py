"""Custom resources of Istio: fields and kinds that it does not have."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from mistersmith_k8s.checks.check import Flaw, check
from mistersmith_k8s.checks.finding import Severity
from mistersmith_k8s.checks.objects.backends import DESTINATION_RULE
from mistersmith_k8s.checks.shape import items, mapping, text
from mistersmith_k8s.checks.world import fact

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mistersmith_k8s.checks.finding import Path
    from mistersmith_k8s.checks.world import Object, World

OPERATOR = "IstioOperator.install.istio.io"

# Field → the fields below it; None where anything may stand.
# Source: https://istio.io/latest/docs/reference/config/networking/destination-rule/
Fields = Mapping[str, "Fields | None"]


def _plain(*names: str) -> dict[str, Fields | None]:
    return dict.fromkeys(names, None)


_TCP: Fields = {
    **_plain("maxConnections", "connectTimeout", "maxConnectionDuration", "idleTimeout"),
    "tcpKeepalive": _plain("probes", "time", "interval"),
}
_HTTP: Fields = _plain(
    *("http1MaxPendingRequests", "http2MaxRequests", "maxRequestsPerConnection", "maxRetries"),
    *("idleTimeout", "h2UpgradePolicy", "useClientProtocol", "maxConcurrentStreams"),
)
_BALANCER: Fields = {
    **_plain("simple", "localityLbSetting", "warmupDurationSecs", "warmup"),
    "consistentHash": _plain(
        *("httpHeaderName", "httpCookie", "useSourceIp", "httpQueryParameterName"),
        *("minimumRingSize", "ringHash", "maglev"),
    ),
}
_OUTLIERS: Fields = _plain(
    *("consecutiveErrors", "splitExternalLocalOriginErrors", "consecutiveLocalOriginFailures"),
    *("consecutiveGatewayErrors", "consecutive5xxErrors", "interval", "baseEjectionTime"),
    *("maxEjectionPercent", "minHealthPercent"),
)
_PER_PORT: Fields = {
    "connectionPool": {"tcp": _TCP, "http": _HTTP},
    "loadBalancer": _BALANCER,
    "outlierDetection": _OUTLIERS,
    **_plain("tls"),
}
_POLICY: Fields = {
    **_PER_PORT,
    **_plain("tunnel", "proxyProtocol", "retryBudget"),
    "portLevelSettings": {**_PER_PORT, **_plain("port")},
}
DESTINATION_RULE_SPEC: Fields = {
    **_plain("host", "exportTo", "workloadSelector"),
    "trafficPolicy": _POLICY,
    "subsets": {**_plain("name", "labels"), "trafficPolicy": _POLICY},
}


@check(Severity.ERROR, DESTINATION_RULE)
def mesh_fields(item: Object, world: World) -> Iterator[Flaw]:
    """A DestinationRule has the fields that Istio has: others are refused, or dropped unseen."""
    if "destinationrules.networking.istio.io" not in _defined(world):
        yield from _unknown(("spec",), item.spec, DESTINATION_RULE_SPEC)


def _unknown(path: Path, value: Any, fields: Fields) -> Iterator[Flaw]:
    if isinstance(value, list | tuple):
        for index, part in enumerate(items(value)):
            yield from _unknown((*path, index), part, fields)
        return
    for key, part in mapping(value).items():
        name = text(key)
        if name not in fields:
            near = get_close_matches(name, fields, n=1)
            mend = f"Use {near[0]}." if near else f"Use one of {', '.join(sorted(fields))}."
            yield Flaw((*path, name), f'unknown field "{name}"', mend)
        else:
            below = fields[name]
            if below is not None:
                yield from _unknown((*path, name), part, below)


@fact
def _defined(world: World) -> frozenset[str]:
    """The names of the definitions that the input has; their kinds are checked by these."""
    own = (item.manifest for item in world.of("CustomResourceDefinition"))
    metadata = (mapping(mapping(crd).get("metadata")) for crd in (*own, *world.setting.crds))
    return frozenset(text(entry.get("name")) for entry in metadata)


@check(Severity.WARNING, OPERATOR)
def mesh_operator(item: Object, world: World) -> Iterator[Flaw]:
    """No cluster knows the kind IstioOperator: the operator was removed in Istio 1.24.

    Only istioctl reads such a file; it must not lie where manifests are applied from.
    Source: https://istio.io/latest/blog/2024/in-cluster-operator-deprecation-announcement/
    """
    if "istiooperators.install.istio.io" in _defined(world):
        return
    message = f"{item.ref.kind} is applied by nobody since Istio 1.24: clusters have no such kind"
    mend = "Install Istio by its Helm charts, or give the file to istioctl and not to the cluster."
    yield Flaw(("kind",), message, mend)


CHECKS = (mesh_fields, mesh_operator)
