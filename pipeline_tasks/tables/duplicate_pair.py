"""Evidence that two images show the same thing."""

from __future__ import annotations

import dataframely as dy

from pipeline_tasks.tables.table import DEFAULT, DIGEST, Table
from pipeline_tasks.upgrades.form import Change

TURNS = (
    "upright",
    "turned_90",
    "turned_180",
    "turned_270",
    "mirrored",
    "turned_90_mirrored",
    "turned_180_mirrored",
    "turned_270_mirrored",
)
"""Names by number: turned counter-clockwise by a quarter, so many times, then mirrored left to right."""


class DuplicatePair(Table):
    """One link from a new image to another that is alike, and the verdict after both were laid on each other."""

    table_name = "duplicate_pairs"
    changes = (Change("0.2.0"),)

    image_id = dy.String(primary_key=True, regex=DIGEST)
    other_image_id = dy.String(primary_key=True, regex=DIGEST)
    #: pixels: the decoded pixels are equal; hash: few bits differ; embedding: high cosine.
    method = dy.Enum(["pixels", "hash", "embedding"], primary_key=True)
    #: Bits that differ for hash (0 for pixels), cosine for embedding.
    value = dy.Float64()
    #: False if hash or embedding suggested it, but the comparison denied it.
    is_same = dy.Bool(metadata={DEFAULT: True})
    #: How the image was turned before it was laid on the other; null if there was nothing to compare, as in all that follows.
    turn = dy.Enum(TURNS, nullable=True)
    #: Share of one of the two that lies on the other.
    overlap_ratio = dy.Float64(nullable=True)
    #: Correlation of the detail of both where they overlap.
    agreement = dy.Float64(nullable=True)
    #: The neighbourhood that differs most: 0 not at all, 1 one of them shows something there and the other nothing.
    difference = dy.Float64(nullable=True)
