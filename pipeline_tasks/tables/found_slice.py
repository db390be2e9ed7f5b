"""Slices of test that a search found: groups of images on which models err more than elsewhere."""

from __future__ import annotations

import dataframely as dy

from pipeline_tasks.tables.table import DIGEST, Table


class FoundSlice(Table):
    """One found slice of the test images of a candidate, with the figures of its claim.

    Scores are means of image scores; with a champion, each image has the mean of both models'.
    """

    table_name = "found_slices"

    #: From 1, the most certain first.
    number = dy.Int32(primary_key=True, min=1)
    #: A column of what is recorded or measured, such as device or luma_mean; or cluster.
    about = dy.String()
    #: The value; of a measure its bounds (`12.5 to 40.1`); of a cluster its number and their count.
    value = dy.String()
    #: The rule in words, such as `device cam-3`.
    words = dy.String()
    images = dy.Int64(min=1)
    #: Number of split groups.
    groups = dy.Int64(min=1)
    inside = dy.Float64()
    #: Mean over all other images of test.
    outside = dy.Float64()
    #: Bounds of inside minus outside, of this slice by itself.
    low = dy.Float64(nullable=True)
    high = dy.Float64(nullable=True)
    #: Corrected for all slices that were looked at.
    p = dy.Float64(min=0, max=1)
    #: Words of other claimed slices of mostly the same images, one a line.
    also = dy.String()


class FoundSliceImage(Table):
    """A test image in a found slice."""

    table_name = "found_slice_images"

    number = dy.Int32(primary_key=True, min=1)
    image_id = dy.String(primary_key=True, regex=DIGEST)
    score = dy.Float64()
