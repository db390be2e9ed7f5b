"""Tests of 1,000 boxes that are drawn in a real Label Studio on images of all 8 EXIF orientations."""

from __future__ import annotations

import io
import time
from typing import Any

import given
import httpx
import numpy as np
import polars as pl
import pytest
from a_labeling_round import image_rows, selected_rows, summaries_of_picks
from clients.label_studio_server import RealLabelStudio, sign_up
from kinds.boxes.given_boxes import NAMES
from PIL import Image as PillowImage

from pipeline_tasks.clients.annotator_files import AnnotatorFiles
from pipeline_tasks.clients.label_studio import LabelStudio
from pipeline_tasks.decoding.pool import DecodingPool
from pipeline_tasks.kinds.boxes.box import Box
from pipeline_tasks.records.cycle import Cycle
from pipeline_tasks.stages.label.collect_annotations import collect_annotations
from pipeline_tasks.stages.label.resolve_labels import resolve_labels
from pipeline_tasks.stages.label.send_to_labeling import send_to_labeling
from pipeline_tasks.storage.blobs.originals import put_original
from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.tables.image import Image
from pipeline_tasks.tables.label import Label
from pipeline_tasks.tables.label_object import LabelObject
from pipeline_tasks.tables.labeling_task import LabelingTask
from pipeline_tasks.tables.selection import SelectedImage

pytestmark = pytest.mark.services

WIDE, HIGH, BOXES = 360, 250, 125
SIDES = ["x_min_px", "y_min_px", "width_px", "height_px"]
STORED = {
    1: None,
    2: PillowImage.Transpose.FLIP_LEFT_RIGHT,
    3: PillowImage.Transpose.ROTATE_180,
    4: PillowImage.Transpose.FLIP_TOP_BOTTOM,
    5: PillowImage.Transpose.TRANSPOSE,
    6: PillowImage.Transpose.ROTATE_90,
    7: PillowImage.Transpose.TRANSVERSE,
    8: PillowImage.Transpose.ROTATE_270,
}
"""EXIF orientation → the turn that a camera has stored the upright image with."""


def upright(number: int) -> PillowImage.Image:
    """An image whose corners differ, so that a wrong turn shows."""
    coarse = np.random.default_rng(number).integers(0, 255, (5, 6, 3), dtype=np.uint8)
    return PillowImage.fromarray(coarse).resize((WIDE, HIGH), PillowImage.Resampling.BICUBIC)


def stored(number: int, orientation: int) -> bytes:
    """The file of an upright image as a camera held at this orientation writes it."""
    image, turn, exif, buffer = upright(number), STORED[orientation], PillowImage.Exif(), io.BytesIO()
    exif[0x0112] = orientation
    (image if turn is None else image.transpose(turn)).save(buffer, "JPEG", quality=95, exif=exif)
    return buffer.getvalue()


def truth(number: int) -> list[Box]:
    """Boxes anywhere in the image, some of them at its border."""
    drawn = np.random.default_rng([number, 3])
    found = []
    for at in range(BOXES):
        wide, high = (float(round(one, 3)) for one in drawn.uniform(2, 60, 2))
        left, top = (float(round(one, 3)) for one in drawn.random(2) * (WIDE - wide, HIGH - high))
        left, top = (0.0 if at % 10 == 0 else left), (HIGH - high if at % 10 == 1 else top)
        found.append(Box(NAMES[at % len(NAMES)], left, top, wide, high))
    return found


def drawn_in_the_page(box: Box, shown: PillowImage.Image) -> dict[str, Any]:
    """The region as Label Studio's page writes it, in percent of the image that it shows."""
    wide, high = shown.size
    sides = {"x": box.x_min_px / wide, "y": box.y_min_px / high, "width": box.width_px / wide, "height": box.height_px / high}
    value = {side: 100 * share for side, share in sides.items()} | {"rotation": 0, "rectanglelabels": [box.class_name]}
    about = {"from_name": "box", "to_name": "picture", "type": "rectanglelabels", "origin": "manual"}
    return about | {"original_width": wide, "original_height": high, "image_rotation": 0, "value": value}


