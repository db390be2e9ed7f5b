"""Tests of the reasons for tasks in Label Studio that Nightlens did not send."""

from __future__ import annotations

from pipeline_tasks.annotations.foreign_tasks import ImagesKnown, foreign_tasks
from pipeline_tasks.records.task_there import TaskThere

KNOWN, ERASED, OTHER = "a" * 64, "b" * 64, "c" * 64
IMAGES = ImagesKnown(lambda asked: {KNOWN} & set(asked), lambda image_id: image_id == ERASED)


def test_foreign_tasks__says_why_each_task_is_there() -> None:
    tasks = [
        TaskThere(1, "sent", KNOWN),
        TaskThere(2, "sent", KNOWN),
        TaskThere(3, "other", KNOWN),
        TaskThere(4, None, OTHER),
        TaskThere(5, "sent", address=f"/data/local-files/?d=parts/{ERASED}.jpg"),
        TaskThere(6, address="/data/upload/cat.jpg"),
    ]

    found = foreign_tasks(tasks, {1}, {"sent"}, IMAGES)

    assert found == {2: "copy", 3: "unknown_task", 4: "unknown_image", 5: "erased_image", 6: "by_hand"}


def test_foreign_tasks__takes_no_longer_text_for_an_image_id() -> None:
    assert foreign_tasks([TaskThere(1, address="f" * 65)], (), (), IMAGES) == {1: "by_hand"}
