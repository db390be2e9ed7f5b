"""Names of labelled sets in a project."""

from __future__ import annotations

import re
from pathlib import Path

ARCHIVE_ENDINGS = (".zip", ".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz2")
"""Ends of the names of archives that an import unpacks."""


def name_of_place(place: Path) -> str:
    """A name made of the folder of a set, of its archive, or of the folder of the one annotation file in it.

    `/data/Tiles v1.2` and `/data/Tiles v1.2.zip` are `tiles_v1_2`.
    """
    ending = next((one for one in ARCHIVE_ENDINGS if place.name.lower().endswith(one)), None)
    if ending is not None and not place.is_dir():
        said = place.name[: -len(ending)]
    else:
        said = (place if place.is_dir() or not place.suffix else place.parent).name
    name = re.sub(r"[^a-z0-9]+", "_", said.lower()).strip("_")
    return name if name[:1].isalpha() else f"set_{name}"
