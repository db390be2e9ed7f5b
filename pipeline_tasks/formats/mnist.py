"""MNIST: labels of IDX files, a byte an image, beside the images that an import wrote from them; a class is a label's number."""

from __future__ import annotations

from pipeline_tasks.formats.finding import Finding, refuse
from pipeline_tasks.formats.gathering import Gathering
from pipeline_tasks.formats.labelled_folder import LabelledFolder
from pipeline_tasks.formats.listing import Listing
from pipeline_tasks.kinds.classes.class_object import ClassObject

NAME = "MNIST IDX"
LABELS = "labels.idx"
"""Name of the file of labels in a folder of written images."""


def image_name(number: int) -> str:
    """File name of an image, counted from 0."""
    return f"{number:07d}.png"


def find(listing: Listing) -> Finding | None:
    """The files of labels with images beside them; None if there are none."""
    known = set(listing.files)
    found = tuple(path for path in listing.named(LABELS) if path.with_name(image_name(0)) in known)
    return Finding(found, ("class",)) if found else None


def read(listing: Listing, finding: Finding, label_kind: str) -> LabelledFolder:
    """Read the label of each image.

    Raises:
        SettingsError: there are more labels than images.
    """
    gathering = Gathering(NAME, label_kind, listing)
    known = set(listing.files)
    for path in finding.files:
        for number, value in enumerate(path.read_bytes()):
            image, where = path.with_name(image_name(number)), f"{listing.where(path)}: label {number}"
            if image not in known:
                raise refuse(where, f"no {image.name}", "an image a label")
            if placing := gathering.placing(image, None, where, where):
                gathering.add(image, placing, (ClassObject(str(value)),), path)
    return gathering.folder(("the classes are the numbers of the labels",))
