"""What the backbone saw."""

from __future__ import annotations

import dataframely as dy

from pipeline_tasks.tables.table import DIGEST, Table


class Embedding(Table):
    """One image through one backbone; never depends on its neighbours in a batch."""

    table_name = "embeddings"

    image_id = dy.String(primary_key=True, regex=DIGEST)
    backbone_digest = dy.String(primary_key=True, regex=DIGEST)
    #: What ran it: `onnxruntime-fp32`.
    engine = dy.String()
    #: float32; all of one backbone have one length. Not normalised.
    embedding = dy.List(dy.Float32(nullable=False), min_length=1)