def test_boxes__of_people_without_errors_are_the_labels_in_all_8_orientations(
    label_studio_server: RealLabelStudio, disk_store: Store
) -> None:
    name = f"boxes_{time.time_ns() % 10**9}"
    files, person = (
        AnnotatorFiles(label_studio_server.document_root, name),
        sign_up(label_studio_server, f"ada@{name.replace('_', '-')}.example.com"),
    )
    with LabelStudio(label_studio_server.url, label_studio_server.token) as client:
        cycle, numbers = opened(disk_store, name)
        with DecodingPool() as decoder:
            sent = send_to_labeling(disk_store, cycle, client, files, decoder, given.STARTED_AT)
        for task_id, image_id in tasks_of(disk_store, cycle):
            shown = fetched(person, files.address(image_id))
            wanted = np.asarray(upright(numbers[image_id]), np.int16)
            assert np.abs(np.asarray(shown, np.int16) - wanted).mean() < 5, "people see the image upright"
            regions = [drawn_in_the_page(box, shown) for box in truth(numbers[image_id])]
            person.post(f"/api/tasks/{task_id}/annotations", json={"result": regions, "lead_time": 9.5}).raise_for_status()
        collected = collect_annotations(disk_store, cycle, client)

    resolved = resolve_labels(disk_store, cycle)
    labels = disk_store.current(LabelObject)
    assert (sent.form_differences, collected.form_differences, collected.refusals, collected.unknown_choices) == ([], [], [], {})
    assert (resolved.labelled, resolved.empty, labels.height) == (8, 0, 8 * BOXES)
    assert sum(differences(labels.filter(image_id=image_id), truth(number)) for image_id, number in numbers.items()) == 0
    assert disk_store.current(Label)["agreement_ratio"].to_list() == [1.0] * 8


def opened(store: Store, name: str) -> tuple[Cycle, dict[str, int]]:
    """A cycle with an image of each orientation, and image_id → number of the image."""
    labeling = {"deadline_s": 3600, "overlap_ratio": 0.0, "question": "Where are the parts?"}
    cycle = given.an_open_cycle(store, "2026-11-21", project=name, label_kind="box", classes=list(NAMES), labeling=labeling)
    originals = [put_original(store.objects, stored(number, orientation)) for number, orientation in enumerate(STORED)]
    recorded, picked = summaries_of_picks(len(originals))
    sizes = {"width_px": WIDE, "height_px": HIGH}
    rows = image_rows(originals).with_columns(
        *(pl.lit(side).alias(column) for column, side in sizes.items()), orientation=pl.Series(list(STORED))
    )
    store.finish(cycle.cycle_id, "record_images", recorded, [(Image, rows)])
    store.finish(cycle.cycle_id, "select_images", picked, [(SelectedImage, selected_rows(originals))])
    return cycle, {image_id: number for number, (image_id, _) in enumerate(originals)}


def tasks_of(store: Store, cycle: Cycle) -> list[tuple[int, str]]:
    return store.read(LabelingTask, cycle.cycle_id).select("label_studio_task_id", "image_id").rows()


def fetched(person: httpx.Client, address: str) -> PillowImage.Image:
    """The image as the page shows it."""
    answer = person.get(address)
    answer.raise_for_status()
    return PillowImage.open(io.BytesIO(answer.content))


def differences(rows: pl.DataFrame, boxes: list[Box]) -> int:
    """Number of boxes that are not there to a millionth of the image's side, with their class."""
    said = rows.sort(*SIDES).select("class_name", *SIDES)
    wanted = sorted(boxes, key=lambda one: (one.x_min_px, one.y_min_px, one.width_px, one.height_px))
    places = np.array([[one.x_min_px, one.y_min_px, one.width_px, one.height_px] for one in wanted])
    is_far = (np.abs(said.select(SIDES).to_numpy() - places) > np.array([WIDE, HIGH, WIDE, HIGH]) * 1e-6).any(axis=1)
    is_other = np.array([one != box.class_name for one, box in zip(said["class_name"], wanted, strict=True)])
    return int((is_far | is_other).sum())
