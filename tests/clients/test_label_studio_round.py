"""A labeling round in a real Label Studio, from push to labels."""

from __future__ import annotations

import io
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import given
import httpx
import numpy as np
import polars as pl
import pytest
from clients.label_studio_server import RealLabelStudio, sign_up
from PIL import Image as PillowImage

from pipeline_tasks.clients.annotator_files import AnnotatorFiles
from pipeline_tasks.clients.label_studio import LabelStudio
from pipeline_tasks.cycle import Cycle
from pipeline_tasks.decoding.pool import DecodingPool
from pipeline_tasks.errors import ServiceRefusedError
from pipeline_tasks.stages.collect_annotations import CollectAnnotationsSummary, collect_annotations
from pipeline_tasks.stages.resolve_labels import ResolveLabelsSummary, resolve_labels
from pipeline_tasks.stages.send_to_labeling import SendToLabelingSummary, send_to_labeling
from pipeline_tasks.stages.wait_for_annotators import wait_for_annotators
from pipeline_tasks.storage.annotation_log import list_revisions
from pipeline_tasks.storage.originals import put_original
from pipeline_tasks.storage.store import Store
from pipeline_tasks.tables.annotation import Annotation
from pipeline_tasks.tables.image import Image
from pipeline_tasks.tables.label import Label
from pipeline_tasks.tables.labeling_task import LabelingTask
from pipeline_tasks.tables.selection import SelectedImage
from pipeline_tasks.tables.table import empty

pytestmark = pytest.mark.services

IMAGES = 240
POSITION = b"48.8584 N"
"""Stands in the EXIF data of every original."""


class Round:
    """One project whose pictures are put to three people, with a clock on each step."""

    def __init__(self, server: RealLabelStudio, store: Store, client: LabelStudio, name: str) -> None:
        self.store, self.client, self.server = store, client, server
        self.files = AnnotatorFiles(server.document_root, name)
        self.people = [sign_up(server, f"{person}@{name.replace('_', '-')}.example.com") for person in ("ada", "ben", "cho")]
        self.name = name
        self.seconds: dict[str, float] = {}

    def open(self, cycle_id: str, images: range) -> Cycle:
        labeling = {"deadline_s": 3600, "overlap_ratio": 0.1, "question": 'Is it a "bolt" & <not> a nut?'}
        cycle = given.an_open_cycle(self.store, cycle_id, project=self.name, labeling=labeling)
        originals = [put_original(self.store.objects, a_photograph(number)) for number in images]
        self.store.finish(cycle_id, "record_images", cycle.arguments, [(Image, image_rows(originals))])
        self.store.finish(cycle_id, "select_images", cycle.arguments, [(SelectedImage, selected_rows(originals))])
        return cycle

    def send(self, cycle: Cycle) -> SendToLabelingSummary:
        with DecodingPool() as decoder, self.timed("send"):
            return send_to_labeling(self.store, cycle, self.client, self.files, decoder, given.STARTED_AT)

    def collect(self, cycle: Cycle, step: str = "collect") -> CollectAnnotationsSummary:
        with self.timed(step):
            return collect_annotations(self.store, cycle, self.client)

    def answer(self, person: int, task_id: int, class_name: str | None, **fields: Any) -> int:
        choice = {"from_name": "class", "to_name": "picture", "type": "choices", "value": {"choices": [class_name]}}
        content = {"result": [choice] if class_name else [], "lead_time": 1.5} | fields
        answered = self.people[person].post(f"/api/tasks/{task_id}/annotations", json=content)
        answered.raise_for_status()
        return int(answered.json()["id"])

    def timed(self, step: str) -> Any:
        return _Timed(self.seconds, step)


class _Timed:
    def __init__(self, seconds: dict[str, float], step: str) -> None:
        self.seconds, self.step = seconds, step

    def __enter__(self) -> None:
        self.started = time.perf_counter()

    def __exit__(self, *error: object) -> None:
        self.seconds[self.step] = time.perf_counter() - self.started


def a_photograph(number: int) -> bytes:
    """A JPEG with a position in its EXIF data."""
    pixels = np.random.default_rng(number).integers(0, 255, (24, 32, 3), dtype=np.uint8)
    exif = PillowImage.Exif()
    exif[0x010E] = POSITION.decode()
    buffer = io.BytesIO()
    PillowImage.fromarray(pixels).resize((640, 480)).save(buffer, "JPEG", exif=exif)
    return buffer.getvalue()


def image_rows(originals: list[tuple[str, str]]) -> pl.DataFrame:
    sizes = {"size_bytes": 1000, "file_format": "JPEG", "width_px": 640, "height_px": 480, "orientation": 1, "frames": 1}
    rows = [{"image_id": image_id, "md5": md5} | sizes for image_id, md5 in originals]
    return pl.DataFrame(rows) if rows else empty(Image)


