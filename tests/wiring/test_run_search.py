"""Test of a whole search on the command line, where a person is asked before the promotion."""

from __future__ import annotations

from typing import Any

import pytest

from pipeline_tasks.records.open_search import OpenSearchSummary
from pipeline_tasks.records.reading import StageRecord
from pipeline_tasks.records.run_trial import RunTrialSummary
from pipeline_tasks.records.sign_off import APPROVED, WAITING, SignOffSummary
from pipeline_tasks.wiring import run
from pipeline_tasks.wiring.arguments import StageArguments


@pytest.mark.parametrize(("outcome", "promotes"), [(WAITING, False), (APPROVED, True)])
def test_run_search__promotes_nothing_while_a_sign_off_waits(outcome: str, promotes: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    ran: list[str] = []

    def run_stage(stage: str, project: str, cycle_id: str, arguments: StageArguments, endpoints: Any) -> StageRecord:
        """Note the stage, and give what the next ones are decided by."""
        ran.append(f"{stage} {arguments.trial}" if stage == "run_trial" else stage)
        known: dict[str, StageRecord] = {
            "open_search": OpenSearchSummary(cycle_id, trials=5, waves=5, folds=4, seed=0),
            "sign_off": SignOffSummary(None, outcome, "Waiting until tomorrow."),
        }
        return known.get(stage, RunTrialSummary(None))

    monkeypatch.setattr(run, "run_stage", run_stage)
    done = run.run_search("parts", "2026-11-21T120000", StageArguments())

    assert ran[:7] == ["open_search", "build_dataset_version", *(f"run_trial {trial}" for trial in range(5))]
    assert ("promote_model" in ran, "roll_out" in ran) == (promotes, promotes)
    assert ran[-1] == "write_search_report"
    assert list(done) == list(dict.fromkeys(stage.partition(" ")[0] for stage in ran))
