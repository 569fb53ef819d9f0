"""Pod Security Standards, as the admission controller of every version from 1.0 to 1.37 judges.

A pure function from a pod's manifest to violations, under the controller's own check ids.
"""

from __future__ import annotations

from mistersmith_k8s.pod_security.pod import Template, pod_of
from mistersmith_k8s.pod_security.policy import (
    LATEST,
    NEWEST,
    Level,
    LevelVersion,
    Policy,
    PolicyError,
    Problem,
    UnknownLevelError,
    UnknownVersionError,
    Version,
    namespace_policy,
    parse_level_version,
)
from mistersmith_k8s.pod_security.standard import STANDARD, Check, Violation, evaluate

__all__ = [
    "LATEST",
    "NEWEST",
    "STANDARD",
    "Check",
    "Level",
    "LevelVersion",
    "Policy",
    "PolicyError",
    "Problem",
    "Template",
    "UnknownLevelError",
    "UnknownVersionError",
    "Version",
    "Violation",
    "evaluate",
    "namespace_policy",
    "parse_level_version",
    "pod_of",
]
