"""Images whose votes do not suffice for their label, for one more person."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import polars as pl

from pipeline_tasks.label_quality.escalation import wants_another_vote
from pipeline_tasks.second_looks.look import Look, Standing, times_looked
from pipeline_tasks.settings import LabelingSettings
from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.tables.annotation import Annotation
from pipeline_tasks.tables.annotator_score import AnnotatorScore
from pipeline_tasks.tables.label import Label
from pipeline_tasks.tables.second_look import SecondLook

OVERLAP = "overlap"
COLUMNS = ["image_id", "state", "votes", "consensus_quality"]


def weak_labels(store: Store, settings: LabelingSettings, budget: int, standing: Standing) -> list[Look]:
    """Images on which people disagree or whose label is little believed, and those that only paused people annotated, as a share of
    the budget; of one image at most so many over all nights.
    """
    places = round(settings.escalation_ratio * budget)
    if not places:
        return []
    times = times_looked(store.history(SecondLook, ["image_id", "purpose"]), OVERLAP)
    tired = [one for one, count in times.items() if count >= settings.review_at_most_times]
    labels = store.current(Label, COLUMNS).with_columns(pl.col("state").cast(pl.String))
    labels = labels.filter(pl.col("votes") > 0, ~pl.col("image_id").is_in([*standing.closed, *tired]))
    doubtful = labels["image_id"].is_in(list(_of_paused_people(store))).to_numpy()
    quality = _quality(labels)
    rows = wants_another_vote(quality, labels["votes"].to_numpy().astype(np.int64), budget=places, has_doubtful_person=doubtful)
    names = labels["image_id"].to_list()
    return [Look(names[row], OVERLAP, _why(float(quality[row]), is_doubtful=bool(doubtful[row]))) for row in rows.tolist()]


def _quality(labels: pl.DataFrame) -> npt.NDArray[np.float64]:
    """Belief in each label, 0 where people disagree so that there is none; NaN where it is not known."""
    disagree = (pl.col("state") == "unsure") & (pl.col("votes") > 1)
    belief = pl.when(disagree).then(0.0).when(pl.col("state") == "unsure").then(None).otherwise("consensus_quality")
    return labels.select(belief.cast(pl.Float64).fill_null(float("nan"))).to_series().to_numpy()


def _of_paused_people(store: Store) -> set[str]:
    """Images that only people who are paused annotated."""
    files = store.files(AnnotatorScore)
    scores = store.read(AnnotatorScore, files[-1].cycle_id).filter("is_paused") if files else None
    if scores is None or scores.is_empty():
        return set()
    given = store.current(Annotation, ["image_id", "annotator_id", "state"]).filter(pl.col("state").cast(pl.String) == "answered")
    is_paused = pl.col("annotator_id").is_in(scores["annotator_id"].implode())
    return set(given.group_by("image_id").agg(is_paused.all().alias("all")).filter("all")["image_id"])


def _why(quality: float, *, is_doubtful: bool) -> str:
    if is_doubtful:
        return "Only people whose annotations are mostly guesses annotated it, so another person is asked."
    if quality == 0:
        return "People disagree about it, so another person is asked."
    return f"The belief in its label is {quality:.2f}, so another person is asked."
