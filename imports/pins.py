"""Versions of the upstream inputs: every generated file is a function of these."""

from __future__ import annotations

SCHEMAS_PACKAGE = "kubernetes-validate"
"""The package whose strict JSON Schemas are the input; it carries one folder per minor."""

SCHEMAS_VERSION = "1.37.0"

MINORS = tuple(f"1.{minor}" for minor in range(27, 38))
"""Kubernetes minors that manifests are proven for, oldest first."""
