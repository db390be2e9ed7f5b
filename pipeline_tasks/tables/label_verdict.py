"""Verdicts of people on doubted labels."""

from __future__ import annotations

import dataframely as dy

from pipeline_tasks.tables.table import DIGEST, Table


class LabelVerdict(Table):
    """One review task that was answered, and what became of the label; a later answer adds a row in a later cycle."""

    table_name = "label_verdicts"
    superseded_by_key = ("task_key",)

    task_key = dy.String(primary_key=True, regex=DIGEST)
    image_id = dy.String(regex=DIGEST)
    #: The label that was doubted, and the name that it looked like.
    given_name = dy.String()
    suggested_name = dy.String()
    #: The labeling round that asked.
    round_id = dy.String()
    #: The review's answer in words; `skipped`, or `taken back` if the annotation was deleted.
    answered = dy.String()
    annotator_id = dy.String()
    #: The person had annotated the image before: the answer settles nothing, and another person is asked.
    is_same_person = dy.Bool()
    #: stands: the label is the doubted one; fixed: it is another one by now; unclear: people disagree, skipped it, or it was the
    #: same person.
    verdict = dy.Enum(["stands", "fixed", "unclear"])
