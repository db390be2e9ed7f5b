"""Doubted labels that another person looks at."""

from __future__ import annotations

import polars as pl

from pipeline_tasks.kinds.kind import Kind
from pipeline_tasks.label_errors.reviews import Doubted, reviews
from pipeline_tasks.second_looks.doubted_objects import doubted_by_image, newest_object_suspects
from pipeline_tasks.second_looks.look import Look, Standing
from pipeline_tasks.settings import LabelingSettings
from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.tables.annotation import Annotation
from pipeline_tasks.tables.label_suspect import LabelSuspect
from pipeline_tasks.tables.label_verdict import LabelVerdict
from pipeline_tasks.tables.second_look import SecondLook
from pipeline_tasks.tables.table import Rows, empty

REVIEW = "review"


def doubted_labels(store: Store, kind: Kind, settings: LabelingSettings, budget: int, standing: Standing) -> list[Look]:
    """By the suspects of the newest night that judged labels, as a share of the budget."""
    places = round(settings.review_ratio * budget)
    if not places:
        return []
    by_object = kind.freezing.keeps_objects
    objects = doubted_by_image(newest_object_suspects(store)) if by_object else pl.DataFrame()
    doubted = Doubted(
        suspects=objects if by_object else newest_suspects(store),
        looks=store.history(SecondLook).filter(pl.col("purpose").cast(pl.String) == REVIEW),
        verdicts=store.current(LabelVerdict),
        names=dict(objects.select("image_id", "given_name").iter_rows()) if by_object else standing.names,
        closed=standing.closed,
        annotators=store.current(Annotation, ["annotator_id"])["annotator_id"].n_unique(),
    )
    found = reviews(doubted, places, settings.review_at_most_times)
    return [Look(one.image_id, REVIEW, one.reason, one.given_name, one.suggested_name) for one in found]


def newest_suspects(store: Store) -> Rows[LabelSuspect]:
    """Suspects of the newest night that judged labels."""
    files = store.files(LabelSuspect)
    return store.read(LabelSuspect, files[-1].cycle_id) if files else empty(LabelSuspect)
