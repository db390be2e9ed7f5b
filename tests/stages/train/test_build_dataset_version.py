"""Tests that a version is named by its content, and that a night without changes creates none."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest
from given import an_open_cycle, image_id
from given_images import AnImage, record

from pipeline_tasks.errors import LeakError
from pipeline_tasks.records.cycle import Cycle
from pipeline_tasks.records.find_label_errors import FindLabelErrorsSummary
from pipeline_tasks.stages.train.build_dataset_version import build_dataset_version
from pipeline_tasks.storage.blobs.version_index import read_index
from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.storage.objects.memory_objects import MemoryObjects
from pipeline_tasks.storage.versions.dataset_versions import read_version
from pipeline_tasks.tables.dataset_image import DatasetImage
from pipeline_tasks.tables.label import Label
from pipeline_tasks.tables.label_object import LabelObject
from pipeline_tasks.tables.label_suspect import LabelSuspect
from pipeline_tasks.tables.leak import Leak
from pipeline_tasks.tables.object_suspect import ObjectSuspect
from pipeline_tasks.tables.selection import SelectedImage
from pipeline_tasks.tables.slice_image import SliceImage
from pipeline_tasks.tables.split import Split
from pipeline_tasks.tables.split_group import SplitGroup
from pipeline_tasks.tables.table import empty

ANGLES = {
    name: (float(number == 0), *(float(number == one) for one in range(1, 6)))
    for number, name in enumerate(("a1", "a2", "t1", "t2", "a3", "t3"))
}


def label(store: Store, cycle: Cycle, classes: dict[str, str], stage: str = "given") -> None:
    """Label images in a cycle, each of its own split group; the first letter of the name is the split's."""
    splits = {"a": "train", "v": "val", "t": "test"}
    names = list(classes)
    ids = [image_id(name) for name in names]
    nothing: dict[str, Any] = dict.fromkeys(LabelObject.column_names())
    things = [
        nothing | {"image_id": image_id(name), "object_index": 0, "label_kind": "class", "class_name": classes[name]}
        for name in names
    ]
    about = {"labels_version": cycle.cycle_id, "state": "labelled", "votes": 1, "agreement_ratio": 1.0} | dict.fromkeys(
        ("consensus_quality", "vote_ids")
    )
    labels = [about | {"image_id": one, "label_config_digest": image_id("config")} for one in ids]
    picks = (
        pl.DataFrame({"image_id": ids})
        .with_row_index("rank")
        .with_columns(
            arm=pl.Series(["control" if name[0] == "t" else "strategy" for name in names]),
            strategy=pl.lit("random"),
            score=0.0,
            reason=pl.lit("drawn"),
        )
    )
    writes: list[Any] = [(Label, pl.DataFrame(labels)), (LabelObject, pl.DataFrame(things, infer_schema_length=None))]
    writes += [(SplitGroup, pl.DataFrame({"image_id": ids, "split_group_id": ids})), (SelectedImage, picks)]
    recorded = pl.DataFrame({"split_group_id": ids, "split": [splits[name[0]] for name in names]})
    writes += [(Split, recorded.with_columns(policy=pl.lit("rest")))]
    store.finish(cycle.cycle_id, stage, cycle.arguments, writes)


def test_build_dataset_version__freezes_labels_by_their_splits(store: Store) -> None:
    cycle = an_open_cycle(store)
    label(store, cycle, {"a1": "bolt", "a2": "nut", "v1": "nut", "t1": "bolt"})

    summary = build_dataset_version(store, cycle)

    assert summary.is_changed
    assert summary.should_train
    assert summary.images_by_split == {"train": 2, "val": 1, "test": 1}
    assert summary.images_by_class == {"bolt": 2, "nut": 2}
    assert (summary.images, summary.labels_new) == (4, 4)
    assert store.state().values["dataset"] == {"dataset_id": summary.dataset_id, "cycle_id": cycle.cycle_id}
    rows = store.read(DatasetImage, cycle.cycle_id)
    assert rows.filter(pl.col("is_control"))["image_id"].to_list() == [image_id("t1")]
    assert read_version(store.objects, str(summary.dataset_id))["image_id"].equals(rows["image_id"])


