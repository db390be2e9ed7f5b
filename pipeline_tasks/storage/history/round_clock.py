"""Clock of a labeling round: it stands still while labeling is paused."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from pipeline_tasks.records.cycle import utc
from pipeline_tasks.records.project_state import LabelingPauses
from pipeline_tasks.records.send_to_labeling import SendToLabelingSummary
from pipeline_tasks.storage.history.store import Store


@dataclass(frozen=True)
class RoundClock:
    """A round's times at one moment."""

    age_s: float
    """Seconds since it was sent, without pauses."""
    paused_s: float
    """Seconds of pauses since it was sent."""
    deadline_at: datetime
    """Its deadline, moved by the pauses."""
    paused_at: str | None
    """Beginning of the pause that stands."""


def round_clock(store: Store, sent: SendToLabelingSummary, deadline_s: float, now: datetime) -> RoundClock:
    """The clock of a round that was sent with a deadline after so many seconds."""
    pauses = store.state().value(LabelingPauses) or LabelingPauses()
    sent_at = utc(sent.deadline_at) - timedelta(seconds=deadline_s)
    paused_s = pauses.held_s(sent_at, now)
    age_s = (now - sent_at).total_seconds() - paused_s
    return RoundClock(age_s, paused_s, utc(sent.deadline_at) + timedelta(seconds=paused_s), pauses.paused_at)
