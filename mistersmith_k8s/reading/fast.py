"""YAML by yaml-rs, for texts in which YAML 1.2 and Kubernetes mean the same.

yaml-rs is many times faster than the exact reader but resolves scalars by the rules of YAML 1.2. So
a text goes through it only if no place is found where the two could differ; the search errs on the
side of doubt.
"""

from __future__ import annotations

import re
from typing import Any

from mistersmith_k8s.reading import block_texts, depth

END = r"(?=[ ]*(?:[\n,\]}]|[ ]\#|$))"
CERTAIN = rf"""
    -?(?:0|[1-9][0-9]{{0,17}}){END}                          # an integer, in its one spelling
  | -?(?:0|[1-9][0-9]{{0,8}})\.[0-9]{{0,8}}[1-9]{END}        # a float that is no integer
  | [0-9][0-9.]*[g-np-wyzG-NP-WYZ/%]                         # 512Mi, 5s, 10.0.0.0/8
  | (?!0[bBoOxX])[0-9]+(?:[eE][0-9]+)?[a-df-zA-DF-Z]        # 3b18c, 7e5d2, as digests begin
  | 0[bB][01]*[2-9ac-zAC-Z]                                  # 0b2, likewise
  | [0-9]+\.[0-9]+\.                                         # 1.2.3, 10.0.0.1
  | [0-9]+(?:-|:[0-9])                                       # 2001-01-01, 10:30
  | [0-9.]+[ ]+[A-Za-z(]                                     # 3 words
"""
"""What looks like a number and is the same to both readers."""

DOUBTFUL = rf"""
    [&*!%@`_?:] | <<                          # anchors, aliases, tags, odd keys, merges
  | (?: [yYnN] | [yY](?:es|ES) | [nN][oO] | [oO](?:n|N|ff|FF)
      )[ ]*(?=[\n,\]}}:\#]|$)                                # booleans of YAML 1.1
  | (?:~|null|Null|NULL|true|True|TRUE|false|False|FALSE)[ ]*:(?=[ \n,\]}}]|$)
  | [-+]?\.[0-9iInN_] | \+[0-9] | [-+]_
  | (?=-?[0-9])(?!{CERTAIN})
"""
"""What a scalar or another node may start with, and the two readers may take for two things."""

SIGNS = ("\t", "\r", "\\/", "\x85", "\u2028", "\u2029")
"""Tabs and line breaks that only one reader takes for such, and an escape that only one knows."""

SUSPECT = r"(?=[-+.0-9&*!%@`_?:<~yYnNoOtTfF])"
"""Every first character of what is doubtful: a quick look before the long one."""

PLACES = (
    rf"\n[ ]*+(?:-[ ]++)*+{SUSPECT}(?:{DOUBTFUL})",  # on a line
    rf":[ ]++{SUSPECT}(?:{DOUBTFUL})",  # behind a key
    r"\n[ ]*[|>]",  # a document that is a text
    r"\n[-?:\ ]{150}",  # deep
)
PLACES_IN_BRACKETS = (
    r"(?:\n[ ]*+(?:-[ ]++)*+|:[ ]++)[\[{](?![^\n]*[\]}][ ]*(?:\n|\#))",  # more than a line
    r"\n[ ]*[,\]}]",  # the same
    rf"[\[{{,][ ]*+{SUSPECT}(?:{DOUBTFUL})",
    rf"[\"']:{SUSPECT}(?:{DOUBTFUL})",  # behind a quoted key
    r"(?:[\[{,]|[\"']:)[ ]*[|>]",  # no text stands in brackets
    r"[\]}][ ]*: | [{,][ ]*[\[{]",  # a key that is a collection
    r":[,\]}]",  # a key without a value
    r"[{,][ ]*(?:-?[0-9.]+|~|null|Null|NULL|true|True|TRUE|false|False|FALSE)[ ]*[,}]",  # another
)
LONG = 1 << 16
"""Characters of block texts: what has more, such as a dashboard, the exact reader reads faster."""

BLOCK, FLOW = (
    tuple(re.compile(place, re.VERBOSE) for place in places)
    for places in (PLACES, PLACES_IN_BRACKETS)
)


def doubtful(text: str) -> bool:
    """Whether the text needs the exact reader."""
    if any(sign in text for sign in SIGNS if sign.isascii() or not text.isascii()):
        return True
    if not {"|", ">"}.isdisjoint(text.rstrip().rpartition("\n")[2]) or not text.endswith("\n"):
        return True
    bare = block_texts.left_out("\n" + text)
    if len(text) - len(bare) > LONG:
        return True
    places = BLOCK + FLOW if "[" in bare or "{" in bare else BLOCK
    return any(place.search(bare) for place in places)


class DoubtError(Exception):
    """yaml-rs refuses the text: the exact reader knows whether Kubernetes does, and where."""


def value(text: str) -> Any:
    """The value of one document that is not doubtful.

    Raises:
        DoubtError: yaml-rs cannot read it.
    """
    from yaml_rs import YAMLDecodeError, loads  # noqa: PLC0415 - costs time that few calls need

    try:
        found = loads(text, parse_datetime=False)
    except YAMLDecodeError:
        raise DoubtError from None
    if text.count("[") + text.count("{") > depth.DEEPEST // 2 and depth.is_too_deep(found):
        raise DoubtError
    return found
