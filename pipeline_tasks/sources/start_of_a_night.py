"""Decision if new images start a night: enough of them, or one that has waited long enough, and not too soon."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from pipeline_tasks.settings.new_images import NewImagesSettings

TAKES_IN_AT_MOST = timedelta(days=1)
"""A night that has not recorded its images after this time is given up, so that it does not block others for ever."""
ASKED_AGAIN_AFTER = timedelta(hours=1)
"""A start that no night has followed for this long is asked for again: it may have been lost, as while a DAG was paused."""


@dataclass(frozen=True)
class NewImages:
    """State of the sources and of the newest night, as one look found them."""

    files: int = 0
    """New files, counted up to the number that is enough."""
    night: str | None = None
    """The newest night, None if there was none."""
    began_at: datetime | None = None
    """Its start."""
    is_taking_in: bool = False
    """True while that night has not recorded its images: what is new is not known then."""
    away: Mapping[str, str] = field(default_factory=dict)
    """Source → why it cannot be listed."""
    took_s: float = 0.0
    """Seconds of processor that the look took; its first imports do not count."""


@dataclass(frozen=True)
class Remembered:
    """The memory between two looks."""

    first_seen_at: datetime | None = None
    """First sight of the oldest of today's new images."""
    asked_at: datetime | None = None
    """Time at which a night was last asked for …"""
    asked_after: str | None = None
    """… and the newest night at that time."""


@dataclass(frozen=True)
class Decision:
    """Outcome of one look."""

    starts: bool
    why: str
    remembered: Remembered


def decide(settings: NewImagesSettings, seen: NewImages, before: Remembered, now: datetime) -> Decision:
    """Decide if a night is to start now.

    A start that was asked for and has not led to a night yet is not asked for twice, so that images start one night.
    """
    if seen.files == 0:
        why = "the newest night is taking in its images" if seen.is_taking_in else "no new images"
        return Decision(False, why, replace(before, first_seen_at=None))
    remembered = replace(before, first_seen_at=before.first_seen_at or now)
    assert remembered.first_seen_at is not None
    waited = now - remembered.first_seen_at
    reason = _reason(settings, seen.files, waited)
    if reason is None:
        return Decision(False, f"{seen.files} new images: not enough yet, and none has waited too long", remembered)
    if _is_asked_for(seen, before, now):
        return Decision(False, f"{reason}: a night was asked for and has not begun yet", remembered)
    if seen.began_at is not None and now < seen.began_at + timedelta(seconds=settings.cool_down_s):
        return Decision(False, f"{reason}: waiting until {settings.cool_down_s:g} s after the last night began", remembered)
    return Decision(True, reason, Remembered(None, now, seen.night))


def _reason(settings: NewImagesSettings, files: int, waited: timedelta) -> str | None:
    if settings.min_images is not None and files >= settings.min_images:
        return f"at least {settings.min_images} new images"
    if settings.max_wait_s is not None and waited >= timedelta(seconds=settings.max_wait_s):
        return f"a new image has waited {settings.max_wait_s:g} s"
    return None


def _is_asked_for(seen: NewImages, before: Remembered, now: datetime) -> bool:
    return before.asked_at is not None and before.asked_after == seen.night and now < before.asked_at + ASKED_AGAIN_AFTER
