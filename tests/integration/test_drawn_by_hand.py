"""A person draws boxes, polygons, strokes of a brush and points in Label Studio's page, and corrects a model: labels are that."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator
from typing import Any

import given
import polars as pl
import pytest
from a_labeling_round import image_rows, selected_rows, summaries_of_picks
from drills.label_kinds import stored
from given_stack import RunningStack
from integration.a_person import Canvas, a_browser, log_in, open_round, submit
from kinds.given_objects import HIGH, WIDE
from playwright.sync_api import Page

from pipeline_tasks.annotations.shown_predictions import MODEL_VERSION
from pipeline_tasks.clients.annotator_files import AnnotatorFiles
from pipeline_tasks.clients.label_studio import LabelStudio
from pipeline_tasks.decoding.pool import DecodingPool
from pipeline_tasks.geometry.polygons import rasterise
from pipeline_tasks.geometry.run_lengths import decode, iou
from pipeline_tasks.kinds.boxes.box import Box
from pipeline_tasks.kinds.registry import kind_of
from pipeline_tasks.records.cycle import Cycle
from pipeline_tasks.stages.label import send_to_labeling as sending
from pipeline_tasks.stages.label.collect_annotations import collect_annotations
from pipeline_tasks.stages.label.resolve_labels import resolve_labels
from pipeline_tasks.stages.label.send_to_labeling import send_to_labeling
from pipeline_tasks.storage.blobs.originals import put_original
from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.tables.image import Image
from pipeline_tasks.tables.label import Label
from pipeline_tasks.tables.label_object import LabelObject
from pipeline_tasks.tables.selection import SelectedImage
from pipeline_tasks.training_data.pre_annotations import PreAnnotations

pytestmark = [pytest.mark.services, pytest.mark.browser]
TURNED = 6
"""EXIF orientation of the stored images."""
CORNERS = ((0.5, 0.6), (0.6, 0.55), (0.8, 0.8), (0.55, 0.9))
LINE = ((0.1, 0.2), (0.3, 0.4))


@pytest.fixture(scope="module")
def page(running_stack: RunningStack) -> Iterator[Page]:
    """Label Studio in a browser, logged in."""
    if shutil.which("chromium") is None:
        pytest.skip("there is no chromium, in which a person could draw")
    with a_browser() as page:
        log_in(page, running_stack.addresses)
        yield page


def test_boxes__one_inside_the_other_are_the_labels_of_a_turned_image(
    page: Page, running_stack: RunningStack, disk_store: Store
) -> None:
    drawn: list[tuple[float, ...]] = []

    def two(one: Canvas) -> None:
        drawn.append(one.box("1", (0.2, 0.1), (0.9, 0.8)))
        drawn.append(one.box("2", (0.3, 0.3), (0.7, 0.6), is_inside=True))

    draw(page, running_stack, disk_store, "box", two, lambda one: None)

    assert sorted(disk_store.current(Label)["state"].to_list()) == ["empty", "labelled"]
    rows = list(disk_store.current(LabelObject).sort("class_name").iter_rows(named=True))
    assert [row["class_name"] for row in rows] == ["bolt", "nut"]
    for row, shares in zip(rows, drawn, strict=True):
        left, top, right, bottom = (share * side for share, side in zip(shares, (WIDE, HIGH) * 2, strict=True))
        sides = [row[side] for side in ("x_min_px", "y_min_px", "width_px", "height_px")]
        assert sides == pytest.approx([left, top, right - left, bottom - top], abs=0.01)


def test_masks__of_a_polygon_and_a_brush_in_one_image_are_both_kept_in_either_order(
    page: Page, running_stack: RunningStack, disk_store: Store
) -> None:
    polygons: list[list[tuple[float, float]]] = []

    def paint(one: Canvas) -> None:
        one.stroke("s", *LINE)

    def click(one: Canvas) -> None:
        polygons.append(one.polygon("1", *CORNERS))

    def both(*steps: Callable[[Canvas], None]) -> Callable[[Canvas], None]:
        return lambda one: [step(one) for step in steps][-1]

    draw(page, running_stack, disk_store, "mask", both(paint, click), both(click, paint))

    rows = list(disk_store.current(LabelObject).sort("image_id", "class_name").iter_rows(named=True))
    assert [row["class_name"] for row in rows] == ["bolt", "nut"] * 2
    wanted = rasterise(
        [share * side for place in polygons[0] for share, side in zip(place, (WIDE, HIGH), strict=True)], (WIDE, HIGH)
    )
    assert [float(iou([wanted], [row["mask_rle"]])[0, 0]) for row in rows[::2]] == pytest.approx([1, 1], abs=0.02)
    for row in rows[1::2]:
        painted = decode(row["mask_rle"], (WIDE, HIGH))
        assert all(painted[round(y * HIGH), round(x * WIDE)] for x, y in (*LINE, (0.2, 0.3)))
        assert 0.005 < painted.mean() < 0.05


def test_keypoints__are_where_a_person_set_them_and_the_hidden_one_says_so(
    page: Page, running_stack: RunningStack, disk_store: Store
) -> None:
    drawn: list[tuple[float, float]] = []

    def three(one: Canvas) -> None:
        drawn.append(one.point("1", (0.3, 0.3)))
        drawn.append(one.point("2", (0.6, 0.4), is_hidden=True))
        drawn.append(one.point("3", (0.5, 0.8)))

    gripper = {"classes": ["gripper"], "labels": {"skeleton": {"gripper": ["base", "left tip", "right tip"]}}}
    draw(page, running_stack, disk_store, "keypoints", three, **gripper)

    (row,) = disk_store.current(LabelObject).iter_rows(named=True)
    assert (row["class_name"], row["text"]) == ("gripper", '["base", "left tip", "right tip"]')
    seen = [2, 1, 2]
    wanted = [number for (x, y), how in zip(drawn, seen, strict=True) for number in (x * WIDE, y * HIGH, how)]
    assert row["points_px"] == pytest.approx(wanted, abs=0.01)


def test_boxes__that_the_champion_drew_are_corrected_by_a_person(
    page: Page, running_stack: RunningStack, disk_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    champions = [Box("bolt", 36.0, 25.0, 108.0, 100.0), Box("bolt", 180.0, 50.0, 72.0, 125.0), Box("nut", 9.0, 150.0, 90.0, 80.0)]
    shown = {"model_version": MODEL_VERSION, "score": 0.8}
    shown["result"] = kind_of(given.a_project(label_kind="box")).labeling.write(champions, (WIDE, HIGH))
    monkeypatch.setattr(sending, "pre_annotations", lambda *told: PreAnnotations(shown={told[-1][0].image_id: shown}))
    drawn: list[tuple[float, ...]] = []

    def correct(one: Canvas) -> None:
        one.change(0, "2")
        one.delete(1)
        drawn.append(one.box("2", (0.6, 0.5), (0.9, 0.9)))

    draw(page, running_stack, disk_store, "box", correct)

    rows = disk_store.current(LabelObject).sort("x_min_px").iter_rows(named=True)
    found = [(row["class_name"], *(row[side] for side in ("x_min_px", "y_min_px", "width_px", "height_px"))) for row in rows]
    ((left, top, right, bottom),) = drawn
    wanted = ["nut", *(share * side for share, side in zip((left, top, right - left, bottom - top), (WIDE, HIGH) * 2, strict=True))]
    assert found[:2] == [("nut", 9.0, 150.0, 90.0, 80.0), ("nut", 36.0, 25.0, 108.0, 100.0)]
    assert list(found[2]) == pytest.approx(wanted, abs=0.01)


def draw(page: Page, stack: RunningStack, store: Store, label_kind: str, *steps: Callable[[Canvas], Any], **settings: Any) -> None:
    """Send a round, take one step on each of its images and submit it, and resolve the labels."""
    addresses, name = stack.addresses, f"by_hand_{label_kind}_{time.time_ns() % 10**9}"
    cycle, files = a_round(store, name, label_kind, len(steps), **settings), AnnotatorFiles(stack.document_root, name)
    with LabelStudio(addresses.label_studio_url, addresses.label_studio_token) as client, DecodingPool() as decoder:
        sent = send_to_labeling(store, cycle, client, files, decoder, given.STARTED_AT)
        open_round(page, sent.url)
        for number, step in enumerate(steps):
            step(Canvas(page))
            submit(page, f"image {number}")
        collected = collect_annotations(store, cycle, client, files)
    assert (collected.annotations_new, collected.refusals) == (len(steps), [])
    resolve_labels(store, cycle)


def a_round(store: Store, name: str, label_kind: str, images: int, **settings: Any) -> Cycle:
    """A cycle in which so many turned images were selected."""
    labeling = {"deadline_s": 3600, "overlap_ratio": 0.0}
    cycle = given.an_open_cycle(store, "2026-11-21", project=name, label_kind=label_kind, labeling=labeling, **settings)
    originals = [put_original(store.objects, stored(number, TURNED)) for number in range(images)]
    recorded, picked = summaries_of_picks(images)
    sizes = [pl.lit(WIDE).alias("width_px"), pl.lit(HIGH).alias("height_px"), pl.lit(TURNED).alias("orientation")]
    store.finish(cycle.cycle_id, "record_images", recorded, [(Image, image_rows(originals).with_columns(sizes))])
    store.finish(cycle.cycle_id, "select_images", picked, [(SelectedImage, selected_rows(originals))])
    return cycle
