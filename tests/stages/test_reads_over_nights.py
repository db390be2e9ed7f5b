"""Test that no stage reads more objects in a late night than in an early one (`make bench-night`: 60 nights)."""

from __future__ import annotations

from pathlib import Path

import pytest
from a_counting_store import CountingObjects
from given_night import NIGHTLY, a_night

from benchmarks.night import MAX_RATIO, a_cycle
from pipeline_tasks.storage.objects.memory_objects import MemoryObjects

pytestmark = pytest.mark.slow

EARLY, LATE = 10, 26
"""As far behind a multiple of 8 one as the other."""


def test_stages__read_no_more_objects_at_a_late_night_than_at_an_early_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NIGHTLENS_HOME", str(tmp_path))
    monkeypatch.setenv("WANDB_MODE", "disabled")
    night, counting = a_night(tmp_path), CountingObjects(MemoryObjects())
    costs = {}
    for number in range(1, LATE + 1):
        night.bring(range(number, number + 1))
        # A training reads its whole dataset and takes long.
        training = "force" if number in (EARLY, LATE) else "skip"
        costs[number] = a_cycle(night, counting, f"2026-11-{number:02d}", training)

    for stage in NIGHTLY:
        early, late = costs[EARLY][stage].objects, costs[LATE][stage].objects
        assert late <= MAX_RATIO * early, f"{stage}: {early} objects at night {EARLY}, {late} at night {LATE}"