@pytest.mark.parametrize(("setting", "left_out"), [("keep", {}), ("leave_out", {"doubted_label": 1})])
def test_build_dataset_version__trains_on_doubted_labels_unless_the_project_says_otherwise(
    store: Store, setting: str, left_out: dict[str, int]
) -> None:
    cycle = an_open_cycle(store, training={"doubted_labels": setting})
    label(store, cycle, {"a1": "bolt", "a2": "nut", "a3": "nut", "v1": "nut", "t1": "bolt"})
    rows = [(image_id("a2"), "nut", "bolt", 0.1, 0.9, 1), (image_id("t1"), "bolt", "nut", 0.1, 0.9, 1)]
    suspects = pl.DataFrame(rows, schema=LabelSuspect.column_names(), orient="row")
    store.finish(cycle.cycle_id, "find_label_errors", FindLabelErrorsSummary(5, 2, {}, []), [(LabelSuspect, suspects)])

    summary = build_dataset_version(store, cycle)

    assert summary.left_out == left_out
    assert summary.images_by_split == {"train": 3 - len(left_out), "val": 1, "test": 1}


@pytest.mark.parametrize(("setting", "left_out"), [("keep", {}), ("leave_out", {"doubted_label": 1})])
def test_build_dataset_version__leaves_images_with_a_doubted_object_out_in_the_same_way(
    store: Store, setting: str, left_out: dict[str, int]
) -> None:
    cycle = an_open_cycle(store, label_kind="box", training={"doubted_labels": setting})
    label(store, cycle, {"a1": "bolt", "a2": "nut", "a3": "nut", "v1": "nut", "t1": "bolt"})
    rows = [
        (number, image_id(name), "missing", None, "nut", doubt, None, 0, "e" * 64, 1)
        for number, (name, doubt) in enumerate((("a2", 0.9), ("a2", 0.9), ("t1", 0.9), ("a1", 0.4)))
    ]
    suspects = pl.DataFrame(rows, schema=ObjectSuspect.column_names(), orient="row")
    writes: list[Any] = [(LabelSuspect, empty(LabelSuspect)), (ObjectSuspect, suspects)]
    store.finish(cycle.cycle_id, "find_label_errors", FindLabelErrorsSummary(5, 3, {}, []), writes)

    summary = build_dataset_version(store, cycle)

    assert summary.left_out == left_out
    assert summary.images_by_split == {"train": 3 - len(left_out), "val": 1, "test": 1}


def test_build_dataset_version__freezes_the_golden_and_the_recent_images_of_test(store: Store) -> None:
    asked = {"splits": {"golden": {"name": "acceptance", "image_ids": [image_id("t1"), image_id("t9")]}, "recent_cycles": 1}}
    first = an_open_cycle(store)
    record(store, first.cycle_id, [AnImage(name, ANGLES[name]) for name in ("a1", "a2", "t1", "t2")])
    label(store, first, {"a1": "bolt", "a2": "nut", "t1": "bolt", "t2": "nut"})
    build_dataset_version(store, first)
    second = an_open_cycle(store, "2026-11-22", **asked)
    record(store, second.cycle_id, [AnImage(name, ANGLES[name]) for name in ("a3", "t3")])
    label(store, second, {"a3": "nut", "t3": "nut"})

    summary = build_dataset_version(store, second)

    assert summary.slices == {"golden": 1, "recent": 1}
    rows = store.read(SliceImage, second.cycle_id).rows()
    assert sorted(rows) == sorted([("golden", image_id("t1")), ("recent", image_id("t3"))])
    about = read_index(store.objects, str(summary.dataset_id)).about.as_json()
    assert (about["golden"]["name"], about["golden"]["images"]) == ("acceptance", 1)
    assert summary.leak_report["leaks_into_golden"] == 0
    assert build_dataset_version(store, second) == summary


