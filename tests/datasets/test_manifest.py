"""Tests of frozen versions: named by their content, with a reason for each label that is left out."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from typing import Any

import polars as pl
import pytest
from given import image_id

from pipeline_tasks.datasets.manifest import ManifestInputs, freeze, label_digests
from pipeline_tasks.kinds.classes.class_kind import ClassKind
from pipeline_tasks.kinds.name_changes import NameChanges

A, B, C, D = (image_id(name) for name in "abcd")
THING = {"object_index": 0, "label_kind": "class"}


def a_thing(identity: str, class_name: str | None) -> dict[str, Any]:
    return {"image_id": identity, **THING, "class_name": class_name}


KIND = ClassKind(("bolt", "nut"))


def the_inputs() -> ManifestInputs:
    return ManifestInputs(
        labels=pl.DataFrame({"image_id": [B, A], "state": ["labelled", "labelled"]}),
        label_objects=pl.DataFrame([a_thing(B, "nut"), a_thing(A, "bolt")]),
        split_groups=pl.DataFrame({"image_id": [A, B], "split_group_id": [A, B]}),
        splits=pl.DataFrame({"split_group_id": [A, B], "split": ["train", "test"]}),
        control=frozenset({B}),
    )


def test_freeze__holds_each_labelled_image_once_sorted() -> None:
    manifest = freeze(the_inputs(), KIND)

    found = {row["image_id"]: row for row in manifest.rows.iter_rows(named=True)}
    assert manifest.rows["image_id"].to_list() == sorted([A, B])
    assert (found[A]["class_name"], found[A]["split"], found[A]["is_control"]) == ("bolt", "train", False)
    assert (found[B]["class_name"], found[B]["split"], found[B]["is_control"]) == ("nut", "test", True)
    assert manifest.left_out == {}


def test_freeze__dataset_id_depends_on_images_labels_splits_and_classes_only() -> None:
    inputs = the_inputs()
    wanted = freeze(inputs, KIND).dataset_id

    in_another_order = replace(
        inputs, labels=inputs.labels.reverse(), split_groups=inputs.split_groups.reverse(), control=frozenset()
    )
    assert freeze(in_another_order, KIND).dataset_id == wanted
    relabelled = replace(inputs, label_objects=pl.DataFrame([a_thing(B, "bolt"), a_thing(A, "bolt")]))
    assert freeze(relabelled, KIND).dataset_id != wanted
    other_split = replace(inputs, splits=pl.DataFrame({"split_group_id": [A, B], "split": ["val", "test"]}))
    assert freeze(other_split, KIND).dataset_id != wanted
    assert freeze(inputs, ClassKind(("bolt", "nut", "washer"))).dataset_id != wanted


def test_freeze__gives_the_dataset_id_that_the_written_rule_gives() -> None:
    manifest = freeze(the_inputs(), KIND)

    lines = ['{"label_kind": "class", "class_names": ["bolt", "nut"]}']
    for row in manifest.rows.iter_rows(named=True):
        label = [{**THING, "class_name": row["class_name"]}]
        digest = hashlib.sha256(json.dumps(label, sort_keys=True).encode()).hexdigest()
        lines.append(f"{row['image_id']} {row['split']} {digest}")
    assert manifest.dataset_id == hashlib.sha256("\n".join(lines).encode()).hexdigest()


def test_label_digests__digest_all_objects_of_an_image_in_their_order() -> None:
    things: list[dict[str, Any]] = [
        {"image_id": A, "object_index": 1, "class_name": 'a "nut", two', "points_px": [1.5, 2.0]},
        {"image_id": A, "object_index": 0, "class_name": "bolt", "points_px": None},
        {"image_id": B, "object_index": 0, "class_name": None, "points_px": [0.1, 1 / 3]},
    ]
    found = {row[0]: row[1:] for row in label_digests(pl.DataFrame(things)).iter_rows()}

    without_id = [{name: value for name, value in thing.items() if name != "image_id"} for thing in things]
    wanted = {A: [without_id[1], without_id[0]], B: [without_id[2]]}
    for identity, objects in wanted.items():
        digest = hashlib.sha256(json.dumps(objects, sort_keys=True).encode()).hexdigest()
        assert found[identity] == (objects[0]["class_name"], digest)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"contested": frozenset({A})}, "contested"),
        ({"quarantined": frozenset({A})}, "quarantined"),
        ({"leaks": {A: "leaks_into_test"}}, "leaks_into_test"),
        ({"label_objects": pl.DataFrame([a_thing(B, "nut")])}, "no_label_object"),
        ({"label_objects": pl.DataFrame([a_thing(B, "nut"), a_thing(A, "screw")])}, "unknown_class"),
        ({"splits": pl.DataFrame({"split_group_id": [B], "split": ["test"]})}, "no_split"),
        ({"split_groups": pl.DataFrame({"image_id": [B], "split_group_id": [B]})}, "no_split"),
    ],
)
def test_freeze__says_why_a_label_is_left_out(change: dict[str, Any], reason: str) -> None:
    manifest = freeze(replace(the_inputs(), **change), KIND)

    assert manifest.rows["image_id"].to_list() == [B]
    assert manifest.left_out == {reason: 1}


def test_freeze__takes_only_what_people_agreed_on() -> None:
    labels = pl.DataFrame({"image_id": [A, B], "state": ["unsure", "labelled"]})

    manifest = freeze(replace(the_inputs(), labels=labels), KIND)

    assert manifest.rows["image_id"].to_list() == [B]


def test_freeze__the_first_split_of_a_group_wins() -> None:
    splits = pl.DataFrame({"split_group_id": [A, B, A], "split": ["train", "test", "test"]})

    manifest = freeze(replace(the_inputs(), splits=splits), KIND)

    assert manifest.rows.filter(pl.col("image_id") == A)["split"].to_list() == ["train"]


def test_freeze__gives_renamed_labels_the_id_of_labels_given_under_the_new_name() -> None:
    inputs, today = the_inputs(), ClassKind(("bolt", "hex_nut"), NameChanges((("nut", "hex_nut"),)))
    named_so = replace(inputs, label_objects=pl.DataFrame([a_thing(B, "hex_nut"), a_thing(A, "bolt")]))

    renamed = freeze(inputs, today)

    assert (renamed.renamed, renamed.left_out, renamed.unknown_names) == ({"nut → hex_nut": 1}, {}, {})
    assert renamed.dataset_id == freeze(named_so, ClassKind(("bolt", "hex_nut"))).dataset_id


def test_freeze__counts_unknown_names_and_leaves_stated_ones_out_by_another_reason() -> None:
    unstated = freeze(the_inputs(), ClassKind(("bolt", "hex_nut")))
    stated = freeze(the_inputs(), ClassKind(("bolt", "washer"), NameChanges(removed=("nut",))))

    assert (unstated.left_out, unstated.unknown_names) == ({"unknown_class": 1}, {"nut": 1})
    assert (stated.left_out, stated.unknown_names) == ({"removed_class": 1}, {})


def test_freeze__merges_two_old_names_into_one() -> None:
    merged = freeze(the_inputs(), ClassKind(("fastener", "gear"), NameChanges((("nut", "fastener"), ("bolt", "fastener")))))

    assert merged.rows["class_name"].to_list() == ["fastener"] * 2
    assert merged.rows["label_digest"].n_unique() == 1
