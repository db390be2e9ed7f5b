"""Decision who sees the champion's prediction of an image before annotating it."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Collection, Sequence

from pipeline_tasks.annotations.task_keys import PlannedTask
from pipeline_tasks.tables.pre_annotation import BLIND, HIDDEN, NOTHING, SHOWN


def arms(
    planned: Sequence[PlannedTask], *, for_training: Collection[str], told: Collection[str], ratio: float, seed: int
) -> dict[str, str]:
    """Image → arm, a value of `tables.pre_annotation`; the seed alone decides between `shown` and `hidden`.

    `told` are the images in which the champion predicted something. Blind is each image with more than one task or with one that
    is no first one, because its annotations measure people, and each image that is not `for_training`, because models are
    measured on it: an annotator who follows the champion would make it look better than it is.
    """
    tasks = Counter(task.image_id for task in planned)
    asked_once = {task.image_id for task in planned if task.purpose == "first" and tasks[task.image_id] == 1}
    drawn = sorted(asked_once & set(for_training) & set(told), key=lambda image_id: _place(seed, image_id))
    number = round(ratio * len(drawn))
    of_chance = dict.fromkeys(drawn[:number], SHOWN) | dict.fromkeys(drawn[number:], HIDDEN)
    return {image_id: of_chance.get(image_id, BLIND if image_id in told else NOTHING) for image_id in tasks}


def _place(seed: int, image_id: str) -> bytes:
    return hashlib.sha256(f"{seed}/{image_id}".encode()).digest()
