"""The manifest of a dataset version."""

from __future__ import annotations

import dataframely as dy

from pipeline_tasks.tables.table import DIGEST, Table


class DatasetImage(Table):
    """One image of a dataset version, with its label and its split; annotators and times are in `labels` and `annotations`."""

    table_name = "dataset_images"

    image_id = dy.String(primary_key=True, regex=DIGEST)
    split_group_id = dy.String(regex=DIGEST)
    split = dy.Enum(["train", "val", "test"])
    label_kind = dy.String()
    #: Set for the label kind `class`; the objects of other kinds are in `label_objects`.
    class_name = dy.String(nullable=True)
    #: Digest of the image's label objects.
    label_digest = dy.String(regex=DIGEST)
    #: True if the image was drawn at random; such test images represent the images that arrive.
    is_control = dy.Bool()