def selected_rows(originals: list[tuple[str, str]]) -> pl.DataFrame:
    how = {"arm": "strategy", "strategy": "coverage", "score": 1.0, "reason": "Far from all others."}
    rows = [{"image_id": image_id, "rank": rank} | how for rank, (image_id, _) in enumerate(originals)]
    return pl.DataFrame(rows) if rows else empty(SelectedImage)


@pytest.fixture
def client(label_studio_server: RealLabelStudio) -> Iterator[LabelStudio]:
    with LabelStudio(label_studio_server.url, label_studio_server.token) as client:
        yield client


def test_round__goes_from_push_to_labels_and_takes_late_changes(
    label_studio_server: RealLabelStudio, disk_store: Store, client: LabelStudio, record_property: Any
) -> None:
    name = f"round_{time.time_ns() % 10**9}"
    round = Round(label_studio_server, disk_store, client, name)
    first = round.open("2026-11-21", range(IMAGES))
    pushed = round.send(first)

    assert (pushed.images, pushed.tasks) == (IMAGES, IMAGES + 2 * 24)
    assert round.send(first) == pushed
    tasks = disk_store.read(LabelingTask, first.cycle_id)
    assert client.count_answered_tasks(pushed.label_studio_project_id or 0, pushed.round_id) == 0
    assert client.import_tasks(pushed.label_studio_project_id or 0, pushed.round_id, [{"task_key": key} for key in tasks["task_key"]]) == dict(
        tasks.select("task_key", "label_studio_task_id").iter_rows()
    )

    # All but the last task are answered, the third is skipped and the fourth says that nothing is there.
    ids = tasks["label_studio_task_id"].to_list()
    started = time.perf_counter()
    numbers = [
        round.answer(index % 3, task_id, None if index in (2, 3) else "bolt", was_cancelled=index == 2)
        for index, task_id in enumerate(ids[:-1])
    ]
    round.seconds["answer"] = time.perf_counter() - started
    with round.timed("wait"):
        look = wait_for_annotators(disk_store, first, client, given.STARTED_AT)
    assert (look.tasks, look.answered, look.is_released) == (288, 287, False)
    assert wait_for_annotators(disk_store, first, client, given.STARTED_AT + timedelta(hours=1)).is_released

    collected = round.collect(first)
    assert collected == CollectAnnotationsSummary(
        annotations_new=287,
        annotations_changed=0,
        annotations_deleted=0,
        annotations_skipped=1,
        annotations_from_earlier_rounds=0,
        annotators=3,
        tasks_unanswered=1,
    )
    assert round.collect(first, "collect again") == collected
    resolved = resolve_labels(disk_store, first)
    assert (resolved.images, resolved.labelled, resolved.empty, resolved.unsure) == (IMAGES, 238, 1, 1)

    # Next night: one answer edited, one deleted, the open task answered, and nothing new is asked.
    second = round.open("2026-11-22", range(0))
    assert "nobody is asked" in (round.send(second).why or "")
    time.sleep(0.01)
    edit = [{"from_name": "class", "to_name": "picture", "type": "choices", "value": {"choices": ["nut"]}}]
    round.people[0].patch(f"/api/annotations/{numbers[0]}", json={"result": edit}).raise_for_status()
    round.people[1].delete(f"/api/annotations/{numbers[1]}").raise_for_status()
    round.answer(2, ids[-1], "bolt")
    late = round.collect(second, "collect late")
    assert (late.annotations_new, late.annotations_changed, late.annotations_deleted) == (1, 1, 1)
    assert late.annotations_from_earlier_rounds == 3
    assert round.collect(second, "collect late again") == late
    states = disk_store.current(Annotation)["state"].cast(str).value_counts()
    assert dict(states.iter_rows()) == {"answered": 286, "skipped": 1, "deleted": 1}
    assert len(list(list_revisions(disk_store.objects))) == 290
    changed = resolve_labels(disk_store, second)
    assert isinstance(changed, ResolveLabelsSummary)
    assert changed.images == 3
    for step, seconds in round.seconds.items():
        record_property(f"seconds to {step}", round_(seconds))
    print({step: round_(seconds) for step, seconds in round.seconds.items()})  # noqa: T201
    assert b"example.com" not in everything_below(disk_store)


def round_(seconds: float) -> float:
    return float(f"{seconds:.2f}")


def everything_below(store: Store) -> bytes:
    return b"".join(store.objects.read(key).content for key in store.objects.list("annotation_log/"))
