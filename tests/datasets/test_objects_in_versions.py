"""Tests of versions of a kind with several objects an image: empty images, removed, renamed and unknown classes."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import given
import polars as pl
from kinds.boxes.given_boxes import spread_boxes

from pipeline_tasks.datasets.manifest import EMPTY_DIGEST, ManifestInputs, freeze, with_digests
from pipeline_tasks.kinds.boxes.box import Box
from pipeline_tasks.kinds.boxes.labeling import BoxLabeling
from pipeline_tasks.kinds.name_changes import NameChanges
from pipeline_tasks.kinds.named_freezing import NamedFreezing
from pipeline_tasks.tables.label_object import LabelObject
from pipeline_tasks.tables.table import check, empty

BOLT, NUT, SCRAP = (replace(one, class_name=name) for one, name in zip(spread_boxes(3), ("bolt", "nut", "scrap"), strict=True))
TURNED = replace(NUT, corners_px=(1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0))


def a_kind(*names: str, changes: NameChanges | None = None) -> Any:
    """The parts of the kind `box` that freezing asks for."""
    return SimpleNamespace(name="box", about={}, changes=changes or NameChanges(), freezing=NamedFreezing(names))


def inputs(labels: dict[str, list[Box]], states: dict[str, str] | None = None) -> ManifestInputs:
    """Labels of images, each its own split group in train; those without a box are empty."""
    rows = [
        vars(BoxLabeling(()).as_columns(box)) | {"image_id": given.image_id(name), "object_index": at}
        for name, boxes in labels.items()
        for at, box in enumerate(boxes)
    ]
    state = {name: "labelled" if boxes else "empty" for name, boxes in labels.items()} | (states or {})
    images = [given.image_id(name) for name in labels]
    groups = pl.DataFrame({"image_id": images, "split_group_id": images})
    return ManifestInputs(
        labels=pl.DataFrame({"image_id": images, "state": [state[name] for name in labels]}),
        label_objects=check(LabelObject, pl.DataFrame(rows, infer_schema_length=None)) if rows else empty(LabelObject),
        split_groups=groups,
        splits=groups.select("split_group_id", split=pl.lit("train")),
    )


def names_of(rows: pl.DataFrame) -> set[str]:
    return set(rows["image_id"])


def test_freeze__keeps_empty_images_of_kinds_that_want_them() -> None:
    found = freeze(inputs({"a": [BOLT, NUT], "b": []}), a_kind("bolt", "nut"))

    digests = dict(found.rows.select("image_id", "label_digest").iter_rows())
    assert digests[given.image_id("b")] == EMPTY_DIGEST != digests[given.image_id("a")]
    assert found.rows.sort("class_name")["class_name"].to_list() == [None, "bolt"]
    assert found.left_out == {}
    assert found.objects.select("image_id", "class_name").rows() == [(given.image_id("a"), "bolt"), (given.image_id("a"), "nut")]


def test_freeze__ignores_boxes_of_an_earlier_label_of_an_image_that_is_empty_now() -> None:
    found = freeze(inputs({"a": [BOLT]}, {"a": "empty"}), a_kind("bolt"))

    assert found.rows["label_digest"].to_list() == [EMPTY_DIGEST]
    assert found.objects.is_empty()


def test_freeze__leaves_out_an_image_with_any_unknown_class() -> None:
    found = freeze(inputs({"a": [BOLT, SCRAP], "b": [BOLT]}), a_kind("bolt"))

    assert (found.left_out, found.unknown_names) == ({"unknown_class": 1}, {"scrap": 1})
    assert names_of(found.rows) == {given.image_id("b")}


def test_freeze__drops_boxes_of_a_removed_class_and_keeps_their_image() -> None:
    kind = a_kind("bolt", changes=NameChanges(removed=("scrap",)))

    found = freeze(inputs({"a": [BOLT, SCRAP], "b": [SCRAP]}), kind)

    assert (found.left_out, found.removed_objects) == ({}, {"scrap": 2})
    assert found.objects["class_name"].to_list() == ["bolt"]
    assert sorted(one is None for one in found.rows["class_name"]) == [False, True]


def test_freeze__reads_renamed_classes_by_their_names_of_today() -> None:
    kind = a_kind("bolt", changes=NameChanges(renamed=(("nut", "bolt"),)))

    found = freeze(inputs({"a": [BOLT, NUT]}), kind)

    assert found.objects["class_name"].to_list() == ["bolt", "bolt"]
    assert found.renamed == {"nut → bolt": 1}


def test_dataset_id__differs_if_a_box_moves_or_turns_and_not_by_the_order_of_rows() -> None:
    kind = a_kind("bolt", "nut")
    given_inputs = inputs({"a": [BOLT, NUT], "b": []})
    shuffled = replace(given_inputs, label_objects=given_inputs.label_objects.reverse(), labels=given_inputs.labels.reverse())
    others = [[replace(BOLT, x_min_px=BOLT.x_min_px + 0.5), NUT], [BOLT, TURNED], [BOLT], []]

    ids = {freeze(inputs({"a": boxes, "b": []}), kind).dataset_id for boxes in others}

    assert freeze(shuffled, kind).dataset_id == freeze(given_inputs, kind).dataset_id
    assert len(ids | {freeze(given_inputs, kind).dataset_id}) == 5


def test_with_digests__gives_no_digest_to_a_label_that_a_version_cannot_hold() -> None:
    kind, found = a_kind("bolt"), inputs({"a": [BOLT], "b": []}, {"b": "unsure"})

    rows = with_digests(found.labels.select("image_id"), found.labels, found.label_objects, kind)

    assert rows.filter(pl.col("label_digest").is_null())["image_id"].to_list() == [given.image_id("b")]
