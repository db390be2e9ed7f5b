"""Labels: the truth that training and evaluation use."""

from __future__ import annotations

import dataframely as dy

from pipeline_tasks.tables.table import DIGEST, Table
from pipeline_tasks.upgrades.form import Change


class Label(Table):
    """One row per image and labels version; a version is named by the cycle that resolved it."""

    table_name = "labels"
    superseded_by_key = ("image_id",)
    changes = (Change("0.2.0"), Change("0.2.0"))

    image_id = dy.String(primary_key=True, regex=DIGEST)
    labels_version = dy.String()
    #: labelled; empty: annotators say that nothing is there; unsure: annotators disagree or could not answer;
    #: unmatched: they chose what no class of the project is, so there is no label and the image comes up again.
    state = dy.Enum(["labelled", "empty", "unsure", "unmatched"])
    #: Number of people who answered; 0 with a label: a labelled set says it, see `imported_labels`.
    votes = dy.Int32(min=0)
    #: Mean of the label kind's measure over the votes, each compared with the label: for `class` the share of votes that agree.
    agreement_ratio = dy.Float64(min=0, max=1)
    label_config_digest = dy.String(regex=DIGEST)
    #: Belief in the label by people and a model, each weighed by how often they are right; null where they are not weighed.
    consensus_quality = dy.Float64(nullable=True, min=0, max=1)
    #: Annotations that count, one a person, the newest; null in labels of labelled sets and of earlier releases.
    vote_ids = dy.List(dy.String(nullable=False), nullable=True)
