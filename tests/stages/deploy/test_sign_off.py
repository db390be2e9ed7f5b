from __future__ import annotations

from datetime import timedelta

import pytest
from given import STARTED_AT, a_project
from given_candidates import BAD, GOOD, RecordingRegistry, a_cycle_with_model
from given_deploying import BETTER, a_night_of, compared

from pipeline_tasks.errors import MissingStageError, SettingsError
from pipeline_tasks.records.cycle import Cycle
from pipeline_tasks.records.promote_model import PromoteModelSummary
from pipeline_tasks.records.sign_off import SignOffReply
from pipeline_tasks.stages.deploy.promote_model import promote_model
from pipeline_tasks.stages.deploy.sign_off import sign_off
from pipeline_tasks.storage.history.sign_off_requests import standing_request
from pipeline_tasks.storage.history.store import Store

ASK = {"promote": "ask", "deadline_s": 3600}
APPROVED = SignOffReply(True, "ada", "2026-11-21T22:10:00+00:00", "looks  good\non line 3")
REJECTED = SignOffReply(False, "bo", "2026-11-21T22:20:00+00:00")
LATE = STARTED_AT + timedelta(seconds=3600)


def a_passed_candidate(store: Store, content: bytes = GOOD, cycle_id: str = "2026-11-21", **autonomy: object) -> Cycle:
    """A cycle whose candidate the gate lets pass."""
    cycle = a_cycle_with_model(store, content, cycle_id, autonomy=ASK | autonomy)
    assert compared(store, cycle).decision == "promote"
    return cycle


def promoted(store: Store, cycle: Cycle) -> PromoteModelSummary:
    return promote_model(store, cycle, RecordingRegistry())


def test_sign_off__waits_without_an_event_and_nothing_is_promoted_meanwhile(store: Store) -> None:
    cycle = a_passed_candidate(store)

    waiting = sign_off(store, cycle, STARTED_AT)

    assert (waiting.skipped, waiting.outcome) == (None, "waiting")
    assert waiting.why == "Waiting until 2026-11-21 23:00 UTC for a person who approves or rejects the promotion."
    assert store.event(cycle.cycle_id, "sign_off") is None
    with pytest.raises(MissingStageError, match="sign_off has not been done"):
        promoted(store, cycle)


def test_sign_off__approved_by_a_person_is_promoted_and_the_ledger_says_who_when_and_why(store: Store) -> None:
    cycle = a_passed_candidate(store)
    sign_off(store, cycle, STARTED_AT)

    signed = sign_off(store, cycle, STARTED_AT, APPROVED)
    summary = promoted(store, cycle)

    event = store.event(cycle.cycle_id, "sign_off")
    assert event is not None
    assert {name: event.summary[name] for name in ("outcome", "by", "at", "reason")} == {
        "outcome": "approved",
        "by": "ada",
        "at": "2026-11-21T22:10:00+00:00",
        "reason": "looks good on line 3",
    }
    assert signed.model_digest == summary.model_digest
    assert summary.is_promoted
    assert summary.why.endswith("Approved by ada on 2026-11-21 22:10 UTC: “looks good on line 3”.")


def test_sign_off__rejected_by_a_person_leaves_the_champion(store: Store) -> None:
    champion = a_night_of(store, GOOD, "2026-11-20", "1", RecordingRegistry())
    cycle = a_passed_candidate(store, BETTER)

    sign_off(store, cycle, STARTED_AT, REJECTED)
    summary = promoted(store, cycle)

    assert (summary.is_promoted, summary.champion_digest) == (False, champion.model_digest)
    assert summary.why.startswith(
        "Not promoted. Rejected by bo on 2026-11-21 22:20 UTC, without a reason. The gate would have let it pass: Promoted: "
    )


def test_sign_off__without_a_reply_until_the_deadline_ends_and_promotes_nothing(store: Store) -> None:
    cycle = a_passed_candidate(store)
    sign_off(store, cycle, STARTED_AT)

    late = sign_off(store, cycle, LATE)

    assert (late.outcome, late.by) == ("no_reply", None)
    summary = promoted(store, cycle)
    assert not summary.is_promoted
    assert summary.why.startswith("Not promoted. Nobody replied until 2026-11-21 23:00 UTC, so the model is not promoted. ")


def test_sign_off__asked_again_keeps_its_deadline_and_the_first_outcome(store: Store) -> None:
    cycle = a_passed_candidate(store)

    first = sign_off(store, cycle, STARTED_AT)
    again = sign_off(store, cycle, STARTED_AT + timedelta(minutes=50))
    assert (again.asked_at, again.deadline_at) == (first.asked_at, first.deadline_at)
    request = standing_request(store.objects, cycle.cycle_id)
    assert request is not None
    assert request.deadline_at == LATE.isoformat()

    rejected = sign_off(store, cycle, STARTED_AT, REJECTED)
    assert sign_off(store, cycle, STARTED_AT, APPROVED) == rejected
    assert sign_off(store, cycle, LATE) == rejected
    assert not promoted(store, cycle).is_promoted


def test_sign_off__of_a_reply_that_came_in_time_counts_though_it_is_recorded_late(store: Store) -> None:
    cycle = a_passed_candidate(store)
    sign_off(store, cycle, STARTED_AT)

    assert sign_off(store, cycle, LATE, APPROVED).outcome == "approved"


def test_sign_off__asks_nobody_if_the_gate_keeps_the_champion_or_nothing_was_trained(store: Store) -> None:
    a_night_of(store, GOOD, "2026-11-20", "1", RecordingRegistry())
    worse = a_cycle_with_model(store, BAD, "2026-11-21", autonomy=ASK)
    compared(store, worse)
    idle = a_cycle_with_model(store, None, "2026-11-22", autonomy=ASK)
    compared(store, idle)

    assert sign_off(store, worse, STARTED_AT).skipped == "The gate keeps the champion, so there is nothing to sign."
    assert sign_off(store, idle, STARTED_AT).skipped == "There is nothing new to learn from."
    assert promoted(store, worse).why.startswith("Not promoted: it may be worse")
    assert standing_request(store.objects, worse.cycle_id) is None


def test_sign_off__of_a_project_that_did_not_ask_for_it_is_skipped_and_promotes_as_before(store: Store) -> None:
    cycle = a_cycle_with_model(store, GOOD)
    compared(store, cycle)

    assert sign_off(store, cycle, STARTED_AT).skipped == (
        "The project promotes by itself what the gate lets pass (autonomy.promote: auto)."
    )
    assert promoted(store, cycle).is_promoted


@pytest.mark.parametrize(
    ("autonomy", "said"),
    [
        ({"promote": "ask"}, "promote is ask, so deadline_s must say how long a night waits for a reply"),
        ({"deadline_s": 60}, "promote must say whether a person is asked: ask or auto"),
        ({"promote": "ask", "deadline_s": 60, "notify": {}}, "`notify` must name an email, a slack connection or a notifier"),
        ({"promote": "perhaps"}, "autonomy.promote"),
    ],
)
def test_autonomy__that_would_wait_for_ever_or_ask_nobody_is_refused(autonomy: dict[str, object], said: str) -> None:
    with pytest.raises(SettingsError, match=said):
        a_project(autonomy=autonomy)
