"""Tests of the opening of an import: the set is read and checked before anything is recorded, and frozen then."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from given_sets import CYCLE, BoxNight, a_coco_set, the_set

from pipeline_tasks.errors import SettingsError

BOLT, NUT = ("bolt", 1.5, 2, 10, 12), ("nut", 20, 10, 8.25, 9)


def test_open_import__refuses_unknown_classes_before_anything_is_recorded(box_night: BoxNight, set_folder: Path) -> None:
    a_coco_set(set_folder, {"a.png": [BOLT, ("Mutter", 20, 10, 8, 9)]})

    with pytest.raises(SettingsError, match="'Mutter' are no classes of the project"):
        box_night.take_in(the_set(set_folder))

    assert box_night.store.state().sequence == 0


def test_open_import__of_an_interrupted_run_goes_on_with_what_it_froze(box_night: BoxNight, set_folder: Path) -> None:
    a_coco_set(set_folder, {"a.png": [BOLT], "b.png": [NUT]})
    for stage in ("open_import", "list_new_images"):
        box_night.run(stage, CYCLE, labelled_set=the_set(set_folder))
    a_coco_set(set_folder, {"a.png": [NUT]})

    told = box_night.take_in(the_set(set_folder))

    assert told["import_labels"]["images_by_class"] == {"bolt": 1, "nut": 1}


def test_open_import__removes_what_it_unpacked_of_a_set_that_is_refused(
    box_night: BoxNight, set_folder: Path, tmp_path: Path
) -> None:
    a_coco_set(set_folder, {"a.png": [("Mutter", 20, 10, 8, 9)]})
    archive = Path(shutil.make_archive(str(tmp_path / "theirs"), "gztar", set_folder))

    with pytest.raises(SettingsError, match="'Mutter' are no classes of the project"):
        box_night.run("open_import", CYCLE, labelled_set=the_set(archive))

    assert not list((tmp_path / "work").rglob("*.png"))


def test_open_import__unpacks_again_for_an_interrupted_run_that_lost_its_copy(
    box_night: BoxNight, set_folder: Path, tmp_path: Path
) -> None:
    a_coco_set(set_folder, {"a.png": [BOLT]})
    archive = Path(shutil.make_archive(str(tmp_path / "theirs"), "gztar", set_folder))
    box_night.run("open_import", CYCLE, labelled_set=the_set(archive))
    shutil.rmtree(tmp_path / "work")

    assert box_night.take_in(the_set(archive))["import_labels"]["labels_new"] == 1


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"name": "inbox"}, "'inbox' is a source of the project already"),
        ({"name": "Their Set"}, "wanted small letters, digits and _"),
        ({"place": "/nowhere/set"}, "found nothing at /nowhere/set"),
        ({"splitting": "some"}, "wanted one of keep, new, train, found 'some'"),
        ({"test_ratio": 1.5}, "wanted a share from 0 to below 1, found 1.5"),
    ],
)
def test_open_import__refuses_what_cannot_be_meant(
    box_night: BoxNight, set_folder: Path, fields: dict[str, object], says: str
) -> None:
    a_coco_set(set_folder, {"a.png": [BOLT]})

    with pytest.raises(SettingsError, match=says):
        box_night.run("open_import", CYCLE, labelled_set=the_set(set_folder, **fields))
