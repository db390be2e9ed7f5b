"""Record of the stage `sign_off`, the request that it makes and a person's reply."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

WAITING, APPROVED, REJECTED, NO_REPLY = "waiting", "approved", "rejected", "no_reply"


@dataclass(frozen=True)
class SignOffReply:
    """A person's reply."""

    is_approved: bool
    by: str
    """The person, as the place of the reply names them."""
    at: str
    reason: str = ""


@dataclass(frozen=True)
class SignOffRequest:
    """A request for a sign-off, made once a cycle, however often the stage runs."""

    asked_at: str
    deadline_at: str
    told: list[str] = field(default_factory=list)
    """Ways over which people were told: `email a@b.org`, `slack connection`, `module:attribute`."""
    failed: list[str] = field(default_factory=list)
    """Ways that did not work, with the reason."""


@dataclass(frozen=True)
class SignOffSummary:
    """Outcome of a request for a sign-off, in the ledger for good unless it is `waiting`."""

    stage: ClassVar[str] = "sign_off"

    skipped: str | None
    outcome: str = ""
    """`approved`, `rejected` or `no_reply`; `waiting` until then; empty if nobody is asked."""
    why: str = ""
    """The outcome as a sentence: who, when and the reason."""
    model_digest: str | None = None
    """The candidate."""
    by: str | None = None
    at: str | None = None
    reason: str = ""
    """The person's own words."""
    asked_at: str | None = None
    deadline_at: str | None = None
