"""Defaults of `validate` that a repository keeps in a file."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from mistersmith_k8s.checks.suppress import Ignore

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
    format: tuple[str, ...] = ()
    output: tuple[str, ...] = ()
    suppress: tuple[Ignore, ...] = ()
    source: str = ""


_FIELDS = {field.replace("_", "-"): field for field in Configuration._fields if field != "source"}
_TEXTS = ("severity", "pod-security")
_SUPPRESSION = ("check", "object", "reason")


def found() -> Configuration:
    """The configuration of the current folder: the first of `FILES` that has one.

    Raises:
        ConfigurationError: it says something unknown or of the wrong type.
    """
    for name in FILES:
        path = Path(name)
        if path.is_file():
            table = _table(path)
            if table is not None:
                return _configuration(table, name)
    return Configuration()


def read(path: Path) -> Configuration:
    """The configuration in a file; a TOML file without a table for us has none.

    Raises:
        ConfigurationError: the file is not there, or is no configuration.
    """
    if not path.is_file():
        message = f"{path}: no such file. Check --config."
        raise ConfigurationError(message)
    table = _table(path)
    if table is None:
        message = f"{path}: has no table [tool.{TABLE}]. Add it."
        raise ConfigurationError(message)
    return _configuration(table, str(path))


def _table(path: Path) -> Any:
    """What a file holds for us; None where it speaks of other things alone."""
    return _of_toml(path) if path.suffix == ".toml" else _of_yaml(path)


def _of_toml(path: Path) -> Any:
    try:
        text = path.read_text(encoding="utf-8")
        tool = _parsed_toml(text).get("tool", {}) if TABLE in text else {}
    except (OSError, ValueError) as error:
        message = f"{path}: cannot be read as TOML: {error}."
        raise ConfigurationError(message) from None
    return tool.get(TABLE) if isinstance(tool, Mapping) else None


def _parsed_toml(text: str) -> dict[str, Any]:
    import tomllib  # noqa: PLC0415 - only where a file may speak of us

    return tomllib.loads(text)


def _of_yaml(path: Path) -> Any:
    from mistersmith_k8s.reading import ReadError, read_file  # noqa: PLC0415 - likewise

    try:
        documents = read_file(path)
    except ReadError as error:
        raise ConfigurationError(str(error)) from None
    if len(documents) > 1:
        message = f"{path}: holds {len(documents)} documents. Keep one."
        raise ConfigurationError(message)
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
    from mistersmith_k8s.spec import nearest  # noqa: PLC0415 - only after a mistake

    near = nearest(key, _FIELDS)
    advice = f"Did you mean {near}?" if near else f"The settings are {', '.join(_FIELDS)}."
    message = f"{source}: {key} is not a setting. {advice}"
    raise ConfigurationError(message)


def _value(key: str, value: Any, source: str) -> Any:
    if key in _TEXTS:
        if isinstance(value, str):
            return value
        wanted = "a text"
    elif key == "suppress":
        if isinstance(value, list):
            return tuple(_suppression(item, source) for item in value)
        wanted = f"a list of mappings of {', '.join(_SUPPRESSION)}"
    else:
        if isinstance(value, list) and all(isinstance(item, str) for item in value):
            return tuple(value)
        wanted = "a list of texts; put a version in quotes"
    message = f"{source}: {key} must be {wanted}."
    raise ConfigurationError(message)


def _suppression(item: Any, source: str) -> Ignore:
    """One entry; what lacks a reason is taken, and reported with the findings."""
    if (
        not isinstance(item, Mapping)
        or not {"check", "object"} <= set(item) <= set(_SUPPRESSION)
        or not all(isinstance(value, str) for value in item.values())
    ):
        keys = ", ".join(_SUPPRESSION)
        message = f"{source}: an entry of suppress must be a mapping of {keys}, each a text."
        raise ConfigurationError(message)
    return Ignore(item["check"], item["object"], item.get("reason", ""))
