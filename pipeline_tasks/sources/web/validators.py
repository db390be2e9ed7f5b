"""Versions of what lies at an address, as its host states them: the ETag, else the time of the last change (RFC 9110, 8.8)."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

LONGEST = 200
"""Letters of a version; a longer one is kept as its digest."""


def version_by(headers: Mapping[str, str]) -> str | None:
    """The version that these headers state; None if they state none.

    Weak and strong tags count alike: a host may answer a HEAD with the one and a GET with the other.
    """
    for name in ("etag", "last-modified"):
        found = headers.get(name, "").removeprefix("W/").strip()
        if found:
            return f"{name}:{found if len(found) <= LONGEST else hashlib.sha256(found.encode()).hexdigest()}"
    return None


def is_other(version: str, headers: Mapping[str, str]) -> bool:
    """Return True if the headers state another version than the listing found by the same header."""
    found = version_by(headers)
    kind = version.partition(":")[0]
    return kind in ("etag", "last-modified") and found is not None and found.partition(":")[0] == kind and found != version
