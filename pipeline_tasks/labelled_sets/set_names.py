"""Names of labelled sets in a project."""

from __future__ import annotations

import re
from pathlib import Path


def name_of_place(place: Path) -> str:
    """A name made of the folder of a set, or of the one annotation file in it: `/data/Tiles v1.2` is `tiles_v1_2`."""
    folder = place if place.is_dir() or not place.suffix else place.parent
    name = re.sub(r"[^a-z0-9]+", "_", folder.name.lower()).strip("_")
    return name if name[:1].isalpha() else f"set_{name}"
