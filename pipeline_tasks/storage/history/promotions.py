"""Promotion history of a project, from its ledger: every promotion, refusal and roll-back."""

from __future__ import annotations

from pipeline_tasks.records.compare_with_champion import CompareWithChampionSummary
from pipeline_tasks.records.open_cycle import OpenCycleSummary
from pipeline_tasks.records.promote_model import PromoteModelSummary
from pipeline_tasks.records.promotion import NO_REPLY, PROMOTED, REFUSED, REJECTED, ROLLED_BACK, Promotion
from pipeline_tasks.records.roll_back import RollBackSummary
from pipeline_tasks.records.sign_off import NO_REPLY as NOBODY
from pipeline_tasks.records.sign_off import REJECTED as SAID_NO
from pipeline_tasks.records.sign_off import SignOffSummary
from pipeline_tasks.storage.history.store import Store


def promotions(store: Store) -> list[Promotion]:
    """Every decision on the champion, in the order in which the cycles were opened; nights that trained nothing are left out."""
    opened, backs = store.summaries(OpenCycleSummary), store.summaries(RollBackSummary)
    promoted, compared = store.summaries(PromoteModelSummary), store.summaries(CompareWithChampionSummary)
    signed, found = store.summaries(SignOffSummary), []
    for cycle_id, one in opened.items():
        if cycle_id in promoted and not promoted[cycle_id].skipped:
            found.append(_of_night(one, promoted[cycle_id], compared.get(cycle_id), signed.get(cycle_id)))
        elif cycle_id in backs and not backs[cycle_id].skipped:
            found.append(_of_roll_back(one, backs[cycle_id]))
    return found


def _of_night(
    opened: OpenCycleSummary,
    promoted: PromoteModelSummary,
    compared: CompareWithChampionSummary | None,
    signed: SignOffSummary | None,
) -> Promotion:
    """The decision of a night."""
    said = signed.outcome if signed is not None else ""
    outcome = PROMOTED if promoted.is_promoted else {SAID_NO: REJECTED, NOBODY: NO_REPLY}.get(said, REFUSED)
    return Promotion(
        cycle_id=opened.cycle_id,
        started_at=opened.started_at,
        outcome=outcome,
        model_digest=promoted.model_digest or "",
        previous_digest=promoted.previous_digest,
        why=promoted.why,
        score=compared.candidate_score if compared else None,
        difference=compared.difference if compared else None,
        low=compared.low if compared else None,
        high=compared.high if compared else None,
        signed_by=signed.by if signed else None,
        signed_at=signed.at if signed else None,
        reason=signed.reason if signed else "",
    )


def _of_roll_back(opened: OpenCycleSummary, back: RollBackSummary) -> Promotion:
    """The decision of a person who restored an earlier champion."""
    return Promotion(opened.cycle_id, opened.started_at, ROLLED_BACK, back.model_digest, back.previous_digest, back.why)
