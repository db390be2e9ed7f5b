"""Class folders: the folder that an image lies in names its class (`<class>/*.jpg`, or `<split>/<class>/*.jpg`).

Folders that only say that images or a split are in them, such as `train` and `images`, are no classes. Folders inside that of a
class belong to it (torchvision's ImageFolder).
"""

from __future__ import annotations

from pathlib import Path

from pipeline_tasks.formats import labelled_folder as reasons
from pipeline_tasks.formats.finding import Finding
from pipeline_tasks.formats.folder_names import is_role
from pipeline_tasks.formats.image_header import read_header
from pipeline_tasks.formats.labelled_folder import LabelledFolder, LabelledImage, Tally
from pipeline_tasks.formats.listing import Listing
from pipeline_tasks.kinds.classes.class_object import ClassObject

NAME, KIND = "class folders", "class"
NO_CLASS = "image outside of the folder of a class"


def find(listing: Listing) -> Finding | None:
    """The images in folders of classes; None if there are none."""
    found = tuple(path for path in listing.photographs if _class_of(listing, path) is not None)
    return Finding(found, (KIND,)) if found else None


def read(listing: Listing, finding: Finding, label_kind: str) -> LabelledFolder:
    """Read the class of each image off its folder."""
    left_out = Tally()
    images = []
    for path in listing.photographs:
        name = _class_of(listing, path)
        if name is None:
            left_out.count(NO_CLASS, listing.where(path))
        elif (header := read_header(path)) is None:
            left_out.count(reasons.UNREADABLE_IMAGE, listing.where(path))
        else:
            images.append(LabelledImage(path, header.upright_px, (ClassObject(name),)))
    names = sorted({name for path in finding.files if (name := _class_of(listing, path)) is not None})
    return LabelledFolder(NAME, label_kind, tuple(names), tuple(images), left_out.all())


def _class_of(listing: Listing, path: Path) -> str | None:
    """The first folder that is no role."""
    return next((folder for folder in listing.folders(path) if not is_role(folder)), None)
