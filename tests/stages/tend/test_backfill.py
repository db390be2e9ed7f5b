"""Tests of computing a new column for earlier images, in pieces that a kill does not lose."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import dataframely as dy
import numpy as np
import polars as pl
import pytest
from given import STARTED_AT
from given_models import DecodingHere
from given_night import NIGHTLY, Night, a_night
from numpy.typing import NDArray

from pipeline_tasks.errors import NewerFormError
from pipeline_tasks.images.computed_columns import COMPUTED, Computed
from pipeline_tasks.measurements.averaging import Averaging
from pipeline_tasks.records.backfill import BackfillSummary
from pipeline_tasks.records.cycle import CycleOpening
from pipeline_tasks.stages.tend.backfill import backfill
from pipeline_tasks.storage.care.verifying import verify_objects
from pipeline_tasks.storage.erasure import erased_rows, erasing
from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.tables.catalog import ALL_TABLES
from pipeline_tasks.tables.measurement import Measurement
from pipeline_tasks.upgrades.form import Change

pytestmark = pytest.mark.slow

NIGHT = "2026-11-21"
BESIDE = "2026-11-22T120000"


class MeasurementWithNoise(Measurement):
    """With a column that a later release measures."""

    changes = (Change("0.2.0"),)
    noise = dy.Float64(nullable=True)


class Noise:
    """Computes the column, counts, and is killed once after a number of images."""

    def __init__(self, dies_after: int | None = None) -> None:
        self.computed, self.dies_after = 0, dies_after

    def __call__(self, pixels: NDArray[np.uint8], columns: Sequence[str], averaging: Averaging) -> Mapping[str, object]:
        assert columns == ["noise"]
        if self.computed == self.dies_after:
            self.dies_after = None
            raise KeyboardInterrupt
        self.computed += 1
        return {"noise": float(pixels.std())}

    @property
    def registry(self) -> Computed:
        return {MeasurementWithNoise: self}


@pytest.fixture
def night(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Night:
    monkeypatch.setenv("NIGHTLENS_HOME", str(tmp_path))
    night = a_night(tmp_path)
    night.bring(range(10))
    for stage in NIGHTLY[: NIGHTLY.index("find_quality_issues")]:
        night.run(stage, NIGHT)
    return night


def fill(
    night: Night, noise: Noise, cycle_id: str = BESIDE, images_a_cycle: int = 100, images_a_piece: int = 500
) -> dict[str, Any]:
    told = backfill(
        night.store,
        CycleOpening(night.project, cycle_id, "test", STARTED_AT, "test"),
        decoder=DecodingHere(),
        images_a_cycle=images_a_cycle,
        images_a_piece=images_a_piece,
        computed=noise.registry,
    )
    return asdict(told)


def test_backfill__fills_what_is_null_and_leaves_the_rest(night: Night) -> None:
    before = night.store.current(MeasurementWithNoise)

    told = fill(night, Noise())

    after = night.store.current(MeasurementWithNoise)
    assert before["noise"].is_null().all()
    assert after["noise"].is_not_null().all()
    assert after.drop("noise").sort("image_id").equals(before.drop("noise").sort("image_id"))
    assert told == {"skipped": None, "filled": {"measurements": 20}, "left": {"measurements": 0}}
    assert night.store.history(MeasurementWithNoise).height == 2 * before.height, "what was written stays"


def test_backfill__without_anything_to_fill_opens_no_cycle(night: Night) -> None:
    told = night.run("backfill", BESIDE)

    assert told["skipped"]
    assert BESIDE not in night.store.state().stages
    fill(night, Noise())
    assert fill(night, Noise(), "2026-11-22T130000")["skipped"]


def test_backfill__works_on_a_limited_number_of_images_a_cycle(night: Night) -> None:
    noise = Noise()

    told = [fill(night, noise, f"2026-11-22T12{number:02d}00", images_a_cycle=8, images_a_piece=3) for number in range(3)]

    assert [one["filled"]["measurements"] for one in told] == [8, 8, 4]
    assert [one["left"]["measurements"] for one in told] == [12, 4, 0]
    assert noise.computed == 20
    assert night.store.current(MeasurementWithNoise)["noise"].is_not_null().all()


def test_backfill__killed_between_pieces_computes_only_what_is_left(night: Night) -> None:
    noise = Noise(dies_after=10)

    with pytest.raises(KeyboardInterrupt):
        fill(night, noise, images_a_piece=3)
    pieces = len(list(night.store.objects.list(f"parts/measurements/cycle={BESIDE}/")))
    computed = noise.computed
    assert night.store.current(MeasurementWithNoise)["noise"].is_null().all(), "no event, no rows"
    told = fill(night, noise, images_a_piece=3)

    assert 1 <= pieces <= 3
    assert noise.computed - computed == 20 - 3 * pieces
    assert told["filled"] == {"measurements": 20}
    assert fill(night, noise) == told, "twice is once"


def test_backfill__writes_no_row_of_an_image_that_was_erased_between_its_pieces(
    night: Night, monkeypatch: pytest.MonkeyPatch
) -> None:
    tables = tuple(MeasurementWithNoise if table is Measurement else table for table in ALL_TABLES)
    monkeypatch.setattr(erased_rows, "ALL_TABLES", tables)
    monkeypatch.setitem(erasing._BY_NAME, "measurements", MeasurementWithNoise)
    noise = Noise(dies_after=17)
    with pytest.raises(KeyboardInterrupt):
        fill(night, noise, images_a_piece=3)
    erased = sorted(night.store.current(Measurement)["image_id"])[0]

    night.run("erase", "2026-11-22T121500", image_ids=(erased,))
    told = fill(night, noise, images_a_piece=3)

    assert told["filled"] == {"measurements": 19}
    assert erased not in set(night.store.history(MeasurementWithNoise)["image_id"])
    assert verify_objects(night.store.objects)[0].damaged == []


def test_backfill__keeps_a_row_that_was_measured_again_meanwhile(night: Night) -> None:
    noise, image_id = Noise(dies_after=17), sorted(night.store.current(Measurement)["image_id"])[0]
    with pytest.raises(KeyboardInterrupt):
        fill(night, noise, images_a_piece=3)
    anew = night.store.current(MeasurementWithNoise).filter(image_id=image_id).with_columns(sharpness=pl.lit(5.0))
    night.store.finish("2026-11-22", "measured_anew", BackfillSummary(None), [(MeasurementWithNoise, anew)])

    told = fill(night, noise, images_a_piece=3)

    row = night.store.current(MeasurementWithNoise).filter(image_id=image_id).row(0, named=True)
    assert (row["sharpness"], row["noise"]) == (5.0, None)
    assert told["left"] == {"measurements": 1}


def test_backfill__is_refused_by_a_release_that_does_not_know_the_column(night: Night) -> None:
    fill(night, Noise())

    with pytest.raises(NewerFormError, match=r"table measurements version 2 was written by Nightlens 0\.2\.0 or later"):
        Store(night.store.objects).current(Measurement)


def test_computed_columns__are_of_tables_whose_rows_newer_ones_supersede() -> None:
    for table in COMPUTED:
        assert table.superseded_by_key == ("image_id",)
