"""Signature of a request: HMAC-SHA256 (RFC 2104) of the device's key over all that the request says."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass

DEVICE, TIME, SEQUENCE, BODY, SIGNATURE = (
    "Nightlens-Device",
    "Nightlens-Time",
    "Nightlens-Sequence",
    "Nightlens-Body",
    "Nightlens-Signature",
)
"""Names of the headers."""
_FORM = "nightlens-request-1"


@dataclass(frozen=True)
class RequestClaims:
    """Claims of one request that its signature covers."""

    method: str
    target: str
    """Path and query."""
    device: str
    time: str
    """Seconds since 1970, UTC, as the device wrote them."""
    sequence: str
    """Grows with each request of a device, so that none is accepted twice."""
    body_digest: str

    def signature(self, key: bytes) -> str:
        """The signature in 64 hexadecimal digits."""
        parts = (_FORM, self.method, self.target, self.device, self.time, self.sequence, self.body_digest)
        # With lengths, so that no two requests are one text.
        text = "".join(f"{len(part)}:{part}\n" for part in parts)
        return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()

    def headers(self, key: bytes) -> dict[str, str]:
        """Headers that carry claims and signature."""
        return {
            DEVICE: self.device,
            TIME: self.time,
            SEQUENCE: self.sequence,
            BODY: self.body_digest,
            SIGNATURE: self.signature(key),
        }

    def is_signed(self, signature: str, key: bytes) -> bool:
        """Return True if the signature is that of this key; takes the same time for every wrong one."""
        return hmac.compare_digest(self.signature(key).encode(), signature.encode())
