"""What is wrong with a text that is no YAML, in words that say what to do."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import yaml

BREAK = re.compile("\r\n|[\n\r\x85\u2028\u2029]")
TAB = ("tab characters cannot indent YAML", "Use spaces")
MISPLACED = ("a colon makes a key where none can stand", "Mend the indentation, or quote the text")
COLONLESS = ("a key lacks its colon", "Write `key: value`")
UNCLOSED = ("a quote or bracket is never closed", "Close it")
UNALIGNED = ("the indentation fits no entry above", "Align the line with its neighbours")

PROBLEMS = (
    ("mapping values are not allowed", MISPLACED),
    ("could not find expected ':'", COLONLESS),
    ("end of stream", UNCLOSED),
    ("document indicator", UNCLOSED),
    ("expected ',' or", UNCLOSED),
    ("expected key", UNALIGNED),
    ("expected '-' indicator", UNALIGNED),
    ("<block end>", UNALIGNED),
    ("does not match any outer", UNALIGNED),
    ("<document start>", ("something stands behind the document", "Put --- before a new one")),
    ("cannot start any token", ("a value starts with a sign of YAML", "Quote the value")),
    ("node content", ("a bracket or comma has no value", "Remove it, or quote the value")),
    ("sequence entries are not allowed", ("a list item stands behind a key", "Start a new line")),
    ("escape", ("a backslash in double quotes escapes nothing", "Double it, or use single quotes")),
    ("tag handle", ("a tag has no meaning here", "Remove it, or quote the value")),
    ("incompatible", ("the version of YAML is not 1.1", "Remove the directive")),
)
"""What the parsers say, in C and in Python, and what it means to whoever wrote the file."""


def explained(error: yaml.YAMLError, text: str) -> tuple[int, str, str]:
    """The line of an error, counted from 0, with what is wrong there and what to do."""
    problem = str(getattr(error, "problem", None) or error)
    mark = getattr(error, "problem_mark", None)
    if mark is None:
        return 0, f"is no YAML: {problem}", "Mend it there"
    if _is_tab(text, mark):
        return mark.line, *TAB
    known = next((said for sign, said in PROBLEMS if sign in problem), None)
    if known in {UNCLOSED, COLONLESS}:  # where it began, not where the search for its end gave up
        mark = getattr(error, "context_mark", None) or mark
    return mark.line, *(known or (f"is no YAML: {problem}", "Mend it there"))


def _is_tab(text: str, mark: yaml.Mark) -> bool:
    """Whether a tab stands where the parser stopped, or indents the line."""
    line = "".join(BREAK.split(text)[mark.line : mark.line + 1])
    return line.startswith("\t", mark.column) or bool(re.match(r" *\t", line))
