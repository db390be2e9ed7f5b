"""Tests that responses from a file of a service become annotations of the round, once, and that bad rows are named."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import given
import pytest
from a_labeling_round import LabelingRound
from labeling_services.results_of_services import (
    BOX,
    MTURK,
    SIZE,
    labelbox_box,
    labelbox_label,
    labelbox_row,
    mturk_csv,
    mturk_row,
    radio,
    scale_task,
)

from pipeline_tasks.errors import SettingsError
from pipeline_tasks.labeling_services import importing
from pipeline_tasks.labeling_services.asking import asked_of
from pipeline_tasks.labeling_services.importing import Imported, import_responses
from pipeline_tasks.records.cycle import Cycle
from pipeline_tasks.stages.label.wait_for_annotators import wait_for_annotators
from pipeline_tasks.storage.blobs.annotation_log import list_revisions, read_revision
from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.tables.annotation import Annotation
from pipeline_tasks.tables.label import Label
from pipeline_tasks.tables.label_object import AnnotationObject, LabelObject
from pipeline_tasks.tables.labeling_task import LabelingTask


@pytest.fixture
def round(store: Store, tmp_path: Path) -> LabelingRound:
    return LabelingRound(store, tmp_path)


def keys_of(store: Store, cycle: Cycle) -> list[str]:
    """The images' names for a service."""
    return [one.key for one in asked_of(store, cycle, "https://images.example")[0].images]


def take(store: Store, cycle: Cycle, content: str, service: str = "mturk") -> Imported:
    return import_responses(store, cycle.project, service, {"results": content})


def label(name: str) -> dict[str, str]:
    return {"label": name}


def killed(*_: object) -> None:
    raise KeyboardInterrupt


def next_night(round: LabelingRound, cycle_id: str = "2026-11-22") -> Cycle:
    cycle = round.open(cycle_id, images=1)
    round.send(cycle)
    return cycle


def test_import__makes_annotations_that_become_labels(round: LabelingRound, store: Store) -> None:
    cycle = round.open(images=2)
    round.send(cycle)
    first, second = keys_of(store, cycle)
    done = take(store, cycle, mturk_csv([mturk_row(first, label("bolt")), mturk_row(second, label("nut"), 2, "A2WORKER")]))
    assert done == Imported("mturk", new=2, people=2, rounds=[cycle.round_id])

    summary = round.collect(cycle)
    assert (summary.annotations_new, summary.annotators, summary.tasks_unanswered) == (2, 2, 0)
    assert round.resolve(cycle).labelled == 2
    assert sorted(store.read(LabelObject, cycle.cycle_id)["class_name"]) == ["bolt", "nut"]
    row = store.read(Annotation, cycle.cycle_id).filter(task_key=first).row(0, named=True)
    assert (row["lead_time_s"], row["updated_at"].isoformat()) == (11.0, "2026-11-21T22:01:09+00:00")
    assert "WORKER" not in str([read_revision(store.objects, *one) for one in list_revisions(store.objects)])


def test_import__of_the_same_file_adds_nothing_before_and_after_the_collection(round: LabelingRound, store: Store) -> None:
    cycle = round.open(images=1)
    round.send(cycle)
    content = mturk_csv([mturk_row(keys_of(store, cycle)[0], label("bolt"))])
    take(store, cycle, content)

    assert take(store, cycle, content) == Imported("mturk", unchanged=1)
    round.collect(cycle)
    assert take(store, cycle, content) == Imported("mturk", unchanged=1)
    summary = round.collect(next_night(round))
    assert (summary.annotations_new, summary.annotations_changed, summary.annotations_deleted) == (0, 0, 0)
    assert len(list(list_revisions(store.objects))) == 1


def test_import__puts_several_responses_about_an_image_on_its_copies(round: LabelingRound, store: Store) -> None:
    cycle = round.open(images=1, overlap_ratio=1.0, overlap_annotators=3)
    round.send(cycle)
    (key,) = keys_of(store, cycle)
    said = ["bolt", "bolt", "nut"]
    take(store, cycle, mturk_csv([mturk_row(key, label(name), n, f"A{n}") for n, name in enumerate(said, 1)]))
    round.collect(cycle)
    round.resolve(cycle)

    assert store.read(Annotation, cycle.cycle_id)["task_key"].n_unique() == 3
    row = store.read(Label, cycle.cycle_id).row(0, named=True)
    assert (row["state"], row["votes"]) == ("labelled", 3)


