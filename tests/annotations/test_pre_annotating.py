"""Tests of the choice of images whose annotator sees the champion's prediction."""

from __future__ import annotations

from collections import Counter

import pytest
from given import image_id

from pipeline_tasks.annotations.pre_annotating import arms
from pipeline_tasks.annotations.task_keys import PlannedTask

IMAGES = [image_id(number) for number in range(20)]


def task(image: str, purpose: str = "first", copy_number: int = 0) -> PlannedTask:
    return PlannedTask(image_id(f"{image} {purpose} {copy_number}"), image, purpose, copy_number)


@pytest.mark.parametrize(("ratio", "shown"), [(0.5, 10), (0.25, 5), (1.0, 20)])
def test_arms__shows_the_wanted_share_of_images_by_the_seed_alone(ratio: float, shown: int) -> None:
    planned = [task(one) for one in IMAGES]
    found = arms(planned, for_training=IMAGES, told=IMAGES, ratio=ratio, seed=1)

    assert Counter(found.values())["shown"] == shown
    assert arms(planned[::-1], for_training=IMAGES, told=IMAGES, ratio=ratio, seed=1) == found
    assert ratio == 1 or arms(planned, for_training=IMAGES, told=IMAGES, ratio=ratio, seed=2) != found


def test_arms__shows_nothing_where_people_or_models_are_measured() -> None:
    several, again, test, empty, free = IMAGES[:5]
    planned = [task(one) for one in (several, test, empty, free)]
    planned += [task(several, "overlap", 1), task(again, "review")]

    found = arms(planned, for_training=[several, again, empty, free], told=[several, again, test, free], ratio=1.0, seed=1)

    assert found == {several: "blind", again: "blind", test: "blind", empty: "nothing", free: "shown"}
