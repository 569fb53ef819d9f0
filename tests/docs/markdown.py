"""Markdown as the pages use it: fenced blocks, generated regions, headings, links, tables."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

ROOT = Path(__file__).parents[2]

FENCED = re.compile(r"^```(\S*)[ \t]*(.*)\n((?:(?!```).*\n)*)```[ \t]*$", re.MULTILINE)
HEADING = re.compile(r"^#{1,6} +(.+)$", re.MULTILINE)
LINK = re.compile(r"(?<!!)\[[^\]]+\]\(([^)\s]+)\)")
REGION = re.compile(r"(<!-- generated: ([a-z-]+) -->\n)(.*?)(<!-- /generated -->\n)", re.DOTALL)
OUTSIDE = re.compile(r"[a-z]+:")


class Block(NamedTuple):
    """A fenced block: the page and line where it stands, its language, its role, its text."""

    page: str
    line: int
    language: str
    role: str
    text: str

    @property
    def place(self) -> str:
        """Where it stands, as `docs/page.md:12`."""
        return f"{self.page}:{self.line}"


def blocks(page: str, text: str) -> Iterator[Block]:
    """The fenced blocks of a page, in order; those of generated regions belong to the code."""
    for match in FENCED.finditer(text):
        language, role, body = match.groups()
        if not in_region(text, match.start()):
            line = text.count("\n", 0, match.start()) + 1
            yield Block(page, line, language, role.strip(), body)


def in_region(text: str, position: int) -> bool:
    """Whether a place of a page is generated."""
    return any(match.start() < position < match.end() for match in REGION.finditer(text))


def with_regions(text: str, regions: Mapping[str, Callable[[], str]]) -> str:
    """The page with its generated regions as they must be."""
    return REGION.sub(lambda match: f"{match[1]}{regions[match[2]]()}{match[4]}", text)


def without_blocks(text: str) -> str:
    """The page as prose: its fenced blocks are taken away."""
    return FENCED.sub("", text)


def anchors(text: str) -> set[str]:
    """What a link can lead to in a page: each heading, as Git hosts spell it."""
    return {anchor(heading) for heading in HEADING.findall(without_blocks(text))}


def anchor(heading: str) -> str:
    """The fragment of a heading."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def links(text: str) -> Iterator[str]:
    """The links of a page that lead to files or headings of the project."""
    for target in LINK.findall(without_blocks(text)):
        if not OUTSIDE.match(target):
            yield target


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A table; a bar inside a cell stays a bar."""
    columns = tuple(head)
    lines = (columns, ("---",) * len(columns), *rows)
    return "".join(f"| {' | '.join(map(cell, line))} |\n" for line in lines)


def cell(text: str) -> str:
    """The text of a cell: one line, its bars escaped."""
    return " ".join(text.split()).replace("|", "\\|")


def code(text: object) -> str:
    """The text as code."""
    return f"`{text}`"
