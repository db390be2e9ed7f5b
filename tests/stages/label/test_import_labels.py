"""Tests that labels of a labelled set become labels of the project, beside answers of people."""

from __future__ import annotations

import shutil
from pathlib import Path

import polars as pl
from given_sets import CYCLE, BoxNight, a_coco_set, an_image, the_set

from pipeline_tasks.process import NIGHTLY_STAGES
from pipeline_tasks.records.list_new_images import ListNewImagesSummary
from pipeline_tasks.storage.blobs.report_files import read_report_file
from pipeline_tasks.tables.image import Image
from pipeline_tasks.tables.imported_label import ImportedLabel
from pipeline_tasks.tables.label import Label
from pipeline_tasks.tables.label_object import LabelObject
from pipeline_tasks.tables.set_left_out import SetLeftOut
from pipeline_tasks.tables.sighting import Sighting
from pipeline_tasks.tables.split import Split

BOLT, NUT = ("bolt", 1.5, 2, 10, 12), ("nut", 20, 10, 8.25, 9)


def test_import_labels__adds_images_and_labels_with_their_origin(box_night: BoxNight, set_folder: Path) -> None:
    a_coco_set(set_folder, {"a.png": [BOLT, NUT], "train/b c.png": [NUT], "empty.png": []})
    (set_folder / "LICENSE").write_text("\n# CC-BY 4.0\n")

    told = box_night.take_in(the_set(set_folder))

    assert (told["record_images"]["images_new"], told["import_labels"]["labels_new"]) == (3, 3)
    labels, origins = box_night.store.current(Label), box_night.store.current(ImportedLabel)
    assert sorted(labels["state"].cast(str)) == ["empty", "labelled", "labelled"]
    assert set(labels["votes"]) == {0}
    page = read_report_file(box_night.store.objects, CYCLE).decode()
    assert all(one in page for one in (*labels["image_id"], "1 bolt, 1 nut", "train by the set", "data:image/jpeg"))
    said = ("set_name", "format_name", "licence", "annotation_file")
    assert set(origins.select(said).iter_rows()) == {("theirs", "COCO", "CC-BY 4.0", "annotations.json")}
    assert set(box_night.store.current(Sighting)["licence"]) == {"CC-BY 4.0"}
    assert dict(origins.select("key", "set_split").iter_rows()) == {"a.png": None, "train/b c.png": "train", "empty.png": None}
    objects = box_night.store.current(LabelObject).join(origins.select("image_id", "key"), on="image_id")
    sides = ("class_name", "x_min_px", "y_min_px", "width_px", "height_px")
    assert sorted(objects.filter(pl.col("key") == "a.png").select(sides).iter_rows()) == [BOLT, NUT]


def test_import_labels__puts_a_synthetic_set_into_train_alone(box_night: BoxNight, set_folder: Path) -> None:
    a_coco_set(set_folder, {"test/a.png": [BOLT], "val/b.png": [NUT], "c.png": [NUT]})

    told = box_night.take_in(the_set(set_folder, is_synthetic=True, splitting="keep", test_ratio=0.9))

    assert told["import_labels"]["splits"] == {"train": 3}
    assert set(box_night.store.current(Sighting)["is_synthetic"]) == {True}


def test_import_labels__adds_nothing_the_second_time(box_night: BoxNight, set_folder: Path) -> None:
    a_coco_set(set_folder, {"a.png": [BOLT], "b.png": [NUT]})
    box_night.take_in(the_set(set_folder))
    before = [box_night.store.count(table) for table in (Image, Sighting, Label, LabelObject, ImportedLabel, Split)]

    told = box_night.take_in(the_set(set_folder), "2026-11-20T110000")

    assert told["import_labels"]["labels_unchanged"] == 2
    assert [box_night.store.count(table) for table in (Image, Sighting, Label, LabelObject, ImportedLabel, Split)] == before


def test_import_labels__of_an_archive_adds_nothing_the_second_time_and_leaves_no_copy(
    box_night: BoxNight, set_folder: Path, tmp_path: Path
) -> None:
    a_coco_set(set_folder, {"a.png": [BOLT], "b.png": [NUT]})
    archive = Path(shutil.make_archive(str(tmp_path / "theirs"), "zip", set_folder))

    first = box_night.take_in(the_set(archive))
    second = box_night.take_in(the_set(archive), "2026-11-20T110000")

    assert (first["record_images"]["images_new"], first["import_labels"]["labels_new"]) == (2, 2)
    assert second["list_new_images"]["files_new"] == 0
    assert second["import_labels"]["labels_unchanged"] == 2
    assert not list((tmp_path / "work").rglob("*.png"))


def test_import_labels__takes_changed_annotations_of_the_same_images(box_night: BoxNight, set_folder: Path) -> None:
    a_coco_set(set_folder, {"a.png": [BOLT], "b.png": [NUT]})
    box_night.take_in(the_set(set_folder))
    a_coco_set(set_folder, {"a.png": [BOLT, NUT], "b.png": [NUT]})

    told = box_night.take_in(the_set(set_folder), "2026-11-20T110000")["import_labels"]

    assert (told["labels_new"], told["labels_changed"], told["labels_unchanged"]) == (0, 1, 1)


