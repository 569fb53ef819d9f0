"""Paths of files inside volumes and containers.

Source: pkg/apis/core/validation of k8s.io/kubernetes, `validatePathNoBacksteps`,
`validateLocalDescendingPath`, `ValidateLocalNonReservedPath`.
"""

from __future__ import annotations

from mistersmith_k8s.checks.fields.rules import between, text

FILE_MODE = between(0, 0o777)


def _backsteps(value: str) -> str:
    return "must not contain '..'" if ".." in value.split("/") else ""


def _descending(value: str) -> str:
    return "must be a relative path" if value.startswith("/") else _backsteps(value)


def _unreserved(value: str) -> str:
    return _descending(value) or ("must not start with '..'" if value.startswith("..") else "")


def _absolute(value: str) -> str:
    return "" if value.startswith("/") else "must be an absolute path"


no_backsteps = text(_backsteps, "Write the path without '..'.")
descending = text(_descending, "Write a path below the volume, without '..'.")
unreserved = text(_unreserved, "Write a path below the volume that does not start with '..'.")
absolute = text(_absolute, "Start the path with '/'.")
