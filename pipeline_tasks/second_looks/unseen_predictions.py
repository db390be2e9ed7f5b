"""Labels of kinds with several objects, beside what a model predicted before it could learn them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import polars as pl

from pipeline_tasks.kinds.compared_objects import Compared
from pipeline_tasks.kinds.kind import Kind
from pipeline_tasks.kinds.object_reporting import ObjectReporting
from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.storage.versions.version_rows import with_objects
from pipeline_tasks.tables.image import Image
from pipeline_tasks.tables.label import Label
from pipeline_tasks.tables.label_object import LabelObject, PreAnnotatedObject, PredictedObject
from pipeline_tasks.tables.pre_annotation import PreAnnotation
from pipeline_tasks.tables.second_look import SecondLook

MOST_JUDGED = 2000
"""Images that are judged, the newest ones: comparing the masks of all nights would take hours."""


@dataclass(frozen=True)
class UnseenPredictions:
    """Images whose label a model has not seen, in the order of their ids."""

    images: list[Compared] = field(default_factory=list)
    models: Mapping[str, str] = field(default_factory=dict)
    """Image → digest of the model that predicted in it."""
    votes: Mapping[str, int] = field(default_factory=dict)
    others: int = 0
    """Labels that are not judged."""
    held: pl.DataFrame = field(default_factory=pl.DataFrame)
    """The labels' rows of `label_objects`."""
    said: pl.DataFrame = field(default_factory=pl.DataFrame)
    """The same of the predictions, with their `confidence`."""


def unseen_predictions(store: Store, kind: Kind, *, models: Mapping[str, str] | None = None) -> UnseenPredictions:
    """Compare labels with predictions that were made before people were asked, and those of the champion for test images.

    The first are of the newest round of each image; with `models` (image → digest), only these predictions are meant.
    """
    reporting = kind.reporting
    labels = store.current(Label, ["image_id", "state", "votes"]).with_columns(pl.col("state").cast(pl.String))
    labels = labels.filter(pl.col("state").is_in(["labelled", "empty"]))
    if not isinstance(reporting, ObjectReporting):
        return UnseenPredictions(others=labels.height)
    asked = store.history(PreAnnotation, ["round_id", "image_id", "model_digest"])
    given = None if models is None else pl.DataFrame({"image_id": [*models], "model_digest": [*models.values()]})
    model_of = _models(store, kind, asked) if given is None else given
    judged = labels.join(model_of, on="image_id", maintain_order="left").tail(MOST_JUDGED)
    if judged.is_empty():
        return UnseenPredictions(others=labels.height)
    held = kind.changes.in_rows(store.rows_of(LabelObject, judged.filter(state="labelled")["image_id"]))
    sizes = store.rows_of(Image, judged["image_id"], columns=["image_id", "width_px", "height_px"]).unique("image_id")
    rows = with_objects(judged.join(sizes, on="image_id", maintain_order="left"), held)
    said = kind.changes.in_rows(_predicted(store, kind, judged, asked))
    if reporting.least_confidence is not None:
        said = said.filter(pl.col("confidence") >= reporting.least_confidence)
    return UnseenPredictions(
        reporting.compare(rows, said),
        dict(judged.select("image_id", "model_digest").iter_rows()),
        dict(judged.select("image_id", "votes").iter_rows()),
        labels.height - judged.height,
        held,
        said,
    )


def _models(store: Store, kind: Kind, asked: pl.DataFrame) -> pl.DataFrame:
    """image_id and model_digest of the newest prediction before a label, of test images that of the champion.

    The model that predicted for a second look may have learnt the label.
    """
    looks = store.history(SecondLook, ["round_id", "image_id"])
    first = asked.join(looks, on=["round_id", "image_id"], how="anti", maintain_order="left")
    before = first.select("image_id", "model_digest").unique("image_id", keep="last", maintain_order=True)
    champion = store.state().champion
    if champion is None or kind.scoring.prediction_table is not PredictedObject:
        return before
    tested = store.rows_of(PredictedObject, [champion.model_digest], "model_digest", columns=["image_id", "model_digest"])
    return pl.concat([before.join(tested, on="image_id", how="anti"), tested.select("image_id", "model_digest").unique("image_id")])


def _predicted(store: Store, kind: Kind, judged: pl.DataFrame, asked: pl.DataFrame) -> pl.DataFrame:
    """The objects that each image's model predicted in it."""
    models = judged.select("image_id", "model_digest")
    rounds = asked.join(models, on=["image_id", "model_digest"])
    before = store.rows_of(PreAnnotatedObject, judged["image_id"]).join(
        rounds.unique("image_id", keep="last", maintain_order=True), on=["round_id", "image_id"], maintain_order="left"
    )
    told = before.drop("round_id")
    if kind.scoring.prediction_table is not PredictedObject:
        return told
    of_models = store.rows_of(PredictedObject, models["model_digest"].unique(), "model_digest")
    tested = of_models.join(models, on=["image_id", "model_digest"], how="semi", maintain_order="left")
    others = tested.join(told, on="image_id", how="anti", maintain_order="left").select(told.columns)
    return pl.concat([told, others.unique(["image_id", "object_index"], keep="last", maintain_order=True)])
