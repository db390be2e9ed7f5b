"""Parts of labels for which a format has no place, as they are counted and told to people."""

from __future__ import annotations

from pipeline_tasks.formats.labelled_folder import Tally
from pipeline_tasks.kinds.boxes.box import Box

ROTATION = "rotated box of which only the upright box around it is written"
POLYGON = "polygon of which only the pixels are written"


def count_rotation(box: Box, where: str, lost: Tally) -> None:
    """Count a box whose rotation is lost."""
    if box.corners_px:
        lost.count(ROTATION, f"{where}: {box.class_name}")
