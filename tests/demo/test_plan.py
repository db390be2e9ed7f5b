"""Tests of the plan of a drawn night."""

from __future__ import annotations

import re
from collections import Counter

from demo.drawing.shapes import RARE_CLASS
from demo.plan import CLASSES, COPIES, NEAR_DUPLICATES, plan_night, plant_counts

SEED = 7


def test_plan_night__holds_every_kind_of_plant_in_its_share() -> None:
    kinds = Counter(file.kind for file in plan_night(1, 600, SEED))

    assert kinds["exact_duplicate"] == 24
    assert sum(kinds[kind] for kind in NEAR_DUPLICATES) == 57
    assert (kinds["dark"], kinds["blurred"]) == (15, 15)
    assert (kinds["truncated"], kinds["corrupt"], kinds["text_named_jpg"], kinds["empty"]) == (4, 3, 3, 1)
    assert sum(kinds.values()) == 600


def test_plan_night__plants_each_kind_even_in_a_small_night() -> None:
    assert set(Counter(file.kind for file in plan_night(1, 60, SEED))) == {*plant_counts(60), "plain"}


def test_plan_night__names_files_by_camera_and_running_number_only() -> None:
    nights = [plan_night(night, 120, SEED) for night in (1, 2)]

    keys = [file.key for night in nights for file in night]
    assert all(re.fullmatch(r"cam[123]/\d{6}\.jpg", key) for key in keys)
    assert len({key.split("/")[1] for key in keys}) == 240


def test_plan_night__shows_every_class_and_more_of_the_rare_one_on_the_second_night() -> None:
    first, second = (
        Counter(file.shot.class_name for file in plan_night(night, 600, SEED) if file.copy_of is None) for night in (1, 2)
    )

    assert set(first) == set(second) == set(CLASSES)
    assert first[RARE_CLASS] == min(first.values())
    assert second[RARE_CLASS] > 2 * first[RARE_CLASS]


def test_plan_night__repeats_plain_images_each_at_most_once_some_of_them_a_night_old() -> None:
    first, second = plan_night(1, 600, SEED), plan_night(2, 600, SEED)
    plain = {file.key: file for file in (*first, *second) if file.kind == "plain"}

    copies = [file for file in second if file.kind in COPIES]
    assert len({file.copy_of for file in copies}) == len(copies)
    assert all(file.copy_of is not None and plain[file.copy_of].shot == file.shot for file in copies)
    assert {file.shot.night for file in copies} == {1, 2}


def test_plan_night__is_the_same_for_the_same_seed_and_another_for_another() -> None:
    assert plan_night(2, 120, SEED) == plan_night(2, 120, SEED)
    assert plan_night(2, 120, SEED) != plan_night(2, 120, SEED + 1)
