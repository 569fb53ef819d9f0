"""The generated tables: which kinds each minor serves, and the schema of every definition."""

from __future__ import annotations

import zlib
from functools import cache
from pathlib import Path

MINORS: tuple[str, ...] = tuple(f"1.{minor}" for minor in range(27, 38))
"""Kubernetes minors that manifests are checked for, oldest first."""

_GZIP = 31
"""What zlib calls the gzip format with the largest window; its own module is slow to import."""


def rows(table: str) -> list[list[str]]:
    """Rows of a generated table; `imports/bundle.py` says what the columns are."""
    packed = Path(__file__).with_name(f"{table}.gz").read_bytes()
    lines = zlib.decompress(packed, _GZIP).decode().splitlines()
    return [line.split("\t") for line in lines[1:]]


@cache
def kinds() -> dict[tuple[str, str], tuple[str, tuple[str, ...]]]:
    """Definition of each apiVersion and kind, and the minors that serve it."""
    return {
        (version, kind): (definition, _minors(mask))
        for version, kind, definition, mask in rows("kinds")
    }


@cache
def common() -> dict[str, str]:
    """Schema of each definition, as JSON, that is sound for every minor which has it."""
    return dict(rows("common"))


@cache
def definitions(minor: str) -> dict[str, str]:
    """Schema of each definition of one minor, as JSON."""
    bit = 1 << MINORS.index(minor)
    return {name: schema for name, mask, schema in _variants() if mask & bit}


@cache
def newest() -> dict[str, str]:
    """Schema of each definition, as JSON, in the newest minor that has it."""
    ordered = sorted(_variants(), key=lambda row: row[1].bit_length())
    return {name: schema for name, _, schema in ordered}


def served(api_version: str, kind: str) -> tuple[str, ...]:
    """Minors whose API server knows the kind; empty for a kind that is not built in."""
    return kinds().get((api_version, kind), ("", ()))[1]


@cache
def groups() -> frozenset[str]:
    """API groups that are built in; the core group is the empty string."""
    return frozenset(version.rpartition("/")[0] for version, _ in kinds())


@cache
def _variants() -> list[tuple[str, int, str]]:
    return [(name, int(mask, 16), schema) for name, mask, schema in rows("minors")]


@cache
def _minors(mask: str) -> tuple[str, ...]:
    bits = int(mask, 16)
    return tuple(minor for bit, minor in enumerate(MINORS) if bits >> bit & 1)
