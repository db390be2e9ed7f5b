"""All formats that a dataset version can be exported to."""

from __future__ import annotations

from pipeline_tasks.errors import SettingsError
from pipeline_tasks.formats.writing import coco, image_folder, label_studio, voc, webdataset, yolo
from pipeline_tasks.formats.writing.target import ANY_KIND, Target

TARGETS = (
    Target("coco", ("box", "mask", "keypoints"), coco.open_writer),
    Target("yolo", ("box", "mask"), yolo.open_writer),
    Target("voc", ("box", "mask"), voc.open_writer),
    Target("imagefolder", ("class",), image_folder.open_writer),
    Target("label-studio", ANY_KIND, label_studio.open_writer),
    Target("webdataset", ANY_KIND, webdataset.open_writer),
)
NAMES = tuple(one.name for one in TARGETS)


def target_for(name: str, label_kind: str) -> Target:
    """The format of this name.

    Raises:
        SettingsError: it has no place for labels of this kind; the message names the formats that have.
    """
    fitting = [one for one in TARGETS if one.holds(label_kind)]
    for one in fitting:
        if one.name == name:
            return one
    wanted = ", ".join(one.name for one in fitting)
    raise SettingsError(f"format: wanted one that can hold labels of the kind {label_kind} ({wanted}), found {name}")
