"""Cross-object checks: what is wrong between objects that are each valid."""

from __future__ import annotations

from mistersmith_k8s.checks.objects import (
    autoscalers,
    backends,
    controllers,
    declared,
    disruption,
    identity,
    images,
    isolation,
    mesh,
    pod_security,
    policies,
    ports,
    priorities,
    probes,
    quotas,
    references,
    scheduling,
    secrets,
    services,
    variables,
)

CHECKS = (
    *identity.CHECKS,
    *references.CHECKS,
    *variables.CHECKS,
    *backends.CHECKS,
    *services.CHECKS,
    *controllers.CHECKS,
    *disruption.CHECKS,
    *autoscalers.CHECKS,
    *quotas.CHECKS,
    *pod_security.CHECKS,
    *policies.CHECKS,
    *isolation.CHECKS,
    *declared.CHECKS,
    *images.CHECKS,
    *ports.CHECKS,
    *probes.CHECKS,
    *scheduling.CHECKS,
    *priorities.CHECKS,
    *secrets.CHECKS,
    *mesh.CHECKS,
)
