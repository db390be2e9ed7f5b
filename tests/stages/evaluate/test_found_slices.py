"""Tests that slices nobody named are found on a night's test images, and that the gate compares both models there."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime
from typing import Any

import polars as pl
from given_candidates import BAD, CONSTANT, GOOD, InProcessDecoder, RecordingRegistry, a_cycle_with_model

from pipeline_tasks.records.cycle import Cycle
from pipeline_tasks.records.evaluate_model import EvaluateModelSummary
from pipeline_tasks.records.record_images import RecordImagesSummary
from pipeline_tasks.stages.deploy.promote_model import promote_model
from pipeline_tasks.stages.deploy.write_cycle_report import write_cycle_report
from pipeline_tasks.stages.evaluate.compare_with_champion import compare_with_champion
from pipeline_tasks.stages.evaluate.evaluate_model import evaluate_model
from pipeline_tasks.storage.blobs.report_files import PAGE, read_report_file
from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.tables.found_slice import FoundSlice, FoundSliceImage
from pipeline_tasks.tables.image import Image
from pipeline_tasks.tables.sighting import Sighting
from pipeline_tasks.tables.table import with_defaults

TEST, CAST = 80, range(10)
FIRST, SECOND = "2026-11-21", "2026-11-22"
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


def a_night(store: Store, content: bytes, cycle_id: str = FIRST, *, cast: Collection[int] = CAST, **settings: Any) -> Cycle:
    """Eighty test images of eight devices; those of cam-0 are the numbers up to 9, and their colours are wrong."""
    cycle = a_cycle_with_model(store, content, cycle_id, test=TEST, cast=cast, **settings)
    rows = [
        {
            "source": "inbox",
            "key": f"{cycle_id}/{number}.png",
            "object_version": "1",
            "image_id": one,
            "device": f"cam-{number // 10}",
        }
        for number, one in enumerate(store.read(Image, cycle_id)["image_id"])
    ]
    seen = with_defaults(Sighting, pl.DataFrame(rows).with_columns(modified_at=pl.lit(NOW)))
    store.finish(cycle_id, "record_images", RecordImagesSummary(TEST, TEST, TEST, 0, 0, 0), [(Sighting, seen)])
    return cycle


def evaluated(store: Store, cycle: Cycle) -> EvaluateModelSummary:
    return evaluate_model(store, cycle, InProcessDecoder(), RecordingRegistry())


def test_evaluate_model__finds_the_device_whose_colours_are_wrong(store: Store) -> None:
    cycle = a_night(store, GOOD)

    summary = evaluated(store, cycle)

    assert summary.found_slices == ["device cam-0"]
    assert summary.slices_looked_at >= 8
    (found,) = store.read(FoundSlice, cycle.cycle_id).to_dicts()
    assert (found["about"], found["value"], found["images"], found["groups"]) == ("device", "cam-0", 10, 10)
    assert (found["inside"], found["outside"]) == (0.0, 1.0)
    assert found["p"] < 0.01
    members = store.read(FoundSliceImage, cycle.cycle_id)
    assert set(members["image_id"]) == set(store.read(Image, cycle.cycle_id)["image_id"][:10])
    assert members["score"].sum() == 0


def test_evaluate_model__claims_nothing_of_a_model_that_is_always_right(store: Store) -> None:
    cycle = a_night(store, GOOD, cast=())

    summary = evaluated(store, cycle)

    assert (summary.found_slices, summary.slices_looked_at > 0) == ([], True)
    assert not store.has(FoundSlice, cycle.cycle_id)


def test_evaluate_model__looks_for_no_slices_that_nobody_asks_for(store: Store) -> None:
    summary = evaluated(store, a_night(store, GOOD, gates={"margin": 0.05, "found_slice_p": None}))

    assert (summary.found_slices, summary.slices_looked_at) == ([], 0)


def test_compare_with_champion__compares_both_models_on_found_slices_and_stops_a_fall(store: Store) -> None:
    """The champion errs on the ten images of cam-0; the candidate, which always says bolt, on five of them and on each nut."""
    _promoted(store, a_night(store, GOOD))
    second = a_night(store, CONSTANT, SECOND, gates={"margin": 1.0, "slice_margin": 0.1})
    evaluated(store, second)

    summary = compare_with_champion(store, second)

    found = summary.found_slices["device cam-0"]
    assert (found["images"], found["candidate"], found["champion"], found["difference"]) == (10, 0.5, 0.0, 0.5)
    (rule,) = (one for one in summary.rules if one.rule == "worst_slice")
    assert rule.verdict == "broken"
    assert "of the found slice red less blue" in rule.says
    assert summary.decision == "keep"


def test_compare_with_champion__has_measured_slices_where_none_was_found(store: Store) -> None:
    """The champion errs on cam-0 alone, and the candidate everywhere else: their mean is the same on all images."""
    _promoted(store, a_night(store, GOOD))
    second = a_night(store, BAD, SECOND, gates={"margin": 1.0, "slice_margin": 0.1})
    evaluated(store, second)

    summary = compare_with_champion(store, second)

    assert summary.found_slices == {}
    (rule,) = (one for one in summary.rules if one.rule == "worst_slice")
    assert (rule.verdict, rule.says) == ("kept", "no slice of test was found on which the models err more than elsewhere.")


def test_write_cycle_report__shows_the_found_slice_with_its_worst_images(store: Store) -> None:
    cycle = a_night(store, GOOD)
    evaluated(store, cycle)
    compare_with_champion(store, cycle)

    summary = write_cycle_report(store, cycle, NOW)

    page = read_report_file(store.objects, cycle.cycle_id, PAGE).decode()
    assert "found_slices" in summary.sections
    assert "The models err more than elsewhere on images of: device cam-0 (-100 points)." in page
    assert "and 2 more images" in page


def _promoted(store: Store, cycle: Cycle) -> None:
    evaluated(store, cycle)
    compare_with_champion(store, cycle)
    promote_model(store, cycle, RecordingRegistry(), is_last_try=True)
