"""Predictions of the champion for the images of a labeling round, and who sees them."""

from __future__ import annotations

import dataframely as dy

from pipeline_tasks.tables.table import DIGEST, Table

SHOWN, HIDDEN, BLIND, NOTHING = "shown", "hidden", "blind", "nothing"
"""`shown`: the annotator sees the prediction; `hidden`: not, by chance, so that the two can be compared; `blind`: never, because
several people annotate the image, it is asked about once more, or it is not for training; `nothing`: the champion told nothing."""


class PreAnnotation(Table):
    """The champion's prediction for one image of a labeling round; its objects are in `pre_annotated_objects`."""

    table_name = "pre_annotations"

    round_id = dy.String(primary_key=True)
    image_id = dy.String(primary_key=True, regex=DIGEST)
    model_digest = dy.String(regex=DIGEST)
    arm = dy.Enum([SHOWN, HIDDEN, BLIND, NOTHING])
    #: Confidence of the least sure part of the prediction; null if it told nothing.
    confidence = dy.Float64(nullable=True, min=0, max=1)