def test_build_dataset_version__names_no_slice_without_settings_for_it(store: Store) -> None:
    cycle = an_open_cycle(store)
    label(store, cycle, {"a1": "bolt", "t1": "nut"})
    summary = build_dataset_version(store, cycle)
    assert summary.slices == {}
    assert not store.has(SliceImage, cycle.cycle_id)
    assert set(read_index(store.objects, str(summary.dataset_id)).about.as_json()) == {"label_kind", "class_names", "leak_report"}


def test_build_dataset_version__gives_the_same_id_with_slices_as_without(store: Store) -> None:
    ids = []
    for settings in ({}, {"splits": {"golden": {"image_ids": [image_id("t1")]}, "recent_cycles": 2, "policy": "curated"}}):
        root = Store(MemoryObjects())
        cycle = an_open_cycle(root, **settings)
        label(root, cycle, {"a1": "bolt", "a2": "nut", "t1": "nut"})
        ids.append(build_dataset_version(root, cycle).dataset_id)
    assert ids[0] == ids[1]


def test_build_dataset_version__puts_no_golden_image_into_train_or_val(store: Store) -> None:
    """v1 and a1 were put into val and train before they became golden; a model was trained on a1, so it stays in train."""
    first = an_open_cycle(store)
    label(store, first, {"a1": "bolt", "a2": "nut"})
    build_dataset_version(store, first)
    second = an_open_cycle(store, "2026-11-22", splits={"golden": {"image_ids": [image_id(one) for one in ("a1", "v1", "a3")]}})
    label(store, second, {"v1": "nut", "a3": "bolt", "a4": "nut"})

    summary = build_dataset_version(store, second)

    assert summary.left_out == {"golden_not_in_test": 2}
    assert summary.golden_not_in_test == {"train": 1}
    assert summary.images_by_split == {"train": 3, "val": 0, "test": 0}
    assert summary.slices == {"golden": 0}


def test_build_dataset_version__leaves_out_near_duplicates_of_golden_images(store: Store) -> None:
    cycle = an_open_cycle(store, splits={"golden": {"image_ids": [image_id("t1")]}})
    images = [AnImage(name, ANGLES[name], pixels=pixels) for name, pixels in (("a1", "t"), ("a2", None), ("t1", "t"))]
    record(store, cycle.cycle_id, images)
    label(store, cycle, {"a1": "bolt", "a2": "nut", "t1": "bolt"})

    summary = build_dataset_version(store, cycle)

    assert summary.left_out == {"leaks_into_test": 1}
    assert summary.leak_report["leaks_into_golden"] == 1


def test_build_dataset_version__trains_on_a_share_of_synthetic_images_and_tests_on_none(store: Store) -> None:
    cycle = an_open_cycle(store, training={"max_synthetic_ratio": 0.5})
    names = ("a1", "a2", "a3", "t1", "t2")
    images = [AnImage(name, ANGLES[name], is_synthetic=name != "a1") for name in names]
    record(store, cycle.cycle_id, images)
    label(store, cycle, dict.fromkeys(names, "bolt"))

    summary = build_dataset_version(store, cycle)

    assert summary.images_by_split == {"train": 2, "val": 0, "test": 0}
    assert summary.synthetic_images == 1
    assert summary.left_out == {"over_synthetic_ratio": 1, "synthetic_not_in_train": 2}


def test_build_dataset_version__a_second_run_changes_nothing(store: Store) -> None:
    cycle = an_open_cycle(store)
    label(store, cycle, {"a1": "bolt", "a2": "nut"})
    summary = build_dataset_version(store, cycle)
    keys = list(store.objects.list(""))

    assert build_dataset_version(store, cycle) == summary
    assert list(store.objects.list("")) == keys


