"""Steps of a roll-out, from shadow to all of the traffic: a pure decision from the plan, the moment and the comparison."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from pipeline_tasks.rollout.comparing import Comparison

Kind = Literal["hold", "go on", "finish", "roll back"]


@dataclass(frozen=True)
class Step:
    """One share of the traffic, and what it takes to leave it."""

    share: float
    """Of the requests; 0: a shadow, which predicts for every request and is never returned."""
    hold_s: float
    """Seconds that it lasts at least."""
    least_predictions: int
    """Predictions of the challenger in this step at least."""


DEFAULT_STEPS = (Step(0.0, 3600, 500), Step(0.01, 3600, 200), Step(0.1, 3600, 500), Step(0.5, 3600, 500))
"""Shadow, 1 %, 10 %, 50 %; then all."""


@dataclass(frozen=True)
class Standing:
    """Place of a roll-out in its plan."""

    step: int
    """From 0."""
    since: datetime
    predictions: int
    """Of the challenger in this step."""


@dataclass(frozen=True)
class Move:
    """The next thing to do, with its reason."""

    kind: Kind
    why: str


def next_move(steps: Sequence[Step], standing: Standing, now: datetime, comparison: Comparison) -> Move:
    """Roll back on evidence at once; go on after time and predictions; finish after the last step, once every rule is proven good.

    The first steps go on without proof: so little traffic proves nothing, and keeping the step is what bounds the harm.

    Raises:
        ValueError: the plan has no such step.
    """
    if not 0 <= standing.step < len(steps):
        raise ValueError(f"wanted a step of the plan, which has {len(steps)}, numbered from 0, found {standing.step}")
    if comparison.decision == "roll back":
        return Move("roll back", comparison.why)
    step, is_last = steps[standing.step], standing.step + 1 == len(steps)
    left = standing.since + timedelta(seconds=step.hold_s) - now
    if left > timedelta(0):
        return Move("hold", f"{_words(step)} lasts {left.total_seconds():.0f} s more.")
    if standing.predictions < step.least_predictions:
        return Move("hold", f"{_words(step)} has {standing.predictions} of {step.least_predictions} predictions of the challenger.")
    if not is_last:
        return Move("go on", f"{_words(step)} is over; next: {_words(steps[standing.step + 1])}.")
    return Move("finish" if comparison.decision == "promote" else "hold", comparison.why)


def _words(step: Step) -> str:
    return "The shadow" if step.share == 0 else f"The step of {step.share:.0%}"
