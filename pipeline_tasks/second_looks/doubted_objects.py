"""Doubted objects of the labels that another person looks at, kept as they were, so that the answer can be compared with them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import polars as pl

from pipeline_tasks.kinds.compared_objects import Compared, rows_at
from pipeline_tasks.kinds.kind import Kind
from pipeline_tasks.label_errors.object_doubts import BADLY_PLACED, MISSING, doubt_says
from pipeline_tasks.second_looks.unseen_predictions import UnseenPredictions, unseen_predictions
from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.tables.label_object import DoubtedObject
from pipeline_tasks.tables.object_suspect import ObjectSuspect
from pipeline_tasks.tables.table import Rows, check, empty

NOTHING = "nothing there"


def newest_object_suspects(store: Store) -> pl.DataFrame:
    """Doubted objects of the newest night that judged labels, the most doubted first."""
    files = store.files(ObjectSuspect)
    rows = store.read(ObjectSuspect, files[-1].cycle_id) if files else empty(ObjectSuspect)
    return rows.with_columns(pl.col("wrong").cast(pl.String)).sort("number")


def doubted_by_image(suspects: pl.DataFrame) -> pl.DataFrame:
    """image_id, given_name, suggested_name and votes of each image's most doubted object, and the `reason` to look at it again."""
    first = suspects.group_by("image_id", maintain_order=True).agg(pl.all().first(), doubts=pl.len())
    moved = pl.when(pl.col("wrong") == BADLY_PLACED).then(pl.col("given_name") + " at another place")
    columns = ("wrong", "given_name", "suggested_name", "doubt", "doubts")
    reasons = [_reason(doubt_says(*row[:3]), row[3], row[4]) for row in first.select(columns).iter_rows()]
    return first.with_columns(
        pl.col("given_name").fill_null(NOTHING),
        suggested_name=moved.otherwise(pl.col("suggested_name").fill_null(NOTHING)),
        reason=pl.Series(reasons, dtype=pl.String),
    )


def _reason(says: str, doubt: float, doubts: int) -> str:
    others = "" if doubts == 1 else f", the most doubted of {doubts} objects"
    found = f"{says} (doubt {doubt:.2f}{others})"
    return f"A model that had not seen the label doubts an object of it: {found}. So another person is asked."


def doubted_objects(store: Store, kind: Kind, reviewed: Sequence[str], round_id: str) -> Rows[DoubtedObject]:
    """Rows of the doubts about these images; those of an earlier review, which settled nothing, have theirs already."""
    if not reviewed or not kind.freezing.keeps_objects:
        return empty(DoubtedObject)
    had = store.known(DoubtedObject, reviewed)
    suspects = newest_object_suspects(store)
    suspects = suspects.filter(pl.col("image_id").is_in([one for one in reviewed if one not in had]))
    if suspects.is_empty():
        return empty(DoubtedObject)
    models = dict(suspects.select("image_id", "model_digest").iter_rows())
    unseen = unseen_predictions(store, kind, models=models)
    images = {one.image_id: one for one in unseen.images}
    rows = [
        row | {"round_id": round_id, "object_index": place}
        for (image_id,), doubts in suspects.group_by("image_id", maintain_order=True)
        if image_id in images
        for place, row in enumerate(_rows(images[str(image_id)], doubts, unseen))
    ]
    return check(DoubtedObject, pl.DataFrame(rows, infer_schema_length=None)) if rows else empty(DoubtedObject)


def _rows(image: Compared, doubts: pl.DataFrame, unseen: UnseenPredictions) -> Iterator[dict[str, Any]]:
    is_image = pl.col("image_id") == image.image_id
    held = unseen.held.filter(is_image).sort("object_index")
    said = unseen.said.filter(is_image).sort("object_index").sort("confidence", descending=True, maintain_order=True)
    for number, one in enumerate(doubts.iter_rows(named=True)):
        places = one["label_place"], one["predicted_place"]
        likeness = next((found.likeness for found in image.outcomes if (found.true, found.predicted) == places), 0.0)
        about = {"number": number, "wrong": one["wrong"], "likeness": min(max(likeness, 0.0), 1.0)}
        part = rows_at(image.predicted, places[1], said) if one["wrong"] == MISSING else rows_at(image.true, places[0], held)
        for row in part.drop("confidence", strict=False).iter_rows(named=True):
            yield row | about
