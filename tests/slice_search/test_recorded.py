"""Tests of `pipeline_tasks.slice_search.recorded`."""

from __future__ import annotations

from datetime import UTC, datetime

import polars as pl
from given import an_open_cycle, image_id
from given_images import AnImage, record

from pipeline_tasks.slice_search.recorded import NUMBERS, TEXTS, recorded_with
from pipeline_tasks.storage.history.store import Store


def test_recorded_with__gives_a_row_an_image_in_the_order_asked(store: Store) -> None:
    seen = {"device": "cam-1", "captured_at": datetime(2026, 11, 20, 23, 30, tzinfo=UTC)}
    record(store, an_open_cycle(store).cycle_id, [AnImage("a", [1.0], metadata=seen), AnImage("b", [1.0])])

    rows = recorded_with(store, pl.Series([image_id("b"), image_id("a")]))

    assert set(rows.columns) == {"image_id", *TEXTS, *NUMBERS}
    assert rows["image_id"].to_list() == [image_id("b"), image_id("a")]
    assert rows.select("device", "captured_hour", "luma_mean").rows() == [(None, None, 120.0), ("cam-1", 23, 120.0)]


def test_recorded_with__leaves_what_is_not_recorded_empty(store: Store) -> None:
    record(store, an_open_cycle(store).cycle_id, [AnImage("a", [1.0])])

    rows = recorded_with(store, pl.Series([image_id("unknown")]))

    assert rows.select("device", "aspect", "sharpness").rows() == [(None, None, None)]
