"""Scorecards of the people who annotate."""

from __future__ import annotations

import dataframely as dy

from pipeline_tasks.tables.table import Table


class AnnotatorScore(Table):
    """One person's work over all nights up to this cycle; a pseudonym, no name. The rows of the newest cycle count."""

    table_name = "annotator_scores"

    #: A pseudonym that is stable within the project; no name and no e-mail.
    annotator_id = dy.String(primary_key=True)
    #: Images whose annotation by this person counts as a vote.
    images = dy.Int64(min=0)
    #: Those of them that other people annotated, too.
    shared_images = dy.Int64(min=0)
    #: Mean of the label kind's measure over the pairs of this person's annotations and other people's; null without a pair.
    agreement = dy.Float64(nullable=True, min=0, max=1)
    #: Share of right votes, as the model and the other people see them, and its 95 % interval; null where votes are not weighed.
    accuracy = dy.Float64(nullable=True, min=0, max=1)
    accuracy_low = dy.Float64(nullable=True, min=0, max=1)
    accuracy_high = dy.Float64(nullable=True, min=0, max=1)
    #: Gold images that this person annotated, those that agree with their label, and the 95 % interval of this share.
    gold_images = dy.Int64(min=0)
    gold_right = dy.Int64(min=0)
    gold_low = dy.Float64(nullable=True, min=0, max=1)
    gold_high = dy.Float64(nullable=True, min=0, max=1)
    #: Guessing explains the votes much better than the accuracy midway between chance and certainty does.
    is_paused = dy.Bool()
