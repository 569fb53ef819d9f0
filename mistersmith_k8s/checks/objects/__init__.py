"""Cross-object checks: what is wrong between objects that are each valid."""

MODULES = (
    "identity",
    "references",
    "variables",
    "backends",
    "services",
    "controllers",
    "disruption",
    "autoscalers",
    "quotas",
    "pod_security",
    "policies",
    "isolation",
    "declared",
    "images",
    "ports",
    "probes",
    "scheduling",
    "priorities",
    "secrets",
    "mesh",
)
"""The modules in the order of the catalogue; each is imported when one of its checks runs."""
