"""Every no of the server has one shape: a status, a reason for programs, a sentence for people."""

from __future__ import annotations

from collections.abc import Mapping

from fastapi import HTTPException


def refusal(status: int, reason: str, why: str, headers: Mapping[str, str] | None = None) -> HTTPException:
    """An error answer; raise it."""
    return HTTPException(status, {"reason": reason, "why": why}, dict(headers or {}))


def too_busy(why: str, retry_after_s: int) -> HTTPException:
    """429, not 503: a load balancer must not take a busy server for a broken one."""
    return refusal(429, "too_busy", why, {"Retry-After": str(retry_after_s)})
