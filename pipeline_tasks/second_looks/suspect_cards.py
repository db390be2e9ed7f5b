"""Cards of the most doubted objects, drawn over their images as they were judged."""

from __future__ import annotations

import polars as pl

from pipeline_tasks.kinds.kind import Kind
from pipeline_tasks.kinds.matching.errors import Outcome
from pipeline_tasks.kinds.reporting import ImageCard
from pipeline_tasks.label_errors.object_doubts import SUSPECT, ObjectDoubt, doubt_card
from pipeline_tasks.second_looks.unseen_predictions import unseen_predictions
from pipeline_tasks.storage.history.store import Store

MOST_CARDS = 24


def suspect_cards(store: Store, kind: Kind, suspects: pl.DataFrame | None) -> tuple[ImageCard, ...]:
    """The first suspects of these rows, with the predictions that doubt them; images erased meanwhile are left out."""
    if suspects is None or (found := suspects.filter(pl.col("doubt") >= SUSPECT)).is_empty():
        return ()
    shown = found.sort("number").head(MOST_CARDS).with_columns(pl.col("wrong").cast(pl.String))
    models = dict(shown.select("image_id", "model_digest").iter_rows())
    images = {one.image_id: one for one in unseen_predictions(store, kind, models=models).images}
    return tuple(
        doubt_card(images[row["image_id"]], _doubt(**row), "by people" if row["votes"] else "from a labelled set")
        for row in shown.iter_rows(named=True)
        if row["image_id"] in images
    )


def _doubt(
    *,
    image_id: str,
    wrong: str,
    given_name: str | None,
    suggested_name: str | None,
    doubt: float,
    label_place: int | None,
    predicted_place: int | None,
    **_: object,
) -> ObjectDoubt:
    """The doubt of a row."""
    return ObjectDoubt(image_id, wrong, given_name, suggested_name, doubt, Outcome(wrong, predicted_place, label_place))
