"""Labeling tasks of a round, each with a key that is the same on every try."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass

Wanted = tuple[str, str, int]
"""Image, purpose and number of the copy."""


@dataclass(frozen=True)
class PlannedTask:
    """One image for one person."""

    task_key: str
    image_id: str
    purpose: str
    """`first`, `overlap` for a copy that another person annotates, `review`, `audit` or `gold`; people never see it."""
    copy_number: int


def plan_tasks(
    image_ids: Sequence[str],
    second_looks: Sequence[tuple[str, str]] = (),
    *,
    round_id: str,
    label_config_digest: str,
    overlap_ratio: float,
    overlap_annotators: int,
    seed: int,
) -> list[PlannedTask]:
    """First tasks in the given order, with the second looks and the copies spread evenly among them.

    `second_looks` are images with their purpose; no place in the queue tells a purpose. Copies of one image are far apart: of two
    tasks, the copy stands half a round after the first, or before it where the round ends earlier.
    `round(overlap_ratio * images)` images are annotated `overlap_annotators` times; the seed alone decides which.
    """
    shuffled = sorted(image_ids, key=lambda image_id: hashlib.sha256(f"{seed}/{image_id}".encode()).digest())
    repeated = set(shuffled[: round(overlap_ratio * len(image_ids))])
    firsts = _placed([(image_id, "first", 0) for image_id in image_ids])
    looks = _placed([(*look, 0) for look in second_looks])
    copies = [
        ((place + copy_number / overlap_annotators) % 1.0, (image_id, "overlap", copy_number))
        for place, (image_id, _, _) in firsts
        if image_id in repeated
        for copy_number in range(1, overlap_annotators)
    ]
    # Of two at one place, the first task comes first.
    wanted = [one for _, one in sorted([*firsts, *looks, *copies], key=lambda placed: round(placed[0], 9))]
    return [
        PlannedTask(task_key(round_id, image_id, label_config_digest, purpose, copy_number), image_id, purpose, copy_number)
        for image_id, purpose, copy_number in wanted
    ]


def _placed(tasks: Sequence[Wanted]) -> list[tuple[float, Wanted]]:
    """Each with its place from 0 to 1, in their order."""
    return [((number + 0.5) / len(tasks), one) for number, one in enumerate(tasks)]


def task_key(round_id: str, image_id: str, label_config_digest: str, purpose: str, copy_number: int) -> str:
    """Digest that identifies a labeling task in Label Studio and in tables."""
    content = json.dumps([round_id, image_id, label_config_digest, purpose, copy_number])
    return hashlib.sha256(content.encode()).hexdigest()
