"""All scores of all picks."""

from __future__ import annotations

import dataframely as dy

from pipeline_tasks.tables.table import DIGEST, Table


class SelectionScore(Table):
    """One objective's score of one pick."""

    table_name = "selection_scores"

    image_id = dy.String(primary_key=True, regex=DIGEST)
    objective = dy.String(primary_key=True)
    score = dy.Float64()