def test_import__of_an_edited_response_is_a_revision_and_an_older_file_changes_nothing(round: LabelingRound, store: Store) -> None:
    cycle = round.open(images=1)
    round.send(cycle)
    (key,) = keys_of(store, cycle)
    before = labelbox_row(key, labelbox_label(1, radio("bolt")))
    edited = labelbox_row(key, labelbox_label(1, radio("nut"), changed="2026-11-22T08:00:00Z"))
    take(store, cycle, before, "labelbox")
    assert take(store, cycle, edited, "labelbox").edited == 1
    round.collect(cycle)

    assert take(store, cycle, before, "labelbox") == Imported("labelbox", older=1)
    assert store.read(AnnotationObject, cycle.cycle_id)["class_name"].to_list() == ["nut"]
    assert len(list(list_revisions(store.objects))) == 2


def test_import__says_in_label_studio_which_tasks_the_service_has_annotated(round: LabelingRound, store: Store) -> None:
    cycle = round.open(images=2)
    round.send(cycle)
    keys = first, _ = keys_of(store, cycle)

    def notes() -> list[str]:
        told = {task["data"]["task_key"]: task["data"].get("annotated_at", "") for task in round.server.tasks.values()}
        return [told[key] for key in keys]

    take(store, cycle, mturk_csv([mturk_row(first, label("bolt"))]))
    round.collect(cycle)
    assert notes() == ["mturk", ""]
    take(store, cycle, mturk_csv([mturk_row(first, label("bolt"), AssignmentStatus="Rejected")]))
    round.collect(next_night(round))
    assert notes() == ["", ""]


def test_import__takes_back_an_response_that_was_rejected_later(round: LabelingRound, store: Store) -> None:
    cycle = round.open(images=1)
    round.send(cycle)
    row = mturk_row(keys_of(store, cycle)[0], label("bolt"))
    take(store, cycle, mturk_csv([row]))
    round.collect(cycle)
    rejected = mturk_csv([row | {"AssignmentStatus": "Rejected"}, mturk_row(row["Input.task_key"], label("nut"), 2)])
    assert take(store, cycle, rejected) == Imported("mturk", new=1, taken_back=1, people=1, rounds=[cycle.round_id])

    summary = round.collect(next_night(round))
    assert (summary.annotations_new, summary.annotations_deleted) == (1, 1)
    assert sorted(store.current(Annotation)["state"].cast(str)) == ["answered", "deleted"]


def test_import__of_responses_about_gold_measures_people_and_changes_no_label(round: LabelingRound, store: Store) -> None:
    first = round.open("2026-11-21", images=1)
    round.send(first)
    round.server.annotate(round.task_ids(first)[0], ["bolt"], person=1)
    round.collect(first)
    round.resolve(first)
    image_id = store.read(LabelingTask, first.cycle_id)["image_id"][0]
    second = round.open("2026-11-22", images=0, looks={image_id: "gold"})
    round.send(second)
    take(store, second, mturk_csv([mturk_row(keys_of(store, second)[0], label("nut"))]))
    round.collect(second)

    summary = round.resolve(second)
    assert (summary.gold_images, summary.gold_right, summary.images) == (1, 0, 0)
    assert store.current(LabelObject)["class_name"].to_list() == ["bolt"]


