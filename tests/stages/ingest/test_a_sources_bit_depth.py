"""Tests of files with few used bits: refused with a message, and read once their source states the bit depth."""

from __future__ import annotations

from pathlib import Path

import given
import numpy as np
from decoding.test_bit_depth import a_png, ramp
from small_ingest import ingest, put_files, sources_of

from pipeline_tasks.decoding.canonical_form import NEWEST_VERSION
from pipeline_tasks.stages.ingest.list_new_images import list_new_images
from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.tables.image import Image
from pipeline_tasks.tables.measurement import Measurement
from pipeline_tasks.tables.rejected_sighting import RejectedSighting


def a_source(bit_depth: int | None = None) -> list[dict[str, object]]:
    return [{"name": "inbox", "path": "inbox", "bit_depth": bit_depth}]


def of_few_bits() -> bytes:
    return a_png(np.tile(ramp(12), (20, 1)))


def test_ingest__names_the_setting_that_a_file_of_few_bits_needs(store: Store, tmp_path: Path) -> None:
    put_files(tmp_path, {"a.png": of_few_bits()})

    assert ingest(store, given.an_open_cycle(store), tmp_path).rejected == 1

    (row,) = store.read(RejectedSighting, "2026-11-21").to_dicts()
    assert row["reason"] == "unclear_bit_depth"
    assert "uses 12 of 16 bits" in row["detail"]
    assert "set sources.inbox.bit_depth: 12" in row["detail"]


def test_ingest__reads_such_a_file_when_its_source_states_the_bits(store: Store, tmp_path: Path) -> None:
    put_files(tmp_path, {"a.png": of_few_bits()})
    ingest(store, given.an_open_cycle(store), tmp_path)

    ingest(store, given.an_open_cycle(store, "2026-11-22", sources=a_source(12)), tmp_path)

    (image,) = store.read(Image, "2026-11-22").to_dicts()
    assert (image["bit_depth"], image["canonical_form"]) == (12, NEWEST_VERSION)
    assert 120 < store.read(Measurement, "2026-11-22")["luma_mean"].item() < 135
    third = given.an_open_cycle(store, "2026-11-23", sources=a_source(12))
    assert list_new_images(store, third, sources_of(third, tmp_path)).files_new == 0


def test_ingest__reads_a_file_that_does_not_fit_the_setting_only_once_for_each_setting(store: Store, tmp_path: Path) -> None:
    put_files(tmp_path, {"a.png": of_few_bits()})
    ingest(store, given.an_open_cycle(store, sources=a_source(10)), tmp_path)
    assert "more than the 10 of the source's settings" in store.read(RejectedSighting, "2026-11-21")["detail"].item()

    again = given.an_open_cycle(store, "2026-11-22", sources=a_source(10))
    assert list_new_images(store, again, sources_of(again, tmp_path)).files_new == 0
    changed = given.an_open_cycle(store, "2026-11-23", sources=a_source(12))
    assert list_new_images(store, changed, sources_of(changed, tmp_path)).files_new == 1
