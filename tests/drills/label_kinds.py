"""Draws 1,000 objects of each label kind in a real Label Studio and compares them with the labels; `make drill-label-kinds`.

One person without errors draws them on images of all 8 EXIF orientations, as the page shows them, and submits one more image with
nothing. Positions must be equal to a millionth of the image's side, all else exactly. `make drill-label-kinds KINDS=box,text`
draws some kinds alone. It starts services of its own, unless NIGHTLENS_TEST_LABEL_STUDIO_URL, _TOKEN and _DOCUMENT_ROOT name a
Label Studio.
"""

from __future__ import annotations

import io
import os
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import given
import httpx
import numpy as np
import polars as pl
from a_labeling_round import image_rows, selected_rows, summaries_of_picks
from clients.label_studio_server import RealLabelStudio, sign_up
from kinds.alike_objects import unlike
from kinds.given_objects import DRAWN, HIGH, WIDE, Drawn
from PIL import Image as PillowImage

from pipeline_tasks.annotations.resolving import meanings
from pipeline_tasks.clients.annotator_files import AnnotatorFiles
from pipeline_tasks.clients.label_studio import LabelStudio
from pipeline_tasks.decoding.pool import DecodingPool
from pipeline_tasks.kinds.registry import kind_of
from pipeline_tasks.records.cycle import Cycle
from pipeline_tasks.stages.label.collect_annotations import collect_annotations
from pipeline_tasks.stages.label.resolve_labels import resolve_labels
from pipeline_tasks.stages.label.send_to_labeling import send_to_labeling
from pipeline_tasks.storage.blobs.originals import put_original
from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.storage.objects.disk_objects import DiskObjects
from pipeline_tasks.tables.image import Image
from pipeline_tasks.tables.label import Label
from pipeline_tasks.tables.label_object import LabelObject
from pipeline_tasks.tables.labeling_task import LabelingTask
from pipeline_tasks.tables.selection import SelectedImage

OBJECTS = 1000
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


def main() -> int:
    """Run the drill; 0 without differences."""
    wanted = [name for name, drawn in DRAWN.items() if drawn.label_kind in os.environ.get("KINDS", drawn.label_kind).split(",")]
    found = []
    with a_label_studio() as server:
        for name in wanted:
            with tempfile.TemporaryDirectory(prefix="kinds-") as folder:
                started = time.monotonic()
                new = differences(DRAWN[name], OBJECTS, server, Store(DiskObjects(Path(folder) / "root")))
                say(f"{name}: {OBJECTS} objects, {len(new)} differences, {time.monotonic() - started:.0f} s")
                found += new
    for one in found[:20]:
        say(one)
    return 1 if found else 0


def differences(drawn: Drawn, objects: int, server: RealLabelStudio, store: Store) -> list[str]:
    """A sentence on each object that the labels lack, have too many, or have otherwise, and on what the stages complain about."""
    name = f"{drawn.label_kind}_{time.time_ns() % 10**9}"
    files = AnnotatorFiles(server.document_root, name)
    person = sign_up(server, f"ada@{name.replace('_', '-')}.example.com")
    truth = _truth(drawn, objects)
    cycle, numbers = _opened(drawn, store, name, len(truth))
    with LabelStudio(server.url, server.token) as client, DecodingPool() as decoder:
        sent = send_to_labeling(store, cycle, client, files, decoder, given.STARTED_AT)
        for task_id, image_id in store.read(LabelingTask, cycle.cycle_id).select("label_studio_task_id", "image_id").iter_rows():
            result = _drawn_in_the_page(cycle, truth[numbers[image_id]], _shown(person, files.address(image_id), numbers[image_id]))
            person.post(f"/api/tasks/{task_id}/annotations", json={"result": result, "lead_time": 9.5}).raise_for_status()
        collected = collect_annotations(store, cycle, client, files)
    resolve_labels(store, cycle)
    complaints = [*sent.form_differences, *collected.form_differences, *collected.refusals, *collected.unknown_choices]
    labels = meanings(store.current(Label), store.current(LabelObject), kind_of(cycle.project).labeling)
    said = {numbers[image_id]: label for image_id, label in labels.items()}
    return complaints + [
        f"{drawn.label_kind}, image {number}: {one}"
        for number, wanted in enumerate(truth)
        for one in _of_image(said.get(number, ("no label", ())), wanted)
    ]


