"""The text that a file holds, or why it holds none."""

from __future__ import annotations

import codecs
import re

from mistersmith_k8s.reading.error import ReadError

OTHER_MARKS = {
    codecs.BOM_UTF32_LE: "UTF-32",
    codecs.BOM_UTF32_BE: "UTF-32",
    codecs.BOM_UTF16_LE: "UTF-16",
    codecs.BOM_UTF16_BE: "UTF-16",
}
"""Byte order marks; the longer first, because one of them starts like a shorter one."""

FORBIDDEN_ASCII = "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]"
FORBIDDEN = "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufeff\ufffe\uffff]"
"""Characters that YAML knows only as escapes; a byte order mark inside a text is one for us.

Source: YAML 1.2.2, 5.1 Character Set.
"""


def decoded(content: bytes, file: str) -> str:
    """The text of a file, without the byte order mark.

    Raises:
        ReadError: the file is no UTF-8.
    """
    for mark, encoding in OTHER_MARKS.items():
        if content.startswith(mark):
            raise ReadError(file, 0, f"is {encoding}, not UTF-8", "Save it as UTF-8")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        message = f"the byte 0x{content[error.start]:02x} is no UTF-8"
        raise ReadError(file, line, message, "Save the file as UTF-8") from None


def printable(text: str, file: str) -> str:
    """The text, without a character that YAML forbids.

    Raises:
        ReadError: there is one.
    """
    found = re.search(FORBIDDEN_ASCII if text.isascii() else FORBIDDEN, text)
    if found:
        line = text.count("\n", 0, found.start()) + 1
        message = f"the character U+{ord(found[0]):04X} is not allowed in YAML"
        raise ReadError(file, line, message, "Remove it, or escape it in quotes")
    return text