def test_import__that_was_killed_before_its_end_is_done_again(
    round: LabelingRound, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    cycle = round.open(images=1)
    round.send(cycle)
    content = mturk_csv([mturk_row(keys_of(store, cycle)[0], label("bolt"))])
    with monkeypatch.context() as then:
        then.setattr(importing, "put_responses", killed)
        with pytest.raises(KeyboardInterrupt):
            take(store, cycle, content)

    assert take(store, cycle, content).new == 1
    assert round.collect(cycle).annotations_new == 1


def test_import__leaves_the_annotations_in_label_studio_alone(round: LabelingRound, store: Store) -> None:
    cycle = round.open(images=2)
    sent = round.send(cycle)
    round.server.annotate(round.task_ids(cycle)[0], ["nut"])
    take(store, cycle, mturk_csv([mturk_row(keys_of(store, cycle)[1], label("bolt"))]))
    assert round.collect(cycle).annotations_new == 2
    round.server.projects.pop(sent.label_studio_project_id or 0)

    summary = round.collect(next_night(round))
    assert (summary.annotations_new, summary.annotations_deleted, summary.annotations_put_back) == (0, 0, 0)
    assert sorted(store.current(Annotation)["state"].cast(str)) == ["answered", "answered"]


def test_wait_for_annotators__counts_what_files_response_and_looks_again_soon(round: LabelingRound, store: Store) -> None:
    cycle = round.open(images=3, service="mturk")
    round.send(cycle)
    keys = keys_of(store, cycle)
    round.server.annotate(round.task_ids(cycle)[0], ["nut"])
    take(store, cycle, mturk_csv([mturk_row(key, label("bolt"), number) for number, key in enumerate(keys[:2], 1)]))

    def look() -> tuple[int, bool, str | None]:
        found = wait_for_annotators(store, cycle, round.server.client(), round.files, given.STARTED_AT)
        return found.answered, found.is_released, found.look_again_at

    assert look() == (2, False, (given.STARTED_AT + timedelta(minutes=5)).isoformat())
    take(store, cycle, mturk_csv([mturk_row(keys[2], label("bolt"), 3)]))
    assert look()[:2] == (3, True)


def test_import__reads_boxes_of_every_service_alike(round: LabelingRound, store: Store) -> None:
    round.settings = {"label_kind": "box"}
    cycle = round.open(images=3)
    round.send(cycle)
    keys = keys_of(store, cycle)
    drawn = {"annotatedResult": {"boundingBoxes": [BOX | {"label": "nut"}], "inputImageProperties": SIZE}}
    take(store, cycle, mturk_csv([mturk_row(keys[0], drawn["annotatedResult"])]))
    response = {"annotations": [BOX | {"label": "nut", "type": "box", "uuid": "65ec"}]}
    take(store, cycle, json.dumps({"docs": [scale_task(keys[1], response)], "total": 1}), "scale")
    take(store, cycle, labelbox_row(keys[2], labelbox_label(1, {"objects": [labelbox_box("nut")]})), "labelbox")
    round.collect(cycle)

    places = store.read(AnnotationObject, cycle.cycle_id).select("class_name", "x_min_px", "y_min_px", "width_px", "height_px")
    assert places.rows() == [("nut", 64.0, 48.0, 128.0, 96.0)] * 3


def test_import__reads_polygons_as_masks(round: LabelingRound, store: Store) -> None:
    round.settings = {"label_kind": "mask"}
    cycle = round.open(images=2)
    round.send(cycle)
    keys = keys_of(store, cycle)
    corners = [{"x": 10, "y": 10}, {"x": 30, "y": 10}, {"x": 30, "y": 20}, {"x": 10, "y": 20}]
    said = {"polygons": [{"label": "bolt", "vertices": corners}], "inputImageProperties": SIZE}
    take(store, cycle, mturk_csv([mturk_row(keys[0], said)]))
    drawn = {"name": "bolt", "annotation_kind": "ImagePolygon", "polygon": [*corners, corners[0]]}
    take(store, cycle, labelbox_row(keys[1], labelbox_label(1, {"objects": [drawn]})), "labelbox")
    round.collect(cycle)

    rows = store.read(AnnotationObject, cycle.cycle_id)
    assert rows["class_name"].to_list() == ["bolt", "bolt"]
    assert rows["mask_rle"].n_unique() == 1


def test_import__reads_older_columns_of_mturk_and_choices_of_nothing(round: LabelingRound, store: Store) -> None:
    cycle = round.open(images=3)
    round.send(cycle)
    said = dict(zip(keys_of(store, cycle), ["bolt", "(nothing of this)", "(cannot tell)"], strict=True))
    rows = [mturk_row(key, None, n, **{COLUMN: name}) for n, (key, name) in enumerate(said.items())]
    take(store, cycle, mturk_csv(rows, [*(one for one in MTURK if one != "Answer.taskAnswers"), COLUMN]))
    round.collect(cycle)

    states = store.read(Annotation, cycle.cycle_id).sort("updated_at")["state"].cast(str)
    assert states.to_list() == ["answered", "answered", "skipped"]
    assert store.read(AnnotationObject, cycle.cycle_id)["class_name"].to_list() == ["bolt"]


COLUMN = "Answer.annotatedResult.label"
BAD: dict[str, tuple[Callable[[str], str], str]] = {
    "unknown key": (lambda _: mturk_csv([mturk_row("f" * 64, label("bolt"))]), "line 2: wanted the key of a labeling task"),
    "unknown name": (
        lambda key: mturk_csv([mturk_row(key, label("screw"))]),
        "line 2: wanted names of the project, found 'screw'",
    ),
    "missing column": (lambda _: mturk_csv([], MTURK[:14]), "line 1: .*none named AssignmentId, WorkerId"),
    "broken JSON": (
        lambda key: mturk_csv([mturk_row(key, label("bolt")) | {"Answer.taskAnswers": '[{"label"'}]),
        "line 2: field Answer.taskAnswers: wanted JSON",
    ),
    "nothing said": (
        lambda key: mturk_csv([mturk_row(key, {})]),
        "line 2: field annotatedResult.label: wanted a text, found nothing",
    ),
    "one twice": (
        lambda key: mturk_csv([mturk_row(key, label("bolt")), mturk_row(key, label("nut"))]),
        "line 3: wanted each response once, found 3ASSIGNMENT1 also in results line 2",
    ),
    "a time": (
        lambda key: mturk_csv([mturk_row(key, label("bolt"), SubmitTime="Sat Nov 21 14:01:09 CET 2026")]),
        "line 2: field SubmitTime: wanted a time of one of the zones",
    ),
    "row cut off": (
        lambda key: mturk_csv([mturk_row(key, label("bolt"))])[:-20],
        "after line 1: wanted CSV, found unexpected end of data",
    ),
}
"""The fault → a file by an image's name, and the message."""


@pytest.mark.parametrize("case", BAD)
def test_import__names_a_bad_row_and_takes_nothing(case: str, round: LabelingRound, store: Store) -> None:
    cycle = round.open(images=2)
    round.send(cycle)
    key, other = keys_of(store, cycle)
    make, message = BAD[case]
    good = mturk_csv([mturk_row(other, label("bolt"), 9)])

    with pytest.raises(SettingsError, match=f"results {message}"):
        import_responses(store, cycle.project, "mturk", {"good": good, "results": make(key)})
    assert list(list_revisions(store.objects)) == []


BAD_BOXES = {
    "outside": (labelbox_box("nut", left=600), "box 1 .nut. reaches out of the image"),
    "without a side": (labelbox_box("nut", width=None), r"objects\[0\].bounding_box.width: wanted a number, found nothing"),
    "another shape": (labelbox_box("nut") | {"annotation_kind": "ImagePoint"}, "wanted ImageBoundingBox, found 'ImagePoint'"),
}


@pytest.mark.parametrize("case", BAD_BOXES)
def test_import__names_a_bad_box(case: str, round: LabelingRound, store: Store) -> None:
    round.settings = {"label_kind": "box"}
    cycle = round.open(images=1)
    round.send(cycle)
    drawn, message = BAD_BOXES[case]
    line = labelbox_row(keys_of(store, cycle)[0], labelbox_label(1, {"objects": [drawn]}))

    with pytest.raises(SettingsError, match=f"results line 1: .*{message}"):
        take(store, cycle, line, "labelbox")


def test_import__of_boxes_on_an_image_of_another_size_is_refused(round: LabelingRound, store: Store) -> None:
    round.settings = {"label_kind": "box"}
    cycle = round.open(images=1)
    round.send(cycle)
    said = {"boundingBoxes": [], "inputImageProperties": {"height": 240, "width": 320}}

    with pytest.raises(SettingsError, match="line 2: wanted a response on an image of 640 x 480 pixels, found one on 320 x 240"):
        take(store, cycle, mturk_csv([mturk_row(keys_of(store, cycle)[0], said)]))


def test_import__leaves_out_unknown_tasks_if_that_is_wanted(round: LabelingRound, store: Store) -> None:
    cycle = round.open(images=1)
    round.send(cycle)
    content = mturk_csv([mturk_row("f" * 64, label("bolt")), mturk_row(keys_of(store, cycle)[0], label("bolt"), 2)])

    done = import_responses(store, cycle.project, "mturk", {"results": content}, leaves_out_unknown=True)

    assert (done.new, done.unknown) == (1, 1)


def test_import__of_scale_leaves_out_open_tasks_and_tells_its_people_apart(round: LabelingRound, store: Store) -> None:
    cycle = round.open(images=1, overlap_ratio=1.0, overlap_annotators=2)
    round.send(cycle)
    (image,) = asked_of(store, cycle, "https://images.example")[0].images
    tasks = [
        scale_task(key, {"category": "bolt"}, n, metadata={"task_key": key, "person": n}) for n, key in enumerate(image.task_keys)
    ]
    lines = [*tasks, scale_task("f" * 64, {}, 7, status="pending")]
    done = take(store, cycle, "\n".join(json.dumps(one) for one in lines), "scale")

    assert (done.new, done.people) == (2, 2)
