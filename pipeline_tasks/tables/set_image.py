"""Images of a labelled set, as the import that reads it freezes them."""

from __future__ import annotations

import dataframely as dy

from pipeline_tasks.tables.split import SPLITS
from pipeline_tasks.tables.table import Table
from pipeline_tasks.upgrades.form import Change


class SetImage(Table):
    """One image of a labelled set with the state of its label; its objects are in `set_objects`."""

    table_name = "set_images"
    changes = (Change("0.2.0"),)

    #: Name of the set; the images' sightings have it as their source.
    source = dy.String(primary_key=True)
    #: Path inside the set, as in `sightings`.
    key = dy.String(primary_key=True)
    #: labelled; empty: the set says that nothing is there.
    state = dy.Enum(["labelled", "empty"])
    #: Size of the upright image that the objects are in.
    width_px = dy.Int32(min=1)
    height_px = dy.Int32(min=1)
    #: File of the set that says the label; null if the format needs none, such as a YOLO image in which nothing is there.
    annotation_file = dy.String(nullable=True)
    #: The set's own split; null if it states none.
    split = dy.Enum(SPLITS, nullable=True)
    #: Pseudonyms of the people of the set who gave the label, by commas; null if the set does not name them.
    annotators = dy.String(nullable=True)
