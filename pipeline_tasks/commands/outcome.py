"""The outcome of a command: a text for people or one JSON line for machines, and whether all is fine."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from pipeline_tasks.json_values import Json


@dataclass(frozen=True)
class Outcome:
    """A command's answer."""

    text: str
    is_fine: bool = True
    """False: the command ran, and found something that a person must look at; the exit code is 1."""


def in_json(fields: Mapping[str, Json]) -> Outcome:
    """The fields on one line; one named `is_fine` decides the exit code."""
    return Outcome(json.dumps(fields, sort_keys=True), bool(fields.get("is_fine", True)))