def test_import_labels__says_what_was_left_out_and_where(box_night: BoxNight, set_folder: Path) -> None:
    a_coco_set(
        set_folder, {"a.png": [BOLT, ("nut", 100, 100, 5, 5)], "torn.png": [NUT], "small_copy.png": [NUT], "gone.png": [NUT]}
    )
    shutil.copy(set_folder / "a.png", set_folder / "small_copy.png")  # The same bytes with another label.
    (set_folder / "gone.png").unlink()
    (set_folder / "torn.png").write_bytes((set_folder / "torn.png").read_bytes()[:3000])
    an_image(set_folder / "unlabelled.png", 99)

    told = box_night.take_in(the_set(set_folder))

    assert told["open_import"]["left_out"] == {
        "object outside its image": 1,
        "image that is listed, but not in the folder": 1,
        "image without an annotation": 1,
    }
    assert told["import_labels"]["left_out"] == {
        "image that was refused as truncated": 1,
        "image whose equal copies in the set have different labels": 2,
    }
    places = dict(box_night.store.current(SetLeftOut).filter(pl.col("number") == 0).select("reason", "place").iter_rows())
    assert places["image that was refused as truncated"] == "torn.png"
    assert places["object outside its image"] == "annotations.json: annotations[1]"
    assert box_night.store.current(Label).height == 0
    page = read_report_file(box_night.store.objects, CYCLE).decode()
    assert "image that was refused as truncated" in page
    assert "torn.png" in page
    assert "small_copy.png" not in page, "it is an image of the project, which an erasure must not find there"


def test_import_labels__drops_a_class_and_renames_another(box_night: BoxNight, set_folder: Path) -> None:
    a_coco_set(set_folder, {"a.png": [BOLT, ("Mutter", 20, 10, 8, 9)], "b.png": [("scrap", 1, 1, 5, 5)]})

    told = box_night.take_in(the_set(set_folder, classes={"Mutter": "nut"}, dropped=("scrap",)))

    assert told["import_labels"]["images_by_class"] == {"bolt": 1, "nut": 1}
    assert told["open_import"]["dropped"] == {"scrap": 1}
    assert sorted(box_night.store.current(Label)["state"].cast(str)) == ["empty", "labelled"]


def test_labels_of_people__go_before_those_of_a_set_whichever_came_first(box_night: BoxNight, set_folder: Path) -> None:
    for number, name in enumerate(("x.png", "y.png", "w.png"), start=1):
        an_image(box_night.folder / "inbox" / name, number)
    asked = a_night_until_asked(box_night, "2026-11-21")
    box_night.server.submit(asked["w.png"], [])
    labels_of(box_night, "2026-11-21")
    a_coco_set(set_folder, {"x.png": [BOLT], "y.png": [NUT], "w.png": [NUT], "z.png": [NUT]})

    told = box_night.take_in(the_set(set_folder), "2026-11-21T230000")["import_labels"]

    assert (told["kept_of_people"], told["labels_new"]) == (1, 3)
    a_night_until_asked(box_night, "2026-11-22")
    answer = box_night.server.submit(asked["x.png"], [])
    box_night.server.submit(asked["y.png"], [], is_skipped=True)
    assert labels_of(box_night, "2026-11-22") == {"w.png": 1, "x.png": 1, "y.png": 0, "z.png": 0}
    a_night_until_asked(box_night, "2026-11-23")
    box_night.server.take_back(answer)
    assert labels_of(box_night, "2026-11-23")["x.png"] == 0
    assert box_night.store.current(LabelObject).height == 3, "of x, y and z; people say that w is empty"


def a_night_until_asked(box_night: BoxNight, cycle_id: str) -> dict[str, int]:
    """Run a night until its images are with people; image → its labeling task."""
    for stage in NIGHTLY_STAGES[: NIGHTLY_STAGES.index("wait_for_annotators")]:
        if stage != "measure_images" or box_night.store.summary(cycle_id, ListNewImagesSummary).shards:
            box_night.run(stage, cycle_id)
    names = dict(box_night.store.current(Sighting).select("image_id", "key").iter_rows())
    return {names[task["data"]["image_id"]]: number for number, task in box_night.server.tasks.items()}


def labels_of(box_night: BoxNight, cycle_id: str) -> dict[str, int]:
    """End the round; image → the number of people who say its label, 0 for a set's."""
    for stage in ("wait_for_annotators", "collect_annotations", "resolve_labels"):
        box_night.run(stage, cycle_id)
    names = dict(box_night.store.current(Sighting).select("image_id", "key").iter_rows())
    labels = box_night.store.current(Label).select("image_id", "state", "votes")
    assert set(labels["state"].cast(str)) <= {"labelled", "empty"}
    return {names[image_id]: votes for image_id, _, votes in labels.iter_rows()}
