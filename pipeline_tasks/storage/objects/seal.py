"""A seal: the digest of a JSON object's other fields, kept inside it: one flipped bit is noticed where no name digests it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from pipeline_tasks.errors import CorruptObjectError

_SEAL = "sha256"


def sealed(fields: Mapping[str, Any]) -> dict[str, Any]:
    """The fields with their seal."""
    return {**fields, _SEAL: _digest(fields)}


def unsealed(fields: Mapping[str, Any], where: str) -> dict[str, Any]:
    """The fields without their seal; what was written before there were seals has none.

    Raises:
        CorruptObjectError: they are not what was sealed.
    """
    rest = {name: value for name, value in fields.items() if name != _SEAL}
    if _SEAL in fields and fields[_SEAL] != _digest(rest):
        raise CorruptObjectError(f"{where}: wanted fields of sha256 {fields[_SEAL]}, found {_digest(rest)}")
    return rest


def _digest(fields: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(fields, sort_keys=True).encode()).hexdigest()
