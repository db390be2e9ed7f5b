"""Tests of the steps from shadow to all of the traffic."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

from pipeline_tasks.rollout.comparing import Comparison, Decision
from pipeline_tasks.rollout.steps import Move, Standing, Step, next_move

STEPS = (Step(0.0, 600, 50), Step(0.1, 600, 50))
BEGUN = datetime(2026, 12, 1, tzinfo=timezone.utc)
LATE = BEGUN + timedelta(seconds=600)


def move(step: int, decision: Decision, now: datetime = LATE, predictions: int = 50) -> Move:
    return next_move(STEPS, Standing(step, BEGUN, predictions), now, Comparison(decision, "because.", ()))


@pytest.mark.parametrize("now", [BEGUN, LATE])
def test_next_move__rolls_back_at_once_in_any_step(now: datetime) -> None:
    assert [move(step, "roll back", now, predictions=0) for step in (0, 1)] == [Move("roll back", "because.")] * 2


def test_next_move__holds_until_time_and_predictions_are_there() -> None:
    assert move(0, "promote", BEGUN + timedelta(seconds=599)) == Move("hold", "The shadow lasts 1 s more.")
    assert move(1, "promote", predictions=49) == Move("hold", "The step of 10% has 49 of 50 predictions of the challenger.")


def test_next_move__goes_on_without_proof_but_finishes_with_it_only() -> None:
    assert move(0, "hold") == Move("go on", "The shadow is over; next: The step of 10%.")
    assert move(1, "hold") == Move("hold", "because.")
    assert move(1, "promote") == Move("finish", "because.")


def test_next_move__refuses_a_step_that_is_not_there() -> None:
    with pytest.raises(ValueError, match="has 2, numbered from 0, found 2"):
        move(2, "hold")
