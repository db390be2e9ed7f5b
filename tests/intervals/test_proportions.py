"""Tests of the number of observations that an interval of a share needs."""

from __future__ import annotations

import pytest

from pipeline_tasks.intervals.proportions import observations_for, wilson


@pytest.mark.parametrize(("half_width", "share"), [(0.05, 0.1), (0.05, 0.0), (0.02, 0.5), (0.4, 0.1), (0.001, 0.01)])
def test_observations_for__are_the_fewest_whose_interval_is_narrow_enough(half_width: float, share: float) -> None:
    found = observations_for(half_width, share, 0.95)
    bounds = [wilson(share, count, 0.95) for count in (found, found - 1)]
    assert (bounds[0][1] - bounds[0][0]) / 2 <= half_width < (bounds[1][1] - bounds[1][0]) / 2
