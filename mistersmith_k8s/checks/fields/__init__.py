"""Field rules: what the API server refuses and a schema cannot say."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mistersmith_k8s.checks.fields import (
    admission,
    autoscaler,
    claims,
    cluster,
    config,
    containers,
    crds,
    endpoints,
    env,
    flow_control,
    ingress,
    jobs,
    limit_ranges,
    metadata,
    mounts,
    network_policy,
    pod_annotations,
    pod_spec,
    policies,
    ports,
    probes,
    rbac,
    resources,
    scheduling,
    security,
    services,
    storage,
    storage_classes,
    templates,
    volumes,
    windows,
    workloads,
)

if TYPE_CHECKING:
    from mistersmith_k8s.checks.check import Check

MODULES = (
    metadata,
    templates,
    workloads,
    jobs,
    containers,
    ports,
    env,
    probes,
    mounts,
    volumes,
    resources,
    security,
    windows,
    pod_spec,
    pod_annotations,
    scheduling,
    services,
    endpoints,
    ingress,
    network_policy,
    autoscaler,
    policies,
    limit_ranges,
    rbac,
    config,
    claims,
    storage,
    storage_classes,
    admission,
    crds,
    cluster,
    flow_control,
)
CHECKS: tuple[Check, ...] = tuple(check for module in MODULES for check in module.CHECKS)
