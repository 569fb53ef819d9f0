"""What the API server's decoder would say to a manifest, for every minor from 1.27 to 1.37.

The tables beside this file are generated from the strict JSON Schemas of Kubernetes by
`python -m imports`. Importing this package reads none of them.
"""

from __future__ import annotations

from mistersmith_k8s.schemas.custom import CustomSchemas, crd_validators
from mistersmith_k8s.schemas.lists import ListRule, declared_lists, list_rule
from mistersmith_k8s.schemas.removed import Deprecation, deprecation
from mistersmith_k8s.schemas.tables import MINORS, served
from mistersmith_k8s.schemas.validation import (
    NoSchemaError,
    SchemaViolation,
    Validator,
    validator,
    violations,
)

__all__ = [
    "MINORS",
    "CustomSchemas",
    "Deprecation",
    "ListRule",
    "NoSchemaError",
    "SchemaViolation",
    "Validator",
    "crd_validators",
    "declared_lists",
    "deprecation",
    "list_rule",
    "served",
    "validator",
    "violations",
]
