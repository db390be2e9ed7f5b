"""Labeling tasks: one image shown to one person."""

from __future__ import annotations

import dataframely as dy

from pipeline_tasks.tables.table import DIGEST, Table
from pipeline_tasks.upgrades.form import Change


class LabelingTask(Table):
    """A labeling task in Label Studio."""

    table_name = "labeling_tasks"
    changes = (Change("0.2.0"), Change("0.2.0"))

    #: Digest of round, image, label configuration, purpose and copy number.
    task_key = dy.String(primary_key=True, regex=DIGEST)
    round_id = dy.String()
    image_id = dy.String(regex=DIGEST)
    purpose = dy.Enum(["first", "overlap", "gold", "review", "audit"])
    copy_number = dy.Int32(min=0)
    label_config_digest = dy.String(regex=DIGEST)
    #: Label Studio's ids; no digest depends on them.
    label_studio_project_id = dy.Int64()
    label_studio_task_id = dy.Int64()
    #: Pseudonym of the person who is asked, by the project's rules; null: anyone.
    assigned_to = dy.String(nullable=True)
