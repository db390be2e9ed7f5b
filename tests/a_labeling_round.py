"""A labeling round on a stand-in for Label Studio: a few images, picked and ready to be put to people."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import given
import numpy as np
import polars as pl
from stand_in_label_studio import StandInLabelStudio

from pipeline_tasks.clients.annotator_files import AnnotatorFiles
from pipeline_tasks.decoding.canonical_form import NEWEST, CanonicalForm
from pipeline_tasks.decoding.canonical_image import CanonicalImage
from pipeline_tasks.records.collect_annotations import CollectAnnotationsSummary
from pipeline_tasks.records.cycle import Cycle
from pipeline_tasks.records.record_images import RecordImagesSummary
from pipeline_tasks.records.resolve_labels import ResolveLabelsSummary
from pipeline_tasks.records.select_images import SelectImagesSummary
from pipeline_tasks.records.send_to_labeling import SendToLabelingSummary
from pipeline_tasks.stages.label.collect_annotations import collect_annotations
from pipeline_tasks.stages.label.resolve_labels import resolve_labels
from pipeline_tasks.stages.label.send_to_labeling import send_to_labeling
from pipeline_tasks.storage.blobs.originals import put_original
from pipeline_tasks.storage.history.store import Store, Write
from pipeline_tasks.tables.image import Image
from pipeline_tasks.tables.labeling_task import LabelingTask
from pipeline_tasks.tables.second_look import SecondLook
from pipeline_tasks.tables.selection import SelectedImage
from pipeline_tasks.tables.table import empty


class StandInDecoder:
    """Makes a small gray image of anything and counts."""

    def __init__(self) -> None:
        self.decoded = 0

    def decode(self, content: bytes, form: CanonicalForm = NEWEST) -> CanonicalImage:
        self.decoded += 1
        return CanonicalImage(np.full((8, 8, 3), content[-1], np.uint8), "JPEG", 1, 1)


class LabelingRound:
    """One project on one stand-in, with each of its stages at hand."""

    def __init__(self, store: Store, folder: Path) -> None:
        self.store, self.server, self.decoder = store, StandInLabelStudio(), StandInDecoder()
        self.files = AnnotatorFiles(folder, "parts")
        self.settings: dict[str, Any] = {}
        """Keys of the project beside `labeling`."""

    def open(self, cycle_id: str = "2026-11-21", *, images: int = 4, looks: Mapping[str, str] = {}, **labeling: Any) -> Cycle:
        """A cycle whose images are taken in and picked; other cycles have other images. `looks`: earlier image → purpose."""
        labeling = {"deadline_s": 3600, "overlap_ratio": 0.0} | labeling
        cycle = given.an_open_cycle(self.store, cycle_id, labeling=labeling, **self.settings)
        originals = [put_original(self.store.objects, f"{cycle_id} {number}".encode()) for number in range(images)]
        recorded, picked = summaries_of_picks(images)
        self.store.finish(cycle_id, "record_images", recorded, [(Image, image_rows(originals))])
        writes: list[Write] = [(SelectedImage, selected_rows(originals))]
        writes += [(SecondLook, look_rows(looks, cycle.round_id))] if looks else []
        self.store.finish(cycle_id, "select_images", picked, writes)
        return cycle

    def send(self, cycle: Cycle) -> SendToLabelingSummary:
        return send_to_labeling(self.store, cycle, self.server.client(), self.files, self.decoder, given.STARTED_AT)  # type: ignore[arg-type]

    def collect(self, cycle: Cycle) -> CollectAnnotationsSummary:
        return collect_annotations(self.store, cycle, self.server.client(), self.files)

    def resolve(self, cycle: Cycle) -> ResolveLabelsSummary:
        return resolve_labels(self.store, cycle)

    def task_ids(self, cycle: Cycle) -> list[int]:
        """Label Studio's ids of a cycle's tasks: the first of each image in the order of picking, then the copies likewise."""
        rows = self.store.read(LabelingTask, cycle.cycle_id).select("image_id", "copy_number", "label_studio_task_id").rows()
        places = {image_id: place for place, (image_id, _, _) in enumerate(row for row in rows if row[1] == 0)}
        return [number for _, _, number in sorted(rows, key=lambda row: (row[1], places[row[0]]))]


def summaries_of_picks(images: int) -> tuple[RecordImagesSummary, SelectImagesSummary]:
    """Summaries of a night that took in and picked so many images."""
    picked = SelectImagesSummary(images, {}, images, images, 0, {}, {}, True, None, "All of them.")
    return RecordImagesSummary(images, images, images, 0, 0, 0), picked


def image_rows(originals: list[tuple[str, str]]) -> pl.DataFrame:
    """Rows of `Image` for originals in the store."""
    sizes = {
        "size_bytes": 1000,
        "file_format": "JPEG",
        "width_px": 640,
        "height_px": 480,
        "orientation": 1,
        "frames": 1,
        "canonical_form": 2,
        "bit_depth": None,
    }
    rows = [{"image_id": image_id, "md5": md5} | sizes for image_id, md5 in originals]
    return pl.DataFrame(rows) if rows else empty(Image)


def selected_rows(originals: list[tuple[str, str]]) -> pl.DataFrame:
    """Rows of `SelectedImage`, picked in this order."""
    how = {"arm": "strategy", "strategy": "coverage", "score": 1.0, "reason": "Far from all others."}
    rows = [{"image_id": image_id, "rank": rank} | how for rank, (image_id, _) in enumerate(originals)]
    return pl.DataFrame(rows) if rows else empty(SelectedImage)


def look_rows(looks: Mapping[str, str], round_id: str) -> pl.DataFrame:
    """Rows of `SecondLook`: bolts that look like nuts, in this order."""
    names = {"round_id": round_id, "reason": "It looks like a nut.", "given_name": "bolt", "suggested_name": "nut"}
    return pl.DataFrame(
        [{"image_id": image_id, "purpose": purpose, "rank": rank} | names for rank, (image_id, purpose) in enumerate(looks.items())]
    )
