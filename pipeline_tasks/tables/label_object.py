"""Objects in annotations, in labels and in predictions, in one form for all three."""

from __future__ import annotations

import dataframely as dy

from pipeline_tasks.tables.table import DIGEST, Table

LABEL_KINDS = ("class", "box", "polygon", "mask", "keypoints", "text")


class _OfAnnotation(dy.Schema):
    """The annotation that holds an object."""

    annotation_id = dy.String(primary_key=True)
    #: The annotation's revision that contains the object; an edit that removes all objects keeps the earlier revision's rows.
    revision = dy.String(regex=DIGEST)


class _OfImage(dy.Schema):
    """The image that an object is in."""

    image_id = dy.String(primary_key=True, regex=DIGEST)


class _Object(dy.Schema):
    """The object itself."""

    object_index = dy.Int32(primary_key=True, min=0)
    #: class, box, polygon, mask, keypoints or text.
    label_kind = dy.Enum(LABEL_KINDS)
    class_name = dy.String(nullable=True)
    #: Boxes in canonical pixels; null for other kinds.
    x_min_px = dy.Float64(nullable=True)
    y_min_px = dy.Float64(nullable=True)
    width_px = dy.Float64(nullable=True)
    height_px = dy.Float64(nullable=True)
    #: Polygons and keypoints as x, y, x, y, … in canonical pixels.
    points_px = dy.List(dy.Float64(nullable=False), nullable=True)
    #: Masks as COCO run lengths.
    mask_rle = dy.String(nullable=True)
    text = dy.String(nullable=True)


class AnnotationObject(Table, _OfAnnotation, _Object):
    """One object in one annotation; in classification, one class an image."""

    table_name = "annotation_objects"
    superseded_by_key = ("annotation_id",)


class LabelObject(Table, _OfImage, _Object):
    """One object in one label."""

    table_name = "label_objects"
    superseded_by_key = ("image_id",)
