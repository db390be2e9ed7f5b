"""Tests of `pipeline_tasks.slice_search.matching`."""

from __future__ import annotations

import math

import polars as pl
import pytest
from given import an_open_cycle, image_id
from given_images import AnImage, record

from pipeline_tasks.records.evaluate_model import EvaluateModelSummary
from pipeline_tasks.records.project_state import SliceRequest
from pipeline_tasks.slice_search.matching import slices_of
from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.tables.dataset_image import DatasetImage
from pipeline_tasks.tables.found_slice import FoundSliceImage

CYCLE = "2026-11-21"


def at(degrees: float) -> tuple[float, float]:
    return math.cos(math.radians(degrees)), math.sin(math.radians(degrees))


def a_request(about: str, value: str, words: str = "asked for") -> SliceRequest:
    return SliceRequest(words, about, value, CYCLE, 1, 10)


@pytest.fixture
def known(store: Store) -> Store:
    """Two test images, `low` of which is in slice 1, and four others."""
    an_open_cycle(store, CYCLE)
    images = [AnImage("low", at(0)), AnImage("high", at(90)), AnImage("near", at(10), metadata={"device": "cam-1"})]
    images += [AnImage("far", at(80), sharpness=50.0), AnImage("dull", at(60), sharpness=99.9), AnImage("sharp", at(60))]
    record(store, CYCLE, images)
    rows = [
        {"image_id": image_id(name), "split_group_id": image_id(name), "label_digest": image_id("x")} for name in ("low", "high")
    ]
    version = pl.DataFrame(rows).with_columns(split=pl.lit("test"), label_kind=pl.lit("class"), class_name=None, is_control=True)
    member = pl.DataFrame([{"number": 1, "image_id": image_id("low"), "score": 0.0}])
    found = EvaluateModelSummary(None, dataset_cycle_id=CYCLE, found_slices=["asked for"])
    store.finish(CYCLE, "evaluate_model", found, [(DatasetImage, version), (FoundSliceImage, member)])
    return store


def test_slices_of__takes_images_with_the_recorded_value(known: Store) -> None:
    found = slices_of(known, [a_request("device", "cam-1")], [image_id("near"), image_id("far")])

    assert found == {image_id("near"): "asked for"}


@pytest.mark.parametrize(
    ("value", "names"), [("below 99.9", {"far"}), ("50.0 to 100.0", {"far", "dull"}), ("from 99.9", {"dull", "sharp"})]
)
def test_slices_of__takes_images_within_the_bounds(known: Store, value: str, names: set[str]) -> None:
    asked = [image_id(name) for name in ("far", "dull", "sharp")]

    assert set(slices_of(known, [a_request("sharpness", value)], asked)) == {image_id(name) for name in names}


@pytest.mark.parametrize("about", ["cluster", "red_less_blue"])
def test_slices_of__takes_images_whose_nearest_test_image_is_in_it(known: Store, about: str) -> None:
    asked = [image_id(name) for name in ("near", "far", "unknown")]

    assert slices_of(known, [a_request(about, "1 of 8")], asked) == {image_id("near"): "asked for"}


def test_slices_of__takes_no_image_without_an_embedding(known: Store) -> None:
    assert slices_of(known, [a_request("cluster", "1 of 8")], [image_id("unknown")]) == {}
    assert slices_of(known, [a_request("cluster", "1 of 8")], []) == {}


def test_slices_of__names_the_request_that_came_first(known: Store) -> None:
    requests = [a_request("device", "cam-1", "first"), a_request("cluster", "1 of 8", "second")]

    assert slices_of(known, requests, [image_id("near"), image_id("low")]) == {image_id("near"): "first", image_id("low"): "second"}


def test_slices_of__without_requests_reads_nothing(store: Store) -> None:
    assert slices_of(store, [], [image_id("near")]) == {}
