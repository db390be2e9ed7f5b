"""Outcome of a command: a text or one JSON line, and whether all is fine."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from pipeline_tasks.json_values import Json


@dataclass(frozen=True)
class Outcome:
    """A command's output and exit code."""

    text: str
    is_fine: bool = True
    """False if the command ran and found something that needs attention; the exit code is then 1."""


def in_json(fields: Mapping[str, Json]) -> Outcome:
    """The fields as one line of JSON; a field named `is_fine` decides the exit code."""
    return Outcome(json.dumps(fields, sort_keys=True), bool(fields.get("is_fine", True)))
