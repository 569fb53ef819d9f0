"""Defaults of `validate` that a repository keeps in a file."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from mistersmith_k8s.checks.suppress import Ignore
from mistersmith_k8s.reading import ReadError, read_bytes
from mistersmith_k8s.spec import nearest

FILES = (".mistersmith-k8s.yaml", "pyproject.toml")
TABLE = "mistersmith-k8s"


class ConfigurationError(ValueError):
    """A configuration that says something unknown or of the wrong type."""


class Configuration(NamedTuple):
    """What a repository decides once instead of on every command line."""

    kubernetes_versions: tuple[str, ...] = ()
    only: tuple[str, ...] = ()
    skip: tuple[str, ...] = ()
    severity: str = "warning"
    pod_security: str | None = None
    crds: tuple[str, ...] = ()
    external: tuple[str, ...] = ()
    suppress: tuple[Ignore, ...] = ()
    source: str = ""


_FIELDS = {field.replace("_", "-"): field for field in Configuration._fields if field != "source"}
_TEXTS = ("severity", "pod-security")


def found() -> Configuration:
    """The configuration of the current folder: the first of `FILES` that has one."""
    for name in FILES:
        path = Path(name)
        if path.is_file():
            table = _table(path)
            if table is not None:
                return _configuration(table, name)
    return Configuration()


def read(path: Path) -> Configuration:
    """The configuration in a file.

    Raises:
        ConfigurationError: the file is not there, or is no configuration.
    """
    if not path.is_file():
        message = f"{path}: no such file. Check --config."
        raise ConfigurationError(message)
    return _configuration(_table(path) or {}, str(path))


def _table(path: Path) -> Mapping[str, Any] | None:
    """The mapping that a file holds for us; None where it speaks of other things alone."""
    try:
        if path.suffix == ".toml":
            tables = tomllib.loads(path.read_text(encoding="utf-8"))
            table: Mapping[str, Any] | None = tables.get("tool", {}).get(TABLE)
            return table
        documents = read_bytes(path.read_bytes(), str(path))
    except (ReadError, OSError, ValueError) as error:
        message = f"{path}: cannot be read as configuration: {error}"
        raise ConfigurationError(message) from None
    return documents[0].value if documents else {}


def _configuration(table: Any, source: str) -> Configuration:
    if not isinstance(table, Mapping):
        message = f"{source}: must be a mapping of {', '.join(_FIELDS)}."
        raise ConfigurationError(message)
    values = {_FIELDS[_known(key, source)]: _value(key, table[key], source) for key in table}
    return Configuration(**values)._replace(source=source)


def _known(key: str, source: str) -> str:
    if key in _FIELDS:
        return key
    near = nearest(key, _FIELDS)
    advice = f"Did you mean {near}?" if near else f"The settings are {', '.join(_FIELDS)}."
    message = f"{source}: {key} is not a setting. {advice}"
    raise ConfigurationError(message)


def _value(key: str, value: Any, source: str) -> Any:
    if key in _TEXTS and isinstance(value, str):
        return value
    if key == "suppress" and isinstance(value, list):
        return tuple(_suppression(item, source) for item in value)
    if key not in _TEXTS and isinstance(value, list) and all(isinstance(v, str) for v in value):
        return tuple(value)
    kind = "text" if key in _TEXTS else "a list of texts"
    message = f"{source}: {key} must be {'a list of mappings' if key == 'suppress' else kind}."
    raise ConfigurationError(message)


def _suppression(item: Any, source: str) -> Ignore:
    wanted = {"check", "object", "reason"}
    if not isinstance(item, Mapping) or set(item) - wanted or not {"check", "object"} <= set(item):
        message = f"{source}: an entry of suppress must be a mapping of check, object, reason."
        raise ConfigurationError(message)
    return Ignore(str(item["check"]), str(item["object"]), str(item.get("reason") or ""))
