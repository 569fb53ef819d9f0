"""Names of certificate signers: a domain, a slash, a path.

Source: pkg/apis/core/validation/names.go of k8s.io/kubernetes, `ValidateSignerName`.
"""

from __future__ import annotations

from mistersmith_k8s.checks.fields.formats import wrong_label, wrong_subdomain
from mistersmith_k8s.checks.fields.rules import text

DOMAIN_LENGTH = 253
LENGTH = 571


def _wrong(value: str) -> str:
    domain, slash, path = value.partition("/")
    if not slash or "/" in path:
        return "must be a fully qualified domain and path of the form 'example.com/signer-name'"
    for label in domain.split("."):
        if wrong := wrong_label(label):
            return f'validating label "{label}": {wrong}'
    if "." not in domain:
        return "should be a domain with at least two segments separated by dots"
    for label in path.split("."):
        if wrong := wrong_subdomain(label):
            return f'validating label "{label}": {wrong}'
    too_long = len(domain) > DOMAIN_LENGTH or len(value) > LENGTH
    return f"may not be more than {LENGTH} bytes" if too_long else ""


signer = text(_wrong, "Write a domain, '/' and a name, such as example.com/signer.")
