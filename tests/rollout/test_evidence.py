"""Tests of evidence that may be looked at any time: fair on average, whatever the moment, and against the right side."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from math import comb

import numpy as np
import pytest

from pipeline_tasks.rollout.evidence import FACTORS, PAIRED, BadOutcomes, evidence_of_less, evidence_of_more

SHARES = (0.01, 0.1, 0.5)


def mean_evidence(evidence: Callable[[list[BadOutcomes]], float], share: float, odds: float, count: int = 8) -> float:
    """Mean over all ways in which so many bad outcomes may fall."""
    part = share * odds / (share * odds + 1 - share)
    ways = [(comb(count, mine) * part**mine * (1 - part) ** (count - mine), mine) for mine in range(count + 1)]
    return sum(chance * evidence([BadOutcomes(share, mine, count - mine)]) for chance, mine in ways)


def test_evidence__of_one_outcome_is_that_by_hand() -> None:
    (by_hand,) = {float(np.mean(2 * FACTORS / (1 + FACTORS)))}

    assert evidence_of_more([BadOutcomes(PAIRED, 1, 0)]) == pytest.approx(by_hand)
    assert evidence_of_more([]) == evidence_of_less([], 2.0) == 1.0


@pytest.mark.parametrize("share", SHARES)
def test_evidence__is_one_on_average_where_odds_are_the_bound_and_less_on_the_other_side(share: float) -> None:
    def more(seen: list[BadOutcomes]) -> float:
        return evidence_of_more(seen, 1.0)

    def less(seen: list[BadOutcomes]) -> float:
        return evidence_of_less(seen, 2.0)

    assert mean_evidence(more, share, 1.0) == pytest.approx(1)
    assert mean_evidence(less, share, 2.0) == pytest.approx(1)
    assert mean_evidence(more, share, 0.5) < 1 < mean_evidence(more, share, 3.0)
    assert mean_evidence(less, share, 4.0) < 1 < mean_evidence(less, share, 1.0)


@pytest.mark.parametrize("share", SHARES)
def test_evidence__exceeds_a_limit_ever_no_more_often_than_promised(share: float) -> None:
    """Exact: all paths of 150 bad outcomes, each followed until it exceeds 20."""
    alive, exceeded = {0: 1.0}, 0.0
    for count in range(1, 151):
        step: dict[int, float] = defaultdict(float)
        for mine, chance in alive.items():
            step[mine + 1] += chance * share
            step[mine] += chance * (1 - share)
        alive = {}
        for mine, chance in step.items():
            if evidence_of_more([BadOutcomes(share, mine, count - mine)]) >= 20:
                exceeded += chance
            else:
                alive[mine] = chance

    assert 0.001 < exceeded <= 0.05


def test_evidence__of_several_shares_is_that_of_each_multiplied_within_the_mixture() -> None:
    twice = [BadOutcomes(0.1, 2, 3), BadOutcomes(0.1, 1, 4)]

    assert evidence_of_more(twice) == pytest.approx(evidence_of_more([BadOutcomes(0.1, 3, 7)]))
    assert evidence_of_more([BadOutcomes(0.01, 5, 0), BadOutcomes(0.5, 0, 0)]) == evidence_of_more([BadOutcomes(0.01, 5, 0)])


def test_evidence__of_very_many_outcomes_stays_a_number() -> None:
    assert 1e200 < evidence_of_more([BadOutcomes(0.01, 100_000, 0)]) < float("inf")
    assert 0 <= evidence_of_more([BadOutcomes(0.5, 0, 100_000)]) < 1e-6
