"""Labeling tasks of a round, each with a key that is the same on every try."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class PlannedTask:
    """One image for one person."""

    task_key: str
    image_id: str
    purpose: str
    """`first`, or `overlap` for a copy that another person annotates."""
    copy_number: int


def plan_tasks(
    image_ids: Sequence[str], *, round_id: str, label_config_digest: str, overlap_ratio: float, overlap_annotators: int, seed: int
) -> list[PlannedTask]:
    """All first tasks in the given order, then the copies, so that copies of one image are far apart in the queue.

    `round(overlap_ratio * images)` images are annotated `overlap_annotators` times; the seed alone decides which.
    """
    shuffled = sorted(image_ids, key=lambda image_id: hashlib.sha256(f"{seed}/{image_id}".encode()).digest())
    repeated = set(shuffled[: round(overlap_ratio * len(image_ids))])
    wanted = [(image_id, "first", 0) for image_id in image_ids]
    for copy_number in range(1, overlap_annotators):
        wanted += [(image_id, "overlap", copy_number) for image_id in image_ids if image_id in repeated]
    return [
        PlannedTask(task_key(round_id, image_id, label_config_digest, purpose, copy_number), image_id, purpose, copy_number)
        for image_id, purpose, copy_number in wanted
    ]


def task_key(round_id: str, image_id: str, label_config_digest: str, purpose: str, copy_number: int) -> str:
    """Digest that identifies a labeling task in Label Studio and in tables."""
    content = json.dumps([round_id, image_id, label_config_digest, purpose, copy_number])
    return hashlib.sha256(content.encode()).hexdigest()
