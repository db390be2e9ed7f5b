"""Text of annotation files, read so that nothing in it is lost or taken twice, and no file can make the reader stand still."""

from __future__ import annotations

import json
import math
import re
import xml.etree.ElementTree as ET
from collections.abc import Hashable
from pathlib import Path

import yaml

from pipeline_tasks.formats.finding import refuse

_MOST = 2**53
"""Whole numbers up to here are exact as floats; no position and no run is longer."""


_DEEPEST = 100
_MERGE = "tag:yaml.org,2002:merge"


class UnusableXmlError(Exception):
    """An XML file cannot be read; the message says why."""


def read_json(path: Path, where: str) -> object:
    """Read a file of JSON.

    Raises:
        SettingsError: it is none, an object has a field twice, or it is nested too deeply.
    """
    wanted = "a JSON file of one object; write it again, or take it out of the folder"
    try:
        return json.loads(path.read_bytes(), object_pairs_hook=_once)
    except RecursionError:
        raise refuse(where, "values that are nested too deeply", wanted) from None
    except ValueError as error:
        raise refuse(where, f"text that is no JSON ({str(error)[:120]})", wanted) from None


def read_yaml(path: Path, where: str) -> object:
    """Read a file of YAML, without anything but plain values.

    Raises:
        SettingsError: it is none, a mapping has a key twice, or it is nested too deeply.
    """
    wanted, text = "a YAML file with `names`", read_text(path, where)
    if _depth(text) > _DEEPEST:  # Its scanner needs time with the square of the depth.
        raise refuse(where, "values that are nested too deeply", wanted)
    try:
        return yaml.load(text, _UniqueKeys)
    except RecursionError:
        raise refuse(where, "values that are nested too deeply", wanted) from None
    except yaml.YAMLError as error:
        raise refuse(where, f"text that is no YAML ({' '.join(str(error).split())[:120]})", wanted) from None


def read_xml(path: Path) -> ET.Element:
    """Read a file of XML without a document type, whose entities could name other files or grow without an end.

    Raises:
        UnusableXmlError: it is none, or has a document type.
    """
    try:
        return ET.fromstring(path.read_bytes(), ET.XMLParser(target=_WithoutDocumentType()))
    except (ET.ParseError, ValueError, LookupError) as error:
        raise UnusableXmlError(str(error)) from None


def read_text(path: Path, where: str) -> str:
    """Read a text file.

    Raises:
        SettingsError: it is no text of UTF-8.
    """
    try:
        return path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise refuse(where, f"bytes that are no text ({error.reason} at byte {error.start})", "text in UTF-8") from None


def number_of(word: str) -> float | None:
    """The number that a word says in digits, a point and an exponent; None for other words, such as 1_0."""
    if not word.isascii() or "_" in word:
        return None
    try:
        return float(word)
    except ValueError:
        return None


def as_float(value: object) -> float | None:
    """A number of a file; None for what is none, and infinite for a whole number beyond those that a file can mean."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return math.inf if isinstance(value, int) and abs(value) > _MOST else float(value)


def _depth(text: str) -> int:
    """The greatest number of brackets that are open at once."""
    depth = deepest = 0
    for bracket in re.findall(r"[\[\]{}]", text):
        depth += 1 if bracket in "[{" else -1
        deepest = max(deepest, depth)
    return deepest


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """The fields of an object, each of which is there once."""
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for at, name in enumerate(names) if name in names[:at])
        raise ValueError(f"an object has {twice!r} twice")
    return found


class _UniqueKeys(yaml.SafeLoader):
    """YAML's plain values; a key that is there twice is refused."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, object]:
        """Read a mapping."""
        seen = set()
        for key_node, _ in node.value:
            if key_node.tag == _MERGE:
                continue
            key = self.construct_object(key_node, deep=True)
            if isinstance(key, Hashable) and key in seen:
                raise yaml.constructor.ConstructorError(None, None, f"found {key!r} twice", key_node.start_mark)
            if isinstance(key, Hashable):
                seen.add(key)
        return super().construct_mapping(node, deep)


class _WithoutDocumentType(ET.TreeBuilder):
    """A tree of elements; a document type ends the reading before its entities are used."""

    def doctype(self, name: str, public: str | None, system: str | None) -> None:
        """Refuse it."""
        raise ValueError("it has a DOCTYPE, whose entities are not read; take it out of the file")
