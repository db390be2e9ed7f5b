"""Tests of comparing the images that a project needs with those that it has, and of the gap file."""

from __future__ import annotations

import json
from typing import Any

import given
import polars as pl
import pytest

from pipeline_tasks.commands.check_project.requirements_check import check_requirements
from pipeline_tasks.datasets.requirements import compared, gap_file
from pipeline_tasks.errors import SettingsError
from pipeline_tasks.settings.requirements import RequirementSettings
from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.storage.objects.memory_objects import MemoryObjects

FACTS = pl.DataFrame(
    {
        "image_id": ["a", "b", "c", "d"],
        "min_side_px": [640, 640, 640, 32],
        "luma_mean": [20.0, 100.0, 200.0, 100.0],
        "device": ["cam1", "cam1", None, "cam1"],
        "site": ["hall", "yard", "yard", "yard"],
        "is_labelled": [True, False, True, True],
    }
)
NAMES = pl.DataFrame({"image_id": ["a", "c", "c", "d"], "name": ["bolt", "bolt", "nut", "nut"]})


def found(**settings: Any) -> dict[str, tuple[int, int, int, int | None]]:
    ones = compared(RequirementSettings(**settings), FACTS, NAMES)
    return {one.name: (one.wanted, one.labelled, one.short, one.unlabelled) for one in ones}


def test_requirements__count_labelled_images_by_class_site_device_and_light() -> None:
    wanted = {"classes": {"bolt": 2, "nut": 5, "screw": 1}, "sites": {"yard": 3}, "devices": {"cam1": 1}, "lights": {"medium": 2}}

    assert found(images=10, **wanted) == {
        "images": (10, 3, 7, 1),
        "class bolt": (2, 2, 0, None),
        "class nut": (5, 2, 3, None),
        "class screw": (1, 0, 1, None),
        "site yard": (3, 2, 1, 1),
        "device cam1": (1, 2, 0, 1),
        "light medium": (2, 1, 1, 1),
    }


def test_requirements__do_not_count_images_that_are_too_small() -> None:
    assert found(images=3, classes={"nut": 2}, min_side_px=64) == {"images": (3, 2, 1, 1), "class nut": (2, 1, 1, None)}


def test_gap_file__has_what_is_short_and_nothing_else() -> None:
    wanted = {"classes": {"bolt": 2, "nut": 5}, "min_side_px": 32, "modality": "rgb"}
    project = given.a_project(requirements=wanted, description="Parts.")
    assert project.requirements is not None

    content = json.loads(gap_file(project, compared(project.requirements, FACTS, NAMES)))

    assert content == {
        "format": "nightlens gaps 1",
        "project": "parts",
        "description": "Parts.",
        "label_kind": "class",
        "modality": "rgb",
        "min_side_px": 32,
        "gaps": [{"about": "class", "value": "nut", "wanted": 5, "labelled": 2, "short": 3}],
    }


@pytest.mark.parametrize(
    ("wanted", "says"),
    [
        ({"label_kind": "box"}, "wanted label_kind box, the project's is class"),
        ({"classes": {"blot": 3}}, "blot: wanted classes of bolt, nut"),
        ({"modality": "depth"}, "wanted depth images, source inbox states modality rgb"),
        ({"sites": {"hall": 3}}, "no source tells the site of an image; add a group site to a key_pattern"),
        ({"min_side_px": 32}, "min_side_px 32 is below quality.min_side_px 64"),
    ],
)
def test_check__refuses_what_a_project_can_never_meet(wanted: dict[str, Any], says: str) -> None:
    with pytest.raises(SettingsError, match=says):
        check_requirements(given.a_project(requirements=wanted), Store(MemoryObjects()))


def test_check__of_an_empty_root_names_what_is_short() -> None:
    project = given.a_project(requirements={"images": 10, "classes": {"nut": 2}})

    assert check_requirements(project, Store(MemoryObjects())) == "fine: 0 of 2 are met; short: images 0 of 10, class nut 0 of 2"
    assert check_requirements(given.a_project(), Store(MemoryObjects())) == "fine: none are stated"
