"""Tests of the opening of an import: the set is read and checked before anything is recorded, and frozen then."""

from __future__ import annotations

from pathlib import Path

import pytest
from given_sets import CYCLE, BoxNight, a_box_project, a_coco_set, the_set

from pipeline_tasks.errors import SettingsError

BOLT, NUT = ("bolt", 1.5, 2, 10, 12), ("nut", 20, 10, 8.25, 9)


@pytest.fixture
def night(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> BoxNight:
    monkeypatch.setenv("NIGHTLENS_HOME", str(tmp_path))
    monkeypatch.setenv("WANDB_MODE", "disabled")
    return a_box_project(tmp_path)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "their set"


def test_open_import__refuses_unknown_classes_before_anything_is_recorded(night: BoxNight, folder: Path) -> None:
    a_coco_set(folder, {"a.png": [BOLT, ("Mutter", 20, 10, 8, 9)]})

    with pytest.raises(SettingsError, match="'Mutter' are no classes of the project"):
        night.take_in(the_set(folder))

    assert night.store.state().sequence == 0


def test_open_import__of_an_interrupted_run_goes_on_with_what_it_froze(night: BoxNight, folder: Path) -> None:
    a_coco_set(folder, {"a.png": [BOLT], "b.png": [NUT]})
    for stage in ("open_import", "list_new_images"):
        night.run(stage, CYCLE, labelled_set=the_set(folder))
    a_coco_set(folder, {"a.png": [NUT]})

    told = night.take_in(the_set(folder))

    assert told["import_labels"]["images_by_class"] == {"bolt": 1, "nut": 1}


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
def test_open_import__refuses_what_cannot_be_meant(night: BoxNight, folder: Path, fields: dict[str, object], says: str) -> None:
    a_coco_set(folder, {"a.png": [BOLT]})

    with pytest.raises(SettingsError, match=says):
        night.run("open_import", CYCLE, labelled_set=the_set(folder, **fields))
