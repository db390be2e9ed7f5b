"""Objects in annotations, in labels and in predictions, in one form for all three."""

from __future__ import annotations

import dataframely as dy
import polars as pl

from pipeline_tasks.tables.table import DIGEST, Table
from pipeline_tasks.upgrades.form import Change

_ANY_KIND = (Change[pl.DataFrame]("0.2.0", lambda rows: rows.with_columns(pl.col("label_kind").cast(pl.String))),)
"""1 → 2: a list of kinds became any text, so that a kind of one's own needs no change here."""


class _OfAnnotation(dy.Schema):
    """The annotation that holds an object."""

    annotation_id = dy.String(primary_key=True)
    #: The annotation's revision that contains the object; an edit that removes all objects keeps the earlier revision's rows.
    revision = dy.String(regex=DIGEST)


class _OfImage(dy.Schema):
    """The image that an object is in."""

    image_id = dy.String(primary_key=True, regex=DIGEST)


class _OfFile(dy.Schema):
    """The file of a labelled set that an object is in."""

    source = dy.String(primary_key=True)
    key = dy.String(primary_key=True)


class _OfModel(dy.Schema):
    """The model that predicted an object."""

    model_digest = dy.String(primary_key=True, regex=DIGEST)


class _Object(dy.Schema):
    """The object itself."""

    object_index = dy.Int32(primary_key=True, min=0)
    #: Name of the label kind.
    label_kind = dy.String()
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
    changes = _ANY_KIND


class LabelObject(Table, _OfImage, _Object):
    """One object in one label."""

    table_name = "label_objects"
    superseded_by_key = ("image_id",)
    changes = _ANY_KIND


class SetObject(Table, _OfFile, _Object):
    """One object in one image of a labelled set, by the project's names of classes."""

    table_name = "set_objects"


class DatasetObject(Table, _OfImage, _Object):
    """One object in a label of a dataset version; frozen with the version if its kind needs more than the label's name."""

    table_name = "dataset_objects"


class _OfRound(dy.Schema):
    """The labeling round in which people were asked about an image."""

    round_id = dy.String(primary_key=True)


class DoubtedObject(Table, _OfRound, _OfImage, _Object):
    """A part of a doubt about a label that went to a second look: the object as it was then; of a missing one, the prediction."""

    table_name = "doubted_objects"

    #: Place of the doubt among the image's, from 0; a region of several masks has several rows.
    number = dy.Int32(min=0)
    #: As in `object_suspects`.
    wrong = dy.Enum(["missing", "extra", "swapped", "badly placed"])
    #: Likeness of the object and the prediction that doubts it, from 0 to 1; 0 without one of the two.
    likeness = dy.Float64(min=0, max=1)


class PreAnnotatedObject(Table, _OfRound, _OfImage, _Object):
    """One object that the champion predicted in an image of a labeling round, by the names of that night."""

    table_name = "pre_annotated_objects"

    confidence = dy.Float64(nullable=True, min=0, max=1)


class PredictedObject(Table, _OfModel, _OfImage, _Object):
    """One object that a model predicted in an image, for kinds without a table of predictions of their own."""

    table_name = "predicted_objects"

    confidence = dy.Float64(nullable=True, min=0, max=1)
