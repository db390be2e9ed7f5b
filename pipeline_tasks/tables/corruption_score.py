"""Scores of models on corrupted test images."""

from __future__ import annotations

import dataframely as dy

from pipeline_tasks.tables.table import DIGEST, Table


class CorruptionScore(Table):
    """Mean image score of one model on a sample of test images through one corruption."""

    table_name = "corruption_scores"

    model_digest = dy.String(primary_key=True, regex=DIGEST)
    #: Empty for the images as they are.
    corruption = dy.String(primary_key=True)
    #: 1 to 3; 0 for the images as they are.
    strength = dy.Int8(primary_key=True, min=0, max=3)
    score = dy.Float64()
    images = dy.Int64(min=1)