def _truth(drawn: Drawn, objects: int) -> list[Sequence[Any]]:
    """Objects of each image: of as many orientations as there are, and nothing in the last one."""
    if drawn.is_one_an_image:
        return [drawn.truth(number, 1) for number in range(objects)]
    return [*(drawn.truth(number, objects // len(STORED)) for number in range(len(STORED))), ()]


def _opened(drawn: Drawn, store: Store, name: str, images: int) -> tuple[Cycle, dict[str, int]]:
    """A cycle in which all images were selected, and image_id → number of the image."""
    labeling = {"deadline_s": 3600, "overlap_ratio": 0.0, "question": "What is there?"}
    cycle = given.an_open_cycle(store, "2026-11-21", project=name, labeling=labeling, **drawn.settings)
    turns = [list(STORED)[number % len(STORED)] for number in range(images)]
    originals = [put_original(store.objects, stored(number, turn)) for number, turn in enumerate(turns)]
    recorded, picked = summaries_of_picks(images)
    sizes = [pl.lit(WIDE).alias("width_px"), pl.lit(HIGH).alias("height_px"), pl.Series("orientation", turns)]
    store.finish(cycle.cycle_id, "record_images", recorded, [(Image, image_rows(originals).with_columns(sizes))])
    store.finish(cycle.cycle_id, "select_images", picked, [(SelectedImage, selected_rows(originals))])
    return cycle, {image_id: number for number, (image_id, _) in enumerate(originals)}


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


def _shown(person: httpx.Client, address: str, number: int) -> tuple[int, int]:
    """Size of the image as the page shows it, which must be upright."""
    answer = person.get(address)
    answer.raise_for_status()
    image = PillowImage.open(io.BytesIO(answer.content))
    assert np.abs(np.asarray(image, np.int16) - np.asarray(upright(number), np.int16)).mean() < 5, "people see the image upright"
    return image.size


def _drawn_in_the_page(cycle: Cycle, objects: Sequence[Any], size_px: tuple[int, int]) -> list[dict[str, Any]]:
    """Regions as Label Studio's page writes them; boxes without our own writer, because theirs is the simplest form."""
    if cycle.project.label_kind != "box" or any(one.corners_px for one in objects):
        return kind_of(cycle.project).labeling.write(objects, size_px)
    wide, high = size_px
    about = {"from_name": "box", "to_name": "picture", "type": "rectanglelabels", "origin": "manual", "image_rotation": 0}
    sides = [
        {"x": one.x_min_px / wide, "y": one.y_min_px / high, "width": one.width_px / wide, "height": one.height_px / high}
        for one in objects
    ]
    values = [{side: 100 * share for side, share in one.items()} | {"rotation": 0} for one in sides]
    return [
        about | {"original_width": wide, "original_height": high, "value": value | {"rectanglelabels": [one.class_name]}}
        for value, one in zip(values, objects, strict=True)
    ]


def _of_image(label: tuple[str, Sequence[Any]], wanted: Sequence[Any]) -> Iterator[str]:
    """Differences between a label and the truth of its image."""
    state, objects = label
    if state != ("labelled" if wanted else "empty"):
        yield f"the label is {state!r}"
    yield from unlike(objects, wanted, 1e-6 * HIGH)


@contextmanager
def a_label_studio() -> Iterator[RealLabelStudio]:
    """The server that the environment names, or one of a stack that is started for this drill."""
    if server := RealLabelStudio.of_environment():
        yield server
        return
    from given_stack import a_running_stack

    with a_running_stack() as stack:
        yield RealLabelStudio(stack.addresses.label_studio_url, stack.addresses.label_studio_token, stack.document_root)


def say(line: str) -> None:
    """Log a line."""
    print(line, flush=True)  # noqa: T201 - a drill's output is its log.


if __name__ == "__main__":
    sys.exit(main())
