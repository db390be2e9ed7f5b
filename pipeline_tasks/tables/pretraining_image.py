"""Images of self-supervised pretrainings."""

from __future__ import annotations

import dataframely as dy

from pipeline_tasks.tables.table import DIGEST, Table


class PretrainingImage(Table):
    """One image of one pretraining; its cycle is that of the pretraining."""

    table_name = "pretraining_images"

    image_id = dy.String(primary_key=True, regex=DIGEST)
    #: True if the backbone was trained on it, without its label.
    is_trained = dy.Bool()
    #: True if it is labelled, was kept from the training, and the backbones were compared on it.
    is_probed = dy.Bool()
