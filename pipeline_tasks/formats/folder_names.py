"""Roles of folders by their names: images, or masks and labels of them."""

from __future__ import annotations

import re
from collections.abc import Iterable

_SEGMENTATIONS = ("seg", "segmentation", "segmentations", "segmentationclass", "segmentationclassraw", "segmentationobject")
MASKS = frozenset(
    ("mask", "masks", "label", "labels", "annotation", "annotations", "gt", "groundtruth", *_SEGMENTATIONS),
)
IMAGES = frozenset(("image", "images", "img", "imgs", "photo", "photos", "jpegimages"))
SPLITS = frozenset(("train", "training", "val", "valid", "validation", "test", "testing"))


def are_masks(folders: Iterable[str]) -> bool:
    """Return True if the name of one of these folders says that it holds masks or labels: `masks`, `train_labels`.

    A name with any other word does not: `with_mask` is a class.
    """
    return any(MASKS & set(words) and set(words) <= MASKS | SPLITS for words in map(_words, folders))


def is_role(folder: str) -> bool:
    """Return True if a folder's name only says whether images, masks or a split are in it, and so is no class."""
    return set(_words(folder)) <= MASKS | IMAGES | SPLITS


def subject(folders: Iterable[str]) -> tuple[str, ...]:
    """The folders without what only says whether images or masks are in them: `train_masks/x` is `train`, `x`."""
    found = []
    for folder in folders:
        words = _words(folder)
        if is_role(folder):
            words = [word for word in words if word in SPLITS]
        found.append(" ".join(words))
    return tuple(one for one in found if one)


def _words(name: str) -> list[str]:
    return re.split(r"[_\-\s]+", name.lower().replace("ground_truth", "groundtruth"))
