"""Image references as kustomize reads them, and what an entry of `images:` makes of them.

Source: kustomize 5.7.1, api/internal/image and api/filters/imagetag.
"""

from __future__ import annotations

import re
from collections import defaultdict
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

NAME = re.compile(r"[A-Za-z0-9._/:-]+")
"""The names that an entry may have: kustomize reads them as regular expressions, dots and all."""

VERSION = re.compile(r"(:[a-zA-Z0-9_.{}-]*)?(@sha256:[a-zA-Z0-9_.{}-]*)?")


class Image(NamedTuple):
    """An image reference in its parts."""

    name: str
    tag: str
    digest: str

    def __str__(self) -> str:
        tag = f":{self.tag}" if self.tag else ""
        return f"{self.name}{tag}{f'@{self.digest}' if self.digest else ''}"


def parsed(reference: str) -> Image:
    """The reference in its parts; a port belongs to the name."""
    slash = max(reference.find("/"), 0)
    rest, _, digest = reference[slash:].partition("@")
    name, _, tag = rest.partition(":")
    return Image(reference[:slash] + name, tag, digest)


class Setting(NamedTuple):
    """One entry of `images:`: whatever has this name becomes this image."""

    name: str
    image: Image

    @property
    def new_name(self) -> str:
        """The name that the image gets, or nothing if it keeps its own."""
        return "" if self.image.name == self.name else self.image.name

    @property
    def document(self) -> dict[str, str]:
        """The entry as it stands in a kustomization."""
        said = {"newName": self.new_name, "newTag": self.image.tag, "digest": self.image.digest}
        return {"name": self.name, **{key: value for key, value in said.items() if value}}

    def applied(self, reference: str) -> str:
        """The matching reference after this entry."""
        given = parsed(reference)
        version = self.image if self.image.tag or self.image.digest else given
        return str(version._replace(name=self.new_name or given.name))


class Settings:
    """Entries of `images:` in their order, found by the references that they match."""

    def __init__(self, entries: Iterable[Setting] = ()) -> None:
        self.entries = tuple(entries)

    def matching(self, reference: str) -> Iterator[int]:
        """The positions of the entries that take the reference for one of their name."""
        for dots, names in self._names.items():
            name = reference[: dots[0]]
            if len(name) == dots[0] and VERSION.fullmatch(reference, len(name)):
                yield from names.get(_masked(name, dots), ())

    def applied(self, reference: str) -> str:
        """The reference after all entries, one after the other."""
        at = -1
        while later := [position for position in self.matching(reference) if position > at]:
            at = min(later)
            reference = self.entries[at].applied(reference)
        return reference

    @cached_property
    def _names(self) -> Mapping[tuple[int, ...], Mapping[str, list[int]]]:
        """The entries by their names, sorted by length and by where a dot matches anything."""
        found = defaultdict[tuple[int, ...], dict[str, list[int]]](dict)
        for position, entry in enumerate(self.entries):
            dots = (len(entry.name), *(at for at, char in enumerate(entry.name) if char == "."))
            found[dots].setdefault(_masked(entry.name, dots), []).append(position)
        return found


def _masked(name: str, dots: tuple[int, ...]) -> str:
    """The name with a dot wherever a dot may stand; the first number is its length."""
    chars = list(name)
    for at in dots[1:]:
        chars[at : at + 1] = "."
    return "".join(chars)
