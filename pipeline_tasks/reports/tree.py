"""Tree of a lineage: nodes for things, with their data and related nodes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from pipeline_tasks.json_values import Json


@dataclass(frozen=True)
class Node:
    """One thing in a lineage."""

    kind: str
    """`image`, `label`, `model`, …"""
    name: str
    """Its id, or another name that is unique in its kind."""
    says: str = ""
    """Description for people."""
    fields: Mapping[str, Json] = field(default_factory=dict)
    """Data for programs: JSON-able, with full ids."""
    children: tuple[Node, ...] = ()
    """Nodes that it came from or led to."""


def as_json(node: Node) -> dict[str, Json]:
    """Convert a node and its children to JSON."""
    children: list[Json] = [as_json(child) for child in node.children]
    return {"kind": node.kind, "name": node.name, "says": node.says, "fields": dict(node.fields), "children": children}


def as_text(node: Node) -> str:
    """Format a node and its children as a tree of lines."""
    return "\n".join([_line(node), *_lines_below(node, "")]) + "\n"


def shortened(name: str) -> str:
    """First 12 digits of a digest, enough to look it up; other names unchanged."""
    return name[:12] if len(name) >= 32 and set(name) <= set("0123456789abcdef") else name


def _lines_below(node: Node, indent: str) -> Iterator[str]:
    for number, child in enumerate(node.children, start=1):
        is_last = number == len(node.children)
        yield f"{indent}{'└─ ' if is_last else '├─ '}{_line(child)}"
        yield from _lines_below(child, indent + ("   " if is_last else "│  "))


def _line(node: Node) -> str:
    head = f"{node.kind} {shortened(node.name)}".strip()
    return f"{head}: {' '.join(node.says.split())}" if node.says else head
