"""Error responses of the server: a status, a reason for programs, a sentence for people."""

from __future__ import annotations

from collections.abc import Mapping

from fastapi import HTTPException


def refusal(status: int, reason: str, why: str, headers: Mapping[str, str] | None = None) -> HTTPException:
    """Build an error response, to be raised."""
    return HTTPException(status, {"reason": reason, "why": why}, dict(headers or {}))


def too_busy(why: str, retry_after_s: int) -> HTTPException:
    """Build a 429, not a 503, so that a load balancer does not mistake a busy server for a broken one."""
    return refusal(429, "too_busy", why, {"Retry-After": str(retry_after_s)})
