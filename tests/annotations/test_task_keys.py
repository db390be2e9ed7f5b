"""Tests that the planned labeling tasks are the same on every try."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

import given

from pipeline_tasks.annotations.task_keys import plan_tasks, task_key

IMAGES = [given.image_id(number) for number in range(10)]
ROUND = {"round_id": "parts-1", "label_config_digest": "d" * 64}


def test_plan_tasks__puts_overlap_copies_among_the_others_and_far_from_the_first() -> None:
    planned = plan_tasks(IMAGES, **ROUND, overlap_ratio=0.2, overlap_annotators=3, seed=1)

    assert [task.image_id for task in planned if task.purpose == "first"] == IMAGES
    assert Counter((task.purpose, task.copy_number) for task in planned) == {("first", 0): 10, ("overlap", 1): 2, ("overlap", 2): 2}
    places = {image_id: [n for n, task in enumerate(planned) if task.image_id == image_id] for image_id in IMAGES}
    apart = [of_image for of_image in places.values() if len(of_image) == 3]
    assert len(apart) == 2
    assert min(later - earlier for of_image in apart for earlier, later in pairwise(of_image)) >= 3
    assert {task.purpose for task in planned[-3:]} != {"overlap"}
    assert len({task.task_key for task in planned}) == 14


def test_plan_tasks__puts_a_copy_half_a_round_from_its_first() -> None:
    twice = [plan_tasks(IMAGES, **ROUND, overlap_ratio=1.0, overlap_annotators=2, seed=1) for _ in range(2)]

    assert twice[0] == twice[1]
    assert [task.purpose for task in twice[0]] == ["first", "overlap"] * 10
    assert [IMAGES.index(task.image_id) for task in twice[0][:4]] == [0, 5, 1, 6]


def test_plan_tasks__repeats_images_by_the_seed_alone() -> None:
    def repeated(images: list[str], seed: int) -> set[str]:
        planned = plan_tasks(images, **ROUND, overlap_ratio=0.3, overlap_annotators=2, seed=seed)
        return {task.image_id for task in planned if task.purpose == "overlap"}

    assert repeated(IMAGES, 1) == repeated(IMAGES[::-1], 1)
    assert len({frozenset(repeated(IMAGES, seed)) for seed in range(5)}) > 1


def test_plan_tasks__hides_second_looks_among_the_first_tasks() -> None:
    looks = [(given.image_id("doubted"), "review"), (given.image_id("certain"), "gold")]
    planned = plan_tasks(IMAGES, looks, **ROUND, overlap_ratio=0.2, overlap_annotators=2, seed=1)

    assert [task.image_id for task in planned if task.purpose == "first"] == IMAGES
    assert [(number, task.purpose) for number, task in enumerate(planned) if task.purpose in ("review", "gold")] == [
        (3, "review"),
        (11, "gold"),
    ]
    without = plan_tasks(IMAGES, **ROUND, overlap_ratio=0.2, overlap_annotators=2, seed=1)
    assert {task.task_key for task in without} < {task.task_key for task in planned}


def test_plan_tasks__of_no_images_is_empty() -> None:
    assert plan_tasks([], **ROUND, overlap_ratio=1.0, overlap_annotators=3, seed=1) == []


def test_task_key__differs_by_each_of_its_parts() -> None:
    parts = ("parts-1", "image", "digest", "first", 0)
    others = [
        ("parts-2", *parts[1:]),
        (*parts[:1], "x", *parts[2:]),
        (*parts[:2], "x", *parts[3:]),
        (*parts[:3], "gold", 0),
        (*parts[:4], 1),
    ]

    assert len({task_key(*one) for one in [parts, *others]}) == 6  # type: ignore[arg-type]
