"""Ask a person before a candidate that passed the gate becomes the champion, where the project wants that."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from pipeline_tasks.records.compare_with_champion import CompareWithChampionSummary
from pipeline_tasks.records.cycle import Cycle, local_time, utc
from pipeline_tasks.records.sign_off import APPROVED, NO_REPLY, REJECTED, WAITING, SignOffReply, SignOffRequest, SignOffSummary
from pipeline_tasks.storage.history.sign_off_requests import note_request, standing_request
from pipeline_tasks.storage.history.store import Store

STAGE = "sign_off"


def sign_off(store: Store, cycle: Cycle, now: datetime, reply: SignOffReply | None = None) -> SignOffSummary:
    """Record the reply, or that nobody replied until the deadline; without either the outcome is `waiting` and nothing is recorded.

    The first call fixes the deadline. A recorded outcome stands, whoever replies later.

    Raises:
        MissingStageError: the cycle's candidate has not been compared.
        ChangedMeanwhileError: another try made the request at the same moment.
    """
    standing = store.finished(cycle.cycle_id, STAGE, SignOffSummary)
    if standing is not None:
        return standing
    compared = store.summary(cycle.cycle_id, CompareWithChampionSummary)
    nobody_asked = _why_nobody_is_asked(compared, cycle)
    if nobody_asked is not None:
        return store.finish(cycle.cycle_id, STAGE, SignOffSummary(skipped=nobody_asked))
    request = standing_request(store.objects, cycle.cycle_id) or _first_request(store, cycle, now)
    asked = SignOffSummary(None, WAITING, "", compared.model_digest, asked_at=request.asked_at, deadline_at=request.deadline_at)
    deadline = local_time(utc(request.deadline_at), cycle.project.time_zone)
    if reply is not None:
        return store.finish(cycle.cycle_id, STAGE, _replied(asked, reply, cycle.project.time_zone))
    if now >= utc(request.deadline_at):
        why = f"Nobody replied until {deadline}, so the model is not promoted."
        return store.finish(cycle.cycle_id, STAGE, replace(asked, outcome=NO_REPLY, why=why))
    return replace(asked, why=f"Waiting until {deadline} for a person who approves or rejects the promotion.")


def _why_nobody_is_asked(compared: CompareWithChampionSummary, cycle: Cycle) -> str | None:
    """A sentence if there is no question; None if there is one."""
    if compared.skipped:
        return compared.skipped
    if cycle.project.autonomy.promote == "auto":
        return "The project promotes by itself what the gate lets pass (autonomy.promote: auto)."
    if compared.decision != "promote":
        return "The gate keeps the champion, so there is nothing to sign."
    return None


def _first_request(store: Store, cycle: Cycle, now: datetime) -> SignOffRequest:
    """The cycle's request, with its deadline."""
    wait_s = cycle.project.autonomy.deadline_s
    assert wait_s is not None, "the settings want a deadline for `ask`"
    request = SignOffRequest(now.isoformat(), (now + timedelta(seconds=wait_s)).isoformat())
    return note_request(store.objects, cycle.cycle_id, request)


def _replied(asked: SignOffSummary, reply: SignOffReply, time_zone: str) -> SignOffSummary:
    """The summary with a person's reply."""
    word = "Approved" if reply.is_approved else "Rejected"
    reason = " ".join(reply.reason.split())
    said = f": “{reason}”" if reason else ", without a reason"
    return replace(
        asked,
        outcome=APPROVED if reply.is_approved else REJECTED,
        why=f"{word} by {reply.by} on {local_time(utc(reply.at), time_zone)}{said}.",
        by=reply.by,
        at=reply.at,
        reason=reason,
    )
