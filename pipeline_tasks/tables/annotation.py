"""Annotations: one person's answer on one image."""

from __future__ import annotations

import dataframely as dy

from pipeline_tasks.tables.table import DEFAULT, DIGEST, Table
from pipeline_tasks.upgrades.form import Change


class Annotation(Table):
    """An annotation in the newest revision that this cycle saw; a later change adds a row in a later cycle."""

    table_name = "annotations"
    superseded_by_key = ("annotation_id",)
    changes = (Change("0.2.0"), Change("0.2.0"))

    #: `<Label Studio project id>-<annotation id>`.
    annotation_id = dy.String(primary_key=True)
    task_key = dy.String(regex=DIGEST)
    round_id = dy.String()
    image_id = dy.String(regex=DIGEST)
    #: Digest of the revision in the annotation log.
    revision = dy.String(regex=DIGEST)
    #: A pseudonym that is stable within the project; no name and no e-mail.
    annotator_id = dy.String()
    #: answered; skipped: the person could or would not answer; deleted: taken back; misdirected: without a vote, because another
    #: person was asked.
    state = dy.Enum(["answered", "skipped", "deleted", "misdirected"])
    #: Seconds the person took, as counted by Label Studio.
    lead_time_s = dy.Float64(nullable=True)
    updated_at = dy.Datetime(time_zone="UTC", time_unit="us")
    #: A reviewer starred it in Label Studio (ground truth): it outranks the others.
    is_starred = dy.Bool(metadata={DEFAULT: False})
