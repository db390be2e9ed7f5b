"""Reminders of a round that waits: those that are due, and the time of the next; pure."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from pipeline_tasks.settings.reminders import ReminderSettings

STEPS = ("remind", "escalate")


@dataclass(frozen=True)
class Due:
    """Steps that are due, in order, and the seconds until the next."""

    steps: list[str]
    next_in_s: float | None
    """None if no step is to come."""


def due_reminders(settings: ReminderSettings | None, age_s: float, told: Collection[str]) -> Due:
    """The reminders of a round of this age; `told`: steps of which somebody was told."""
    if settings is None:
        return Due([], None)
    hours = {"remind": settings.remind_after_hours, "escalate": settings.escalate_after_hours}
    left_s = {step: 3600 * after - age_s for step in STEPS if step not in told and (after := hours[step]) is not None}
    coming = [seconds for seconds in left_s.values() if seconds > 0]
    return Due([step for step, seconds in left_s.items() if seconds <= 0], min(coming, default=None))
