"""Labelled set that a person wants in a project: where it is, and what its classes and splits become."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

KEEP, NEW, TRAIN = "keep", "new", "train"
SPLITTING = {
    KEEP: "the set's own split, and `new` where it states none",
    NEW: "a share to test, a share of the rest to val by selection.val_ratio, the rest to train",
    TRAIN: "none to test: a share to val, the rest to train",
}
"""Ways to split the images of a set that have no split yet."""
TEST_RATIO = 0.2
FORMAT_KEYS = (
    "coco",
    "voc",
    "cvat",
    "label-studio",
    "labelme",
    "kitti",
    "open-images",
    "cityscapes",
    "mnist",
    "yolo",
    "masks",
    "imagefolder",
)
"""Names of the formats of `pipeline_tasks.formats.reading`, for options and forms that must open without it."""


@dataclass(frozen=True)
class LabelledSet:
    """A set as a person describes it."""

    name: str
    place: str
    """A folder, an archive of one, or one annotation file in it."""
    classes: Mapping[str, str] = field(default_factory=dict)
    """Class of the set → class of the project; a class of the same name needs no line."""
    dropped: tuple[str, ...] = ()
    """Classes of the set whose objects are left out."""
    splitting: str = KEEP
    test_ratio: float = TEST_RATIO
    """Share of the images without a split that goes to test."""
    licence: str | None = None
    """None: as the set says."""
    bit_depth: int | None = None
    """Bits of the camera in 16-bit files whose tags do not say it."""
    is_synthetic: bool = False
    """True for rendered or generated images: all go to train, whatever `splitting` says."""
    format_key: str | None = None
    """Name of the set's format; None: the only one of which the set holds files."""
