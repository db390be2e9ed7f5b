"""Evidence that two images show the same thing."""

from __future__ import annotations

import dataframely as dy

from pipeline_tasks.tables.table import DIGEST, Table


class DuplicatePair(Table):
    """One link from a new image to another that shows the same thing."""

    table_name = "duplicate_pairs"

    image_id = dy.String(primary_key=True, regex=DIGEST)
    other_image_id = dy.String(primary_key=True, regex=DIGEST)
    #: pixels: the decoded pixels are equal; hash: few bits differ; embedding: high cosine.
    method = dy.Enum(["pixels", "hash", "embedding"], primary_key=True)
    #: Bits that differ for hash (0 for pixels), cosine for embedding.
    value = dy.Float64()
