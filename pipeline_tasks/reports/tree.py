"""What a lineage is made of: things, what is known of each, and the things behind or after it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Node:
    """One thing in a lineage."""

    kind: str
    """`image`, `label`, `model`, …"""
    name: str
    """Its id, or what tells it from others of its kind."""
    says: str = ""
    """What is known of it, for people."""
    fields: Mapping[str, Any] = field(default_factory=dict)
    """The same for programs: JSON-able, ids in full."""
    children: tuple[Node, ...] = ()
    """What it came from and what it led to."""


def as_json(node: Node) -> dict[str, Any]:
    """A node with all below it, for programs."""
    children = [as_json(child) for child in node.children]
    return {"kind": node.kind, "name": node.name, "says": node.says, "fields": dict(node.fields), "children": children}


def as_text(node: Node) -> str:
    """A node with all below it as a tree of lines, for people."""
    return "\n".join([_line(node), *_lines_below(node, "")]) + "\n"


def shortened(name: str) -> str:
    """The first 12 digits of a digest, enough to ask for it again; anything else as it is."""
    return name[:12] if len(name) >= 32 and set(name) <= set("0123456789abcdef") else name


def _lines_below(node: Node, indent: str) -> Iterator[str]:
    for number, child in enumerate(node.children, start=1):
        is_last = number == len(node.children)
        yield f"{indent}{'└─ ' if is_last else '├─ '}{_line(child)}"
        yield from _lines_below(child, indent + ("   " if is_last else "│  "))


def _line(node: Node) -> str:
    head = f"{node.kind} {shortened(node.name)}".strip()
    return f"{head}: {' '.join(node.says.split())}" if node.says else head
