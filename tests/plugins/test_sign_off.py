"""Tests of the request for a sign-off, and of the reply as Airflow hands it over."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

import pytest

from pipeline_tasks.records.compare_with_champion import CompareWithChampionSummary
from pipeline_tasks.records.gate_rule import GateRule
from pipeline_tasks.records.sign_off import SignOffReply
from pipeline_tasks.reports.sign_off import request_title, request_words

pytestmark = pytest.mark.airflow

AT = datetime(2026, 11, 21, 22, 10, tzinfo=timezone.utc)
COMPARED = CompareWithChampionSummary(
    None,
    "promote",
    "Promoted: not worse.",
    model_digest="a" * 64,
    champion_digest="b" * 64,
    test_images=120,
    test_groups=80,
    rules=[GateRule("worst_slice", "warn", "broken", -0.05, 0.02, "points"), GateRule("size", "must", "stated", 13.24, None, "MB")],
)


def event(option: str, reason: str | None, name: str | None = "Ada") -> dict[str, Any]:
    person = None if name is None else {"id": "ada", "name": name}
    return {"chosen_options": [option], "params_input": {"reason": reason}, "responded_at": AT, "responded_by_user": person}


def test_reply__names_the_person_the_time_and_the_reason() -> None:
    from nightlens_airflow.sign_off_operator import reply_of

    assert reply_of(event("Approve", None)) == SignOffReply(True, "Ada", AT.isoformat(), "")
    assert reply_of(event("Reject", "blurry")) == SignOffReply(False, "Ada", AT.isoformat(), "blurry")
    assert reply_of(event("Reject", "blurry", "")) == SignOffReply(False, "ada", AT.isoformat(), "blurry")


def test_reply__of_nobody_is_none_when_the_time_is_up() -> None:
    from nightlens_airflow.sign_off_operator import reply_of

    assert reply_of({"error": "The time is up.", "error_type": "timeout"}) is None


def test_request__says_the_gates_sentence_every_rule_the_report_and_the_deadline() -> None:
    said = request_words(COMPARED, "2026-11-22T06:00:00+00:00", "/nightlens/report?dag_id=a&run_id=b", "Europe/Berlin")

    assert request_title("parts", "2026-11-21", COMPARED) == "parts, cycle 2026-11-21: promote model aaaaaaaaaaaa?"
    assert "**The gate lets the model pass.** Promoted: not worse." in said
    assert "[Open the cycle's report](/nightlens/report?dag_id=a&run_id=b)" in said
    assert "| worst slice | warn | -5.0 points | 2 points | broken |" in said
    assert "| size | must | 13.24 MB | – | stated |" in said
    assert "Candidate aaaaaaaaaaaa, champion bbbbbbbbbbbb; 120 test images in 80 split groups." in said
    assert "Without a reply until 2026-11-22 07:00 Europe/Berlin the model is not promoted" in said


def test_request__shows_names_of_a_project_as_text() -> None:
    compared = CompareWithChampionSummary(None, "promote", "Promoted: the class *nut* <b>[x](http://evil)</b> | y.")

    said = request_words(compared, "2026-11-22T06:00:00+00:00", "/r", "UTC")

    assert "\\*nut\\* \\<b\\>\\[x\\](http://evil)\\</b\\> \\| y." in said
