"""Tests of the decision over several rules."""

from __future__ import annotations

import pytest

from pipeline_tasks.rollout.comparing import Limits, compare
from pipeline_tasks.rollout.evidence import BadOutcomes

LIMITS = Limits()
EVEN = [BadOutcomes(0.5, 150, 150)]


def test_compare__rolls_back_for_one_bad_rule_and_names_it() -> None:
    found = compare({"errors": EVEN, "wrong on nut": [BadOutcomes(0.1, 12, 6)]}, LIMITS)

    assert found.decision == "roll back"
    assert found.why.startswith("wrong on nut: 12 of the challenger, 6 of the champion; evidence ")
    assert [(one.rule, one.challenger, one.champion) for one in found.rules] == [("errors", 150, 150), ("wrong on nut", 12, 6)]


def test_compare__wants_more_of_one_rule_among_many() -> None:
    """One rule wants evidence of 50, a hundred want 5,000."""
    seen = [BadOutcomes(0.1, 6, 4)]

    assert compare({"errors": seen}, LIMITS).decision == "roll back"
    assert compare({"errors": seen} | {f"wrong on {one}": [] for one in range(99)}, LIMITS).decision == "hold"


def test_compare__promotes_only_if_every_rule_is_proven() -> None:
    assert compare({"errors": EVEN, "slow answers": EVEN}, LIMITS).decision == "promote"
    held = compare({"errors": EVEN, "slow answers": []}, LIMITS)

    assert held.decision == "hold"
    assert held.why.startswith(
        "slow answers: 0 of the challenger, 0 of the champion; evidence 1 of 20 that it is not worse by 2 times"
    )


def test_compare__holds_without_outcomes_and_refuses_to_compare_nothing() -> None:
    assert compare({"errors": []}, LIMITS).decision == "hold"
    with pytest.raises(ValueError, match="wanted at least one rule"):
        compare({}, LIMITS)
