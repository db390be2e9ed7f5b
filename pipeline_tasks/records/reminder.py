"""Record of a reminder of a waiting round."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Reminder:
    """One step of a round's reminders, after somebody was told."""

    step: str
    """`remind` or `escalate`."""
    told_at: str
    told: list[str] = field(default_factory=list)
    """Ways that worked: `email a@b.org`, `slack connection`, `module:attribute`."""
    failed: list[str] = field(default_factory=list)
    """Ways that did not, with the reason."""
