"""File names as keys and back: a name may hold any bytes, a key is text that every table can keep."""

from __future__ import annotations

import os
import re

_ESCAPE = re.compile(r"\\(\\|x[0-9a-f]{2})")


def key_of_path(path: str) -> str:
    r"""Write a relative path as a key: bytes that are no UTF-8 become `\xff`, a backslash becomes two."""
    return "".join(_escaped(character) for character in path)


def path_of_key(key: str) -> str:
    """Return the path that a key stands for, as Python writes odd bytes in paths."""
    return _ESCAPE.sub(lambda match: "\\" if match[1] == "\\" else os.fsdecode(bytes([int(match[1][1:], 16)])), key)


def _escaped(character: str) -> str:
    if character == "\\":
        return "\\\\"
    if "\udc80" <= character <= "\udcff":
        return f"\\x{ord(character) - 0xDC00:02x}"
    return character
