"""Images whose votes do not suffice for their label, for one more person."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import polars as pl

from pipeline_tasks.label_quality.escalation import wants_another_vote
from pipeline_tasks.second_looks.look import Look, Standing, times_looked
from pipeline_tasks.settings import LabelingSettings
from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.tables.label import Label
from pipeline_tasks.tables.second_look import SecondLook

OVERLAP = "overlap"
REASON = "People disagree about it, so another person is asked."
COLUMNS = ["image_id", "state", "votes"]


def weak_labels(store: Store, settings: LabelingSettings, budget: int, standing: Standing) -> list[Look]:
    """Images on which people disagree so that they have no label, as a share of the budget; of one image at most so many over all
    nights.
    """
    places = round(settings.escalation_ratio * budget)
    if not places:
        return []
    times = times_looked(store.history(SecondLook, ["image_id", "purpose"]), OVERLAP)
    tired = [one for one, count in times.items() if count >= settings.review_at_most_times]
    labels = store.current(Label, COLUMNS).with_columns(pl.col("state").cast(pl.String))
    labels = labels.filter(pl.col("votes") > 0, ~pl.col("image_id").is_in([*standing.closed, *tired]))
    rows = wants_another_vote(_quality(labels), labels["votes"].to_numpy().astype(np.int64), budget=places)
    names = labels["image_id"].to_list()
    return [Look(names[row], OVERLAP, REASON) for row in rows.tolist()]


def _quality(labels: pl.DataFrame) -> npt.NDArray[np.float64]:
    """Belief in each label: 0 where people disagree so that there is none, NaN elsewhere, where it is not known."""
    disagree = (labels["state"] == "unsure") & (labels["votes"] > 1)
    return np.where(disagree.to_numpy(), 0.0, np.nan)
