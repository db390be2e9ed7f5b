"""Promotion history as rows of words, for the terminal and for a page."""

from __future__ import annotations

from collections.abc import Sequence

from pipeline_tasks.records.cycle import local_time, utc
from pipeline_tasks.records.promotion import Promotion

HEADERS = ("cycle", "started", "outcome", "model", "instead of", "score", "difference", "signed by", "signed at", "why")


def promotion_rows(history: Sequence[Promotion], time_zone: str) -> list[tuple[str | None, ...]]:
    """One row a decision, newest first; None where there is nothing to say."""
    return [_row(one, time_zone) for one in reversed(history)]


def _row(one: Promotion, time_zone: str) -> tuple[str | None, ...]:
    return (
        one.cycle_id,
        local_time(utc(one.started_at), time_zone),
        one.outcome,
        one.model_digest[:12],
        one.previous_digest[:12] if one.previous_digest else None,
        None if one.score is None else f"{100 * one.score:.1f} %",
        _difference(one),
        one.signed_by,
        local_time(utc(one.signed_at), time_zone) if one.signed_at else None,
        one.why,
    )


def _difference(one: Promotion) -> str | None:
    if one.difference is None or one.low is None or one.high is None:
        return None
    return f"{100 * one.difference:+.1f} ({100 * one.low:+.1f} to {100 * one.high:+.1f})"