def test_build_dataset_version__names_the_current_version_if_nothing_changed(store: Store) -> None:
    first = an_open_cycle(store)
    label(store, first, {"a1": "bolt", "a2": "nut"})
    standing = build_dataset_version(store, first)

    summary = build_dataset_version(store, an_open_cycle(store, "2026-11-22"))

    assert not summary.is_changed
    assert (summary.dataset_id, summary.dataset_cycle_id) == (standing.dataset_id, first.cycle_id)
    assert summary.labels_new == 0
    assert not store.has(DatasetImage, "2026-11-22")
    assert store.state().values["dataset"]["cycle_id"] == first.cycle_id


def test_build_dataset_version__counts_what_a_later_night_added_and_changed(store: Store) -> None:
    label(store, first := an_open_cycle(store), {"a1": "bolt", "a2": "nut"})
    build_dataset_version(store, first)
    label(store, second := an_open_cycle(store, "2026-11-22"), {"a2": "bolt", "a3": "nut"})

    summary = build_dataset_version(store, second)

    assert (summary.images, summary.labels_new) == (3, 2)
    assert summary.images_by_class == {"bolt": 2, "nut": 1}


def test_build_dataset_version__of_no_labels_is_none(store: Store) -> None:
    summary = build_dataset_version(store, an_open_cycle(store))

    assert summary.dataset_id is None
    assert not summary.should_train
    assert "dataset" not in store.state().values


def test_build_dataset_version__leaves_out_near_duplicates_of_test_images_and_lists_them(store: Store) -> None:
    cycle = an_open_cycle(store)
    record(store, cycle.cycle_id, [AnImage("a1", (1, 0)), AnImage("a2", (0, 1)), AnImage("t1", (1, 0.01))])
    label(store, cycle, {"a1": "bolt", "a2": "nut", "t1": "bolt"})

    summary = build_dataset_version(store, cycle)

    assert summary.left_out == {"leaks_into_test": 1}
    assert store.read(DatasetImage, cycle.cycle_id)["image_id"].sort().to_list() == sorted([image_id("a2"), image_id("t1")])
    listed = store.read(Leak, cycle.cycle_id).select("image_id", "other_image_id", "method", "was_in_use")
    assert listed.rows() == [(image_id("a1"), image_id("t1"), "embedding", False)]
    assert (summary.leak_report["pairs_compared"], summary.leak_report["leaks_into_test"]) == (2, 1)
    assert read_index(store.objects, str(summary.dataset_id)).about.leak_report == summary.leak_report


def test_build_dataset_version__a_leak_found_later_takes_the_training_image_out_and_never_the_test_image(store: Store) -> None:
    label(store, first := an_open_cycle(store), {"a1": "bolt", "a2": "nut", "t1": "bolt"})
    build_dataset_version(store, first)
    record(store, first.cycle_id, [AnImage("a1", (1, 0)), AnImage("a2", (0, 1)), AnImage("t1", (1, 0.01))])

    summary = build_dataset_version(store, second := an_open_cycle(store, "2026-11-22"))

    assert summary.is_changed
    assert summary.images_by_split == {"train": 1, "val": 0, "test": 1}
    assert summary.leak_report["leaks_in_use"] == 1
    assert store.read(DatasetImage, first.cycle_id).height == 3, "a version that was built stays what it is"
    again = build_dataset_version(store, an_open_cycle(store, "2026-11-23"))
    assert not again.is_changed
    assert again.dataset_cycle_id == second.cycle_id


def test_build_dataset_version__is_stopped_by_more_leaks_than_the_settings_allow(store: Store) -> None:
    cycle = an_open_cycle(store, duplicates={"max_leak_ratio": 0.4})
    record(store, cycle.cycle_id, [AnImage("a1", (1, 0)), AnImage("a2", (0, 1)), AnImage("t1", (1, 0.01))])
    label(store, cycle, {"a1": "bolt", "a2": "nut", "t1": "bolt"})

    with pytest.raises(LeakError, match="1 of 2 training and validation images"):
        build_dataset_version(store, cycle)

    assert store.event(cycle.cycle_id, "build_dataset_version") is None
    assert list(store.objects.list("versions/")) == []
