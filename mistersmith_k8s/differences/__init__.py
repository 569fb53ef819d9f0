"""Differences between two renderings, and what hurts about them."""

from __future__ import annotations

from mistersmith_k8s.differences.changes import FieldChange, ObjectChange, changes
from mistersmith_k8s.differences.hazards import Hazard, hazards
from mistersmith_k8s.differences.render import FORMS

__all__ = ["FORMS", "FieldChange", "Hazard", "ObjectChange", "changes", "hazards"]
