"""Test of two nights of a project that curates its test split, has a golden and a recent set, and groups images by clip."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
from given_night import NIGHTLY, Night, a_night

from pipeline_tasks.commands.versions.describing import as_text, describe
from pipeline_tasks.storage.blobs.report_files import read_report_file
from pipeline_tasks.storage.versions.version_history import dataset_versions
from pipeline_tasks.tables.dataset_image import DatasetImage
from pipeline_tasks.tables.sighting import Sighting
from pipeline_tasks.tables.slice_image import SliceImage
from pipeline_tasks.tables.split import Split

pytestmark = pytest.mark.slow

CYCLES = (("2026-11-21", range(30)), ("2026-11-22", range(30, 44)))
SETTINGS = {
    "sources": [{"name": "inbox", "path": "inbox", "settle_s": 0, "key_pattern": r"[a-z](?P<clip>[0-9]+)\."}],
    "duplicates": {
        "max_hash_distance": 0, "min_hash_cosine": 1.0, "min_embedding_cosine": 1.0, "split_group_keys": ["clip"]
    },
    "splits": {"policy": "curated", "golden": {"key_pattern": r"^inbox:(bolt|nut)[0-7]\."}, "recent_cycles": 1},
    "gates": {"margin": 0.05, "golden_margin": 1.0},
}  # fmt: skip


@pytest.fixture
def night(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Night:
    monkeypatch.setenv("NIGHTLENS_HOME", str(tmp_path))
    monkeypatch.setenv("WANDB_MODE", "disabled")
    return a_night(tmp_path, **SETTINGS)


def test_two_nights__evaluate_on_golden_and_recent_images_that_no_model_trained_on(night: Night) -> None:
    told = {}
    for cycle_id, numbers in CYCLES:
        night.bring(numbers)
        told = night.cycle(cycle_id)
        before = night.objects()
        for stage in NIGHTLY:
            if stage not in ("send_to_labeling", "wait_for_annotators"):
                assert night.run(stage, cycle_id) == told[stage], stage
        assert night.objects() == before

    store = night.store
    rows = store.read(DatasetImage, "2026-11-22")
    sightings = store.history(Sighting).select("image_id", "key", "clip").unique("image_id", keep="first")
    seen = rows.join(sightings, on="image_id")
    golden = seen.filter(pl.col("key").str.contains(r"^(bolt|nut)[0-7]\."))
    assert set(golden["split"]) == {"test"}
    assert seen.group_by("clip").agg(pl.col("split").n_unique())["split"].max() == 1
    slices = store.read(SliceImage, "2026-11-22")
    assert set(slices.filter(slice="golden")["image_id"]) == set(golden["image_id"])
    assert {int(one) for one in slices.filter(slice="recent").join(sightings, on="image_id")["clip"]} <= set(range(30, 44))
    policies = {policy.split(":")[0] for policy in store.history(Split)["policy"]}
    assert {"golden", "control_arm", "rare", "typical", "diverse"} <= policies

    figures = told["evaluate_model"]["slices"]["golden"]
    assert figures["images"] == golden.height
    assert figures["champion_accuracy"] is not None
    assert told["compare_with_champion"]["slices"]["golden"]["low"] is not None
    shown = as_text(describe(store, dataset_versions(store)[-1]))
    assert f"test images also scored separately: golden {golden.height}, recent" in shown
    assert "; golden " in shown
    page = read_report_file(store.objects, "2026-11-22").decode()
    assert "By slice" in page
    assert f"Of the test images {golden.height} are in the golden set" in page
