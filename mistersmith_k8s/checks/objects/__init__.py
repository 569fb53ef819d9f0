"""Cross-object checks: what is wrong between objects that are each valid."""

from __future__ import annotations

from mistersmith_k8s.checks.objects import autoscalers, identity, quotas

CHECKS = (
    *identity.CHECKS,
    *autoscalers.CHECKS,
    *quotas.CHECKS,
)
