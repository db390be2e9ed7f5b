"""Images that people are asked about once more, beside the selection."""

from __future__ import annotations

import dataframely as dy

from pipeline_tasks.tables.table import DIGEST, Table
from pipeline_tasks.upgrades.form import Change


class SecondLook(Table):
    """One image of a cycle that has a label or an annotation already, and is sent to one more person; people never see why."""

    table_name = "second_looks"
    changes = (Change("0.2.0"),)

    image_id = dy.String(primary_key=True, regex=DIGEST)
    #: The labeling round that it is sent in.
    round_id = dy.String()
    #: review: its label is doubted; overlap: its votes do not suffice; gold: its label is certain, and people are compared
    #: with it; audit: one of a random sample of labels, which tells how many are wrong.
    purpose = dy.Enum(["review", "overlap", "gold", "audit"])
    #: From 0, in the order in which they were chosen.
    rank = dy.Int32(min=0)
    #: Reason, as a sentence for people who read reports.
    reason = dy.String()
    #: The label that was doubted, and the name that it looks like; null unless it is a review.
    given_name = dy.String(nullable=True)
    suggested_name = dy.String(nullable=True)
