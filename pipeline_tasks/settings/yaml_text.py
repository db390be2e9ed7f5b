"""YAML of a project file: no key twice, and messages that name the line where a person must look."""

from __future__ import annotations

from collections.abc import Hashable

import yaml

_BEGINS_THERE = ("while scanning a quoted scalar", "while parsing a flow", "while scanning a simple key")
"""Faults that YAML notices only later than the line with the mistake: an open quote or bracket, a key without a colon."""
_FIXES = {
    "mapping values are not allowed here": "a second `: ` in one line; put the text in quotes, or check the indentation",
    "found character '\\t'": "a tab; indent with spaces",
    "could not find expected ':'": "a key without `: ` after it",
    "expected <block end>": "indented differently from the lines above it",
    "expected ',' or": "a bracket that is opened here is not closed",
    "found unexpected end of stream": "a quote that is opened here is not closed",
    "while scanning an alias": "a text that begins with * needs quotes",
    "while scanning an anchor": "a text that begins with & needs quotes",
    "found unhashable key": "a text that begins with { needs quotes",
    "cannot start any token": "a text that begins with this character needs quotes",
}


class _Loader(yaml.SafeLoader):
    """PyYAML's safe loader, which keeps the last of two equal keys; this one refuses the second."""

    def construct_object(self, node: yaml.Node, deep: bool = False) -> object:
        """Build a value; name the line of one that looks like a date or a number and is none."""
        try:
            return super().construct_object(node, deep)
        except ValueError as error:
            if str(error).startswith("line "):
                raise
            raise ValueError(f"line {node.start_mark.line + 1}: {node.value!r}: {error}; put a text in quotes") from error

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, object]:
        """Build a mapping of distinct keys."""
        lines: dict[Hashable, int] = {}
        for key_node in (key for key, _ in node.value if key.tag != "tag:yaml.org,2002:merge"):
            key = self.construct_object(key_node, deep=True)
            if isinstance(key, Hashable):
                line = key_node.start_mark.line + 1
                if key in lines:
                    raise ValueError(f"line {line}: the key {key!r} stands twice, first in line {lines[key]}; remove one of them")
                lines[key] = line
        return super().construct_mapping(node, deep)


def read_yaml(text: str) -> object:
    """Read one YAML document.

    Raises:
        ValueError: it is no YAML, or has a key twice; names the line and what to mend.
    """
    try:
        return yaml.load(text, _Loader)
    except yaml.MarkedYAMLError as error:
        raise ValueError(_message(error, text)) from error
    except yaml.YAMLError as error:
        raise ValueError(f"not readable as YAML: {error}") from error


def _message(error: yaml.MarkedYAMLError, text: str) -> str:
    """The line, what is wrong there, and the line itself."""
    said = f"{error.context or ''}; {error.problem or ''}"
    is_earlier = error.context_mark is not None and (error.context or "").startswith(_BEGINS_THERE)
    mark = error.context_mark if is_earlier else error.problem_mark or error.context_mark
    fix = next((fix for part, fix in _FIXES.items() if part in said), said.strip("; "))
    if mark is None:
        return f"not readable as YAML: {fix}"
    lines = text.splitlines()
    shown = lines[mark.line].strip() if mark.line < len(lines) else "the end of the file"
    return f"line {mark.line + 1}: not readable as YAML: {fix}: {shown}"
