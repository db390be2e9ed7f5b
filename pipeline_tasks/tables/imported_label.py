"""Labels that came from labelled sets."""

from __future__ import annotations

import dataframely as dy

from pipeline_tasks.tables.split import SPLITS
from pipeline_tasks.tables.table import DIGEST, Table
from pipeline_tasks.upgrades.form import Change


class ImportedLabel(Table):
    """Origin of one image's label in a labelled set; the label itself is in `labels` and `label_objects` of the same cycle."""

    table_name = "imported_labels"
    changes = (Change("0.2.0"),)
    superseded_by_key = ("image_id",)

    image_id = dy.String(primary_key=True, regex=DIGEST)
    #: The cycle of the import.
    labels_version = dy.String()
    set_name = dy.String()
    #: Path of the image inside the set.
    key = dy.String()
    #: Format of the set, such as COCO.
    format_name = dy.String()
    #: File of the set that says the label.
    annotation_file = dy.String(nullable=True)
    #: Licence of the set; null: not stated.
    licence = dy.String(nullable=True)
    #: The set's own split of the image; the split that counts is in `splits`.
    set_split = dy.Enum(SPLITS, nullable=True)
    #: Pseudonyms of the people of the set who gave the label, by commas; null if the set does not name them.
    annotators = dy.String(nullable=True)
