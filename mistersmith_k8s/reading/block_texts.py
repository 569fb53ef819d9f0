"""YAML without what its block texts say: files in files look like YAML, and are none.

A line that begins a block text may itself stand in a quoted scalar that spans lines; so nothing is
left out beside a quote whose end is not on its own line.

Source: YAML 1.2, 8.1 Block Scalar Styles.
"""

from __future__ import annotations

import functools
import re

HEADER = re.compile(r"\n([ ]*+(?:-[ ]++)*+)([\w./-]++:[ ]++)?[|>][-+]?(?=\n)", re.ASCII)
FIRST = re.compile(r"(?:\n[ ]*+(?=\n))*+\n([ ]*+)(?=[^ \n])")
WHOLE = re.compile(
    r"""(\n[ ]*+(?:-[ ]++)*+|:[ ]++|[,\[{][ ]*+)(?:"(?:[^"\\\n]|\\[^\n])*+"|'[^'\n]*+')"""
    r"|\n[ ]*+\#[^\n]*+"
)
"""A quoted scalar that begins where a scalar may, and ends on its line; or a comment's line."""


def left_out(text: str) -> str:
    """The text without the lines of its block texts; itself where one may be none.

    A text begins with the end of the line before it.
    """
    kept, at = [], 0
    while header := HEADER.search(text, at):
        kept.append(text[at : header.end()])
        at = _end(text, header)
    if not kept:
        return text
    rest = "".join(kept) + text[at:]
    quotes = WHOLE.sub(r"\1", rest)
    return text if "'" in quotes or '"' in quotes else rest


def _end(text: str, header: re.Match[str]) -> int:
    """Where the lines end that are indented as deep as the first one, or nowhere behind it."""
    prefix = header[1]
    parent = len(prefix) if header[2] else prefix.rfind("-")
    first = FIRST.match(text, header.end())
    if not first or len(first[1]) <= parent:
        return header.end()
    body = _lines(len(first[1])).match(text, header.end())
    return body.end() if body else header.end()


@functools.cache
def _lines(indent: int) -> re.Pattern[str]:
    """Lines that are blank, or indented as deep."""
    return re.compile(rf"(?:\n[ ]*+(?=\n)|\n[ ]{{{indent}}}[^\n]*+)*+")
