"""Annotations of gold images, beside the labels that stood before."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass
from typing import Any

from pipeline_tasks.annotations.votes import Objects, Votes, is_unanimous
from pipeline_tasks.kinds.labeling import Labeling


@dataclass(frozen=True)
class GoldAnnotation:
    """One person's annotation of one gold image."""

    annotation_id: str
    annotator_id: str
    objects: Objects
    is_right: bool


@dataclass(frozen=True)
class GoldCount:
    """Gold images that somebody annotated."""

    images: int = 0
    right: int = 0


def gold_annotations(
    gold: Votes, own: Set[tuple[str, str]], labels: Mapping[str, tuple[str, Objects]], labeling: Labeling[Any]
) -> list[GoldAnnotation]:
    """Annotations of gold tasks that can be judged by the labels (state, objects) that stood before.

    Nobody is judged by a label that rests on their own vote (`own`: image and annotator), nor by an image that has lost its label.
    """
    return [
        GoldAnnotation(gold.ids[image_id][annotator_id], annotator_id, said, is_unanimous([said, labels[image_id][1]], labeling))
        for image_id, given in gold.by_image.items()
        if labels.get(image_id, ("unsure", ()))[0] in ("labelled", "empty")
        for annotator_id, said in given.items()
        if (image_id, annotator_id) not in own
    ]


def gold_counts(annotations: Iterable[GoldAnnotation]) -> dict[str, GoldCount]:
    """Annotator → gold images and right ones."""
    counts: dict[str, GoldCount] = {}
    for one in annotations:
        before = counts.get(one.annotator_id, GoldCount())
        counts[one.annotator_id] = GoldCount(before.images + 1, before.right + one.is_right)
    return counts
