"""Tests of labelled folders of Label Studio's JSON."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from given_formats import a_text, an_image, boxes_of, counts, read, read_only
from given_sets import the_set

from pipeline_tasks.errors import SettingsError
from pipeline_tasks.formats.labelled_folder import LabelledFolder
from pipeline_tasks.geometry.run_lengths import encode
from pipeline_tasks.kinds.boxes.box import Box
from pipeline_tasks.kinds.boxes.label_studio import write_boxes
from pipeline_tasks.kinds.classes.class_object import ClassObject
from pipeline_tasks.kinds.keypoints.label_studio import write_skeletons
from pipeline_tasks.kinds.keypoints.skeleton import Point, Skeleton
from pipeline_tasks.kinds.masks.label_studio import write_masks
from pipeline_tasks.kinds.masks.mask import Mask
from pipeline_tasks.kinds.registry import kind_of_version
from pipeline_tasks.labelled_sets.reading import read_set

SIZE = (40, 30)
NUT = Box("nut", 1, 2, 10, 12)
Json = dict[str, Any]


def annotation(result: list[Json], **fields: Any) -> Json:
    return {"id": 1, "completed_by": 7, "result": result, "was_cancelled": False} | fields


def boxes(*found: Box, **fields: Any) -> list[Json]:
    return [one | fields for one in write_boxes(found or (NUT,), SIZE)]


def task(*annotations: Json, image: str = "a.jpg", **fields: Any) -> Json:
    return {"data": {"image": image}, "annotations": list(annotations)} | fields


def a_set(folder: Path, *tasks: Any, images: tuple[str, ...] = ("a.jpg",)) -> Path:
    for name in images:
        an_image(folder / name, SIZE)
    a_text(folder / "export.json", json.dumps(list(tasks)))
    return folder


def read_tasks(folder: Path, *tasks: Any, kind: str | None = None, images: tuple[str, ...] = ("a.jpg",)) -> LabelledFolder:
    return read(a_set(folder, *tasks, images=images), kind)


@pytest.mark.parametrize(
    ("said", "file"),
    [
        ("a.jpg", "a.jpg"),
        ("/data/upload/3/1a2b3c4d-a.jpg", "a.jpg"),
        ("/data/upload/3/1a2b3c4d-a.jpg", "images/1a2b3c4d-a.jpg"),
        ("/data/local-files/?d=their%20set/b%20%C3%A9.jpg", "their set/b é.jpg"),
        ("http://host:8080/data/local-files/?d=deep/a.jpg", "deep/a.jpg"),
        ("https://host/bucket/some%20folder/a.jpg?X-Amz-Signature=1", "a.jpg"),
        ("s3://bucket/train/a.jpg", "train/a.jpg"),
        ("gs://bucket/a%20b.jpg", "a b.jpg"),
        ("50%25 off.jpg", "50%25 off.jpg"),
    ],
)
def test_label_studio__finds_the_image_of_an_address(said: str, file: str, tmp_path: Path) -> None:
    found = read_tasks(tmp_path, task(annotation(boxes()), image=said), images=(file,))

    assert found.format_name == "Label Studio"
    assert boxes_of(found, Path(file).name) == [("nut", 1, 2, 10, 12)]
    assert found.left_out == ()


def test_label_studio__reads_each_kind_by_its_own_parser(tmp_path: Path) -> None:
    region = np.zeros((30, 40), np.bool_)
    region[3:9, 4:12] = True
    mask = Mask("nut", encode(region), SIZE)
    skeleton = Skeleton("arm", (Point("tip", 3, 4), Point("end", 8, 9, is_visible=False)))
    choice = [{"type": "choices", "from_name": "what", "value": {"choices": ["nut"]}}]
    wanted = {
        "box": (boxes(), NUT),
        "mask": (write_masks([mask], SIZE), mask),
        "keypoints": (write_skeletons([skeleton], SIZE), skeleton),
        "class": (choice, ClassObject("nut")),
        "classes": (choice, ClassObject("nut")),
    }
    for kind, (result, expected) in wanted.items():
        found = read_only(a_set(tmp_path / kind, task(annotation(result))), kind)
        assert [one.objects for one in found.images] == [(expected,)], kind


def test_label_studio__keeps_each_persons_answer_and_leaves_out_skipped_ones(tmp_path: Path) -> None:
    first, second = annotation(boxes(), completed_by={"id": 4, "email": "a@b.c"}), annotation([], completed_by=5)
    skipped, starred = annotation([], was_cancelled=True), annotation(boxes(), ground_truth=True)
    tasks = (task(first, second, skipped), task(first, starred, image="b.jpg"), task(skipped, image="c.jpg"), task(image="d.jpg"))

    found = read_tasks(tmp_path, *tasks, images=("a.jpg", "b.jpg", "c.jpg", "d.jpg"))

    assert [(one.path.name, len(one.votes), one.people) for one in found.images] == [
        ("a.jpg", 2, ("4", "5")),
        ("b.jpg", 1, ("7",)),
    ]
    assert counts(found) == {
        "annotation that a person skipped": 2,
        "annotation beside one that is starred as the truth": 1,
        "image without an annotation": 2,
    }


def test_label_studio_set__has_the_label_that_most_people_say_and_their_pseudonyms(tmp_path: Path) -> None:
    people = [annotation(boxes(NUT), completed_by=1), annotation(boxes(NUT), completed_by=2), annotation([], completed_by=3)]
    a_set(tmp_path, task(*people))

    found = read_set(the_set(tmp_path), kind_of_version("box", ("nut",)), tmp_path / "space")

    assert found.objects.select("class_name", "x_min_px", "width_px").rows() == [("nut", 1.0, 10.0)]
    said = found.images["annotators"][0].split(", ")
    assert len(set(said)) == 3
    assert all(one.startswith("annotator-") for one in said)


REFUSED: dict[str, tuple[list[Any], str]] = {
    "a task that is a number": ([7, task()], r"\[0\]: wanted an object with named fields, found 7"),
    "data that is a list": ([task(data=[])], r"\[0\].data: wanted an object"),
    "data without an image": ([task(image="text")], r"\[0\].data: wanted one field that names an image, found 0 of them"),
    "data with two images": ([{"data": {"a": "a.jpg", "b": "b.jpg"}, "annotations": []}], r"\[0\].data: .*found 2 of them"),
    "annotations that are an object": ([task() | {"annotations": {}}], r"\[0\].annotations: wanted a list of annotations"),
    "an annotation that is a text": ([task() | {"annotations": ["x"]}], r"\[0\].annotations\[0\]: wanted an object"),
    "a result that is a number": (
        [task(annotation([]) | {"result": 3})],
        r"\[0\].annotations\[0\].result: wanted a list of results",
    ),
    "a result of numbers": ([task(annotation([]) | {"result": [3]})], r"\[0\].annotations\[0\].result\[0\]: wanted an object"),
    "two tasks of one id": ([task(id=1), task(id=1, image="b.jpg")], r"\[1\].id: wanted each id once.*found 1"),
    "two tasks of one image": ([task(annotation([])), task(annotation([]))], r"a.jpg \(Label Studio\): .*\[0\] and .*\[1\]"),
}


@pytest.mark.parametrize("case", list(REFUSED))
def test_hostile_label_studio_file__is_refused_with_its_place(case: str, tmp_path: Path) -> None:
    tasks, says = REFUSED[case]

    with pytest.raises(SettingsError, match=f"export.json: .*{says}|{says}"):
        read_tasks(tmp_path, *tasks, kind="box")


CANNOT_BE_USED: dict[str, tuple[list[Json], str]] = {
    "a box that is no number": (boxes(Box("nut", float("nan"), 2, 5, 5)), "position that is not a number"),
    "a box that is infinite": (boxes(Box("nut", 1, 2, float("inf"), 5)), "position that is not a number"),
    "a box of 400 digits": ([boxes()[0] | {"value": boxes()[0]["value"] | {"x": 10**400}}], "beyond all images"),
    "a box outside": (boxes(Box("nut", 100, 2, 5, 5)), "reaches out of the image"),
    "a box of no size": (boxes(Box("nut", 1, 2, 0, 5)), "has no size"),
    "a box without a class": ([boxes()[0] | {"value": boxes()[0]["value"] | {"rectanglelabels": []}}], "has no class"),
    "a box with two classes": ([boxes()[0] | {"value": boxes()[0]["value"] | {"rectanglelabels": ["a", "b"]}}], "has 2 classes"),
    "a box without a side": ([boxes()[0] | {"value": {"x": 1, "rectanglelabels": ["nut"]}}], "lacks 'y'"),
    "a box of words": ([boxes()[0] | {"value": boxes()[0]["value"] | {"x": "left"}}], "could not convert"),
    "a box without the image's size": (boxes(original_width=None), "does not say the size of the image"),
    "a box on a turned image": (boxes(image_rotation=90), "turned by 90 degrees"),
    "an answer to another form": ([{"type": "choices", "value": {"choices": ["nut"]}}], "another form"),
}


@pytest.mark.parametrize("case", list(CANNOT_BE_USED))
def test_hostile_annotation__is_left_out_with_its_place_and_the_rest_is_read(case: str, tmp_path: Path) -> None:
    result, says = CANNOT_BE_USED[case]

    found = read_tasks(
        tmp_path, task(annotation(result)), task(annotation(boxes()), image="b.jpg"), kind="box", images=("a.jpg", "b.jpg")
    )

    assert [one.path.name for one in found.images] == ["b.jpg"]
    told = {one.reason: one.example for one in found.left_out}["annotation with an object that cannot be used"]
    assert told.startswith("export.json: [0].annotations[0]: ")
    assert says in told


@pytest.mark.parametrize("rle", [[1, 2, 3], [255] * 50_000, [0] * 8, [10**400], ["x"], "text", None])
def test_hostile_brush__is_left_out_with_its_place(rle: Any, tmp_path: Path) -> None:
    about = {"type": "brushlabels", "original_width": 40, "original_height": 30, "value": {"brushlabels": ["nut"], "rle": rle}}
    good = write_masks([Mask("nut", encode(np.ones((30, 40), np.bool_)), SIZE)], SIZE)
    tasks = (task(annotation([about | {"value": about["value"] | {"format": "rle"}}])), task(annotation(good), image="b.jpg"))

    found = read_tasks(tmp_path, *tasks, kind="mask", images=("a.jpg", "b.jpg"))

    assert [one.path.name for one in found.images] == ["b.jpg"]
    assert "export.json: [0].annotations[0]" in found.left_out[0].example


def test_annotation_of_another_size_or_image__is_left_out(tmp_path: Path) -> None:
    other = boxes(original_width=400, original_height=300)
    tasks = (task(annotation(other)), task(annotation(boxes()), image="../../secret.jpg"), task(annotation(boxes()), image="b.jpg"))
    an_image(tmp_path / "secret.jpg", SIZE)

    found = read_tasks(tmp_path / "deep" / "set", *tasks, images=("a.jpg", "b.jpg"))

    assert counts(found) == {
        "image of another size than its annotation says": 1,
        "image without an annotation": 1,
        "image that is listed, but not in the folder": 1,
    }


def test_classes_of_two_controls__are_refused_with_their_names(tmp_path: Path) -> None:
    said = [{"type": "choices", "from_name": name, "value": {"choices": ["nut"]}} for name in ("what", "quality")]

    with pytest.raises(
        SettingsError, match=r"wanted one control that says the classes.*found choices of 2 controls \(quality, what\)"
    ):
        read_tasks(tmp_path, task(annotation(said)), kind="class")
