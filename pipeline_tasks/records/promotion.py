"""Record of one decision on the champion, put together from what several stages of a cycle have recorded."""

from __future__ import annotations

from dataclasses import dataclass

PROMOTED, REFUSED, REJECTED, NO_REPLY, ROLLED_BACK = "promoted", "refused", "rejected", "no reply", "rolled back"


@dataclass(frozen=True)
class Promotion:
    """One line of the promotion history."""

    cycle_id: str
    started_at: str
    """Beginning of the cycle."""
    outcome: str
    """`promoted`; `refused` by the gate; `rejected` by a person; `no reply` of a person; `rolled back` to an earlier champion."""
    model_digest: str
    """The candidate, or the champion that was restored."""
    previous_digest: str | None
    """The champion before."""
    why: str
    score: float | None = None
    difference: float | None = None
    """Candidate − champion in the kind's score, or − trivial baseline for the first one, with its interval."""
    low: float | None = None
    high: float | None = None
    signed_by: str | None = None
    """The person who approved or rejected it; None without a reply."""
    signed_at: str | None = None
    reason: str = ""
    """The person's own words."""
