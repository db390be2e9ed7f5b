"""Tests of the promotion history and of its command."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest
import yaml
from given import STARTED_AT, a_project
from given_candidates import BAD, GOOD, RecordingRegistry, a_cycle_with_model
from given_deploying import BETTER, a_night_of, a_roll_back, compared

from pipeline_tasks.__main__ import main
from pipeline_tasks.records.sign_off import SignOffReply
from pipeline_tasks.reports.promotion_rows import promotion_rows
from pipeline_tasks.stages.deploy.promote_model import promote_model
from pipeline_tasks.stages.deploy.sign_off import sign_off
from pipeline_tasks.storage.history.promotions import promotions
from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.wiring.projects import read_project
from pipeline_tasks.wiring.roots import open_store

ASK = {"promote": "ask", "deadline_s": 3600}


def a_signed_night(store: Store, content: bytes, cycle_id: str, reply: SignOffReply | None) -> None:
    """A night of a project that asks; None: nobody replies."""
    cycle = a_cycle_with_model(store, content, cycle_id, autonomy=ASK)
    compared(store, cycle)
    sign_off(store, cycle, STARTED_AT, reply)
    sign_off(store, cycle, STARTED_AT + timedelta(hours=2))
    promote_model(store, cycle, RecordingRegistry())


def test_promotions__tell_every_decision_with_its_figures_and_who_signed(store: Store) -> None:
    a_signed_night(store, GOOD, "2026-11-21", SignOffReply(True, "ada", "2026-11-21T22:10:00+00:00", "fine"))
    a_night_of(store, BAD, "2026-11-22", "2", RecordingRegistry())
    a_signed_night(store, BETTER, "2026-11-23", SignOffReply(False, "bo", "2026-11-23T22:20:00+00:00", "blurry"))
    a_signed_night(store, BETTER, "2026-11-24", None)
    a_night_of(store, BETTER, "2026-11-25", "5", RecordingRegistry())
    a_roll_back(store, None, RecordingRegistry(), cycle_id="2026-11-26")
    idle = a_cycle_with_model(store, None, "2026-11-27")
    compared(store, idle)
    promote_model(store, idle, RecordingRegistry())

    history = promotions(store)

    told = [(one.cycle_id[-2:], one.outcome, one.signed_by, one.reason) for one in history]
    assert told == [
        ("21", "promoted", "ada", "fine"),
        ("22", "refused", None, ""),
        ("23", "rejected", "bo", "blurry"),
        ("24", "no reply", None, ""),
        ("25", "promoted", None, ""),
        ("26", "rolled back", None, ""),
    ]
    first, refused, *_, newest, back = history
    assert (first.previous_digest, first.score, first.difference) == (None, 1.0, 0.5)
    assert (refused.score, refused.difference) == (0.0, -1.0)
    assert (back.model_digest, back.previous_digest) == (first.model_digest, newest.model_digest)
    assert promotion_rows(history, "UTC")[0][:3] == ("2026-11-26", "2026-11-21 22:00 UTC", "rolled back")
    assert promotion_rows(history, "UTC")[3][7:9] == ("bo", "2026-11-23 22:20 UTC")


def test_promotions_command__prints_the_newest_first_and_whole_digests_as_json(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("NIGHTLENS_HOME", str(tmp_path))
    monkeypatch.setenv("NIGHTLENS_PROJECTS", str(tmp_path / "projects"))
    (tmp_path / "projects").mkdir()
    (tmp_path / "projects" / "parts.yaml").write_text(yaml.safe_dump(a_project().model_dump(mode="json")))

    assert main(["promotions", "--project", "parts"]) == 0
    assert capsys.readouterr().out == "No candidate was judged yet.\n"
    store = open_store(read_project("parts"))
    first = a_night_of(store, GOOD, "2026-11-21", "1", RecordingRegistry())
    a_night_of(store, BAD, "2026-11-22", "2", RecordingRegistry())

    assert main(["promotions", "--project", "parts"]) == 0
    header, _, refused, promoted = capsys.readouterr().out.splitlines()
    assert header.split()[:3] == ["cycle", "started", "outcome"]
    assert refused.split()[:5] == ["2026-11-22", "2026-11-21", "22:00", "UTC", "refused"]
    assert "100.0 %  +50.0 (" in promoted
    assert main(["promotions", "--project", "parts", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)[1]["model_digest"] == first.model_digest


def test_sign_off_command__wants_a_reason_to_reject_and_records_the_reply(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("NIGHTLENS_HOME", str(tmp_path))
    monkeypatch.setenv("NIGHTLENS_PROJECTS", str(tmp_path / "projects"))
    (tmp_path / "projects").mkdir()
    (tmp_path / "projects" / "parts.yaml").write_text(yaml.safe_dump(a_project().model_dump(mode="json")))
    compared(open_store(read_project("parts")), a_cycle_with_model(open_store(read_project("parts")), GOOD, autonomy=ASK))
    replied = ["sign_off", "--project", "parts", "--cycle", "2026-11-21", "--by", "bo"]

    assert main([*replied, "--reject"]) == 1
    assert "--reject: wanted a --reason" in capsys.readouterr().err
    assert main([*replied, "--reject", "--reason", "blurry"]) == 0
    assert json.loads(capsys.readouterr().out)["outcome"] == "rejected"
    assert main([*replied, "--approve"]) == 0
    assert json.loads(capsys.readouterr().out)["reason"] == "blurry", "the recorded outcome stands"
