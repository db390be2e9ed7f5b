"""Spot audits: a random sample of labels that stand, for another person, so that their error rate is known with an interval."""

from __future__ import annotations

import numpy as np
import polars as pl

from pipeline_tasks.intervals.proportions import observations_for
from pipeline_tasks.records.cycle import Cycle, derive_seed
from pipeline_tasks.records.resolve_labels import ResolveLabelsSummary
from pipeline_tasks.second_looks.look import Look, Standing, times_looked
from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.tables.annotation import Annotation
from pipeline_tasks.tables.label import Label
from pipeline_tasks.tables.second_look import SecondLook

AUDIT = "audit"
REASON = "It is one of a random sample, so the answer tells how many labels are wrong."
CONFIDENCE = 0.95
FIRST_SHARE = 0.1
"""Share of wrong labels that the first audit is sized for; later ones are by what was found."""


def audited_labels(store: Store, cycle: Cycle, standing: Standing) -> list[Look]:
    """Labels of people, each at most once over all nights; none where one person alone annotates.

    They are drawn before other looks are chosen, as a sample without the doubted labels would look better than the labels are.
    """
    half_width = cycle.project.labeling.audit_half_width
    if half_width is None or store.current(Annotation, ["annotator_id"])["annotator_id"].n_unique() < 2:
        return []
    audited = times_looked(store.history(SecondLook, ["image_id", "purpose"]), AUDIT)
    labels = store.current(Label, ["image_id", "state", "votes"]).filter(
        pl.col("state").cast(pl.String).is_in(["labelled", "empty"]),
        pl.col("votes") > 0,
        ~pl.col("image_id").is_in([*standing.closed, *audited]),
    )
    size = observations_for(half_width, expected_share(store), CONFIDENCE)
    names = labels["image_id"].sort().to_list()
    drawn = np.random.default_rng(derive_seed(cycle.seed, AUDIT)).permutation(len(names))[:size]
    return [Look(names[row], AUDIT, REASON) for row in drawn.tolist()]


def expected_share(store: Store) -> float:
    """Share of wrong labels by earlier audits, drawn towards the middle as few of them cannot show that there are none."""
    found = store.summaries(ResolveLabelsSummary).values()
    audited, right = sum(one.audited for one in found), sum(one.audited_right for one in found)
    return (audited - right + 2) / (audited + 4) if audited else FIRST_SHARE
