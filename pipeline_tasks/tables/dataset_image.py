"""The manifest of a dataset version."""

from __future__ import annotations

import dataframely as dy

from pipeline_tasks.tables.table import DIGEST, Table

LABEL_NAME = "class_name"
"""Column of the name that stands for an image's label, in manifests, label objects and their published forms: of the first object
with a name, such as its class. Null for kinds without names."""


class DatasetImage(Table):
    """One image of a dataset version, with its label and its split; annotators and times are in `labels` and `annotations`."""

    table_name = "dataset_images"

    image_id = dy.String(primary_key=True, regex=DIGEST)
    split_group_id = dy.String(regex=DIGEST)
    split = dy.Enum(["train", "val", "test"])
    label_kind = dy.String()
    #: Name of the first object; the objects of kinds that need more than it are in `dataset_objects`.
    class_name = dy.String(nullable=True)
    #: Digest of the image's label objects.
    label_digest = dy.String(regex=DIGEST)
    #: True if the image was drawn at random; such test images represent the images that arrive.
    is_control = dy.Bool()
