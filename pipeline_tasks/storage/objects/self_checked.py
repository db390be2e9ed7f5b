"""Bytes that begin with their own digest: how a cache shows that it is whole where its name digests something else."""

from __future__ import annotations

import hashlib

_DIGEST_BYTES = 32


def with_digest(content: bytes, name: str = "") -> bytes:
    """The bytes behind their sha256; with a name, bytes that lie under another one are not whole either."""
    return _digest(content, name) + content


def without_digest(stored: bytes, name: str = "", *, is_known: bool = False) -> bytes | None:
    """The bytes that `with_digest` was given; None if they have changed. `is_known`: they were checked before."""
    content = stored[_DIGEST_BYTES:]
    return content if is_known or _digest(content, name) == stored[:_DIGEST_BYTES] else None


def _digest(content: bytes, name: str) -> bytes:
    found = hashlib.sha256(name.encode())
    found.update(content)
    return found.digest()
