"""What the pipeline takes as the truth."""

from __future__ import annotations

import dataframely as dy

from pipeline_tasks.tables.table import DIGEST, Table


class Label(Table):
    """One row per image and labels version; a version is named by the cycle that resolved it."""

    table_name = "labels"
    superseded_by_key = ("image_id",)

    image_id = dy.String(primary_key=True, regex=DIGEST)
    labels_version = dy.String()
    #: labelled; empty: people say that nothing is there; unsure: people disagree or could not say.
    state = dy.Enum(["labelled", "empty", "unsure"])
    #: How many people answered.
    votes = dy.Int32(min=0)
    #: Share of the votes that agree with the label.
    agreement_ratio = dy.Float64(min=0, max=1)
    label_config_digest = dy.String(regex=DIGEST)
