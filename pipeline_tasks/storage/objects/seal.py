"""Seal: a field of a JSON object with the digest of its other fields, to detect damage in objects not named by a digest."""

from __future__ import annotations

import hashlib
import json

from pipeline_tasks.errors import CorruptObjectError
from pipeline_tasks.json_values import JsonObject

_SEAL = "sha256"


def sealed(fields: JsonObject) -> JsonObject:
    """Return the fields with their seal."""
    return {**fields, _SEAL: _digest(fields)}


def unsealed(fields: JsonObject, where: str) -> JsonObject:
    """Check and remove the seal; objects from before seals existed have none.

    Raises:
        CorruptObjectError: the fields do not match the seal.
    """
    rest = {name: value for name, value in fields.items() if name != _SEAL}
    if _SEAL in fields and fields[_SEAL] != _digest(rest):
        raise CorruptObjectError(f"{where}: wanted fields of sha256 {fields[_SEAL]}, found {_digest(rest)}")
    return rest


def _digest(fields: JsonObject) -> str:
    return hashlib.sha256(json.dumps(fields, sort_keys=True).encode()).hexdigest()
