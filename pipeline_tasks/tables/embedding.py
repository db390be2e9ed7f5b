"""Embeddings of images."""

from __future__ import annotations

import dataframely as dy

from pipeline_tasks.tables.table import DIGEST, Table


class Embedding(Table):
    """Embedding of one image by one backbone; it never depends on the other images of a batch."""

    table_name = "embeddings"
    max_compacted_rows = 32_768

    image_id = dy.String(primary_key=True, regex=DIGEST)
    backbone_digest = dy.String(primary_key=True, regex=DIGEST)
    #: Inference engine, such as `onnxruntime-fp32`.
    engine = dy.String()
    #: float32, not normalised; the length depends on the backbone.
    embedding = dy.List(dy.Float32(nullable=False), min_length=1)
