"""Predictions of the champion for the images of a labeling round, as people may see them in Label Studio."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from pipeline_tasks.annotations.pre_annotating import arms
from pipeline_tasks.annotations.shown_predictions import is_asked, shown_prediction
from pipeline_tasks.annotations.task_keys import PlannedTask
from pipeline_tasks.annotations.votes import objects_by
from pipeline_tasks.decoding.decoder import Decoder
from pipeline_tasks.decoding.model_recipe import recipe_digest
from pipeline_tasks.json_values import Json
from pipeline_tasks.kinds.decoding import Size
from pipeline_tasks.kinds.kind import Kind
from pipeline_tasks.kinds.registry import kind_of
from pipeline_tasks.kinds.suggesting import Suggested, Suggesting
from pipeline_tasks.records.cycle import Cycle, derive_seed
from pipeline_tasks.storage.blobs.model_files import read_model
from pipeline_tasks.storage.history.past_store import PastStore
from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.tables.label_object import PreAnnotatedObject
from pipeline_tasks.tables.pre_annotation import SHOWN, PreAnnotation
from pipeline_tasks.tables.split import Split
from pipeline_tasks.tables.split_group import SplitGroup
from pipeline_tasks.tables.table import Rows, check, empty


@dataclass(frozen=True)
class PreAnnotations:
    """Predictions for the images of a round."""

    rows: Rows[PreAnnotation] = field(default_factory=lambda: empty(PreAnnotation))
    objects: Rows[PreAnnotatedObject] = field(default_factory=lambda: empty(PreAnnotatedObject))
    shown: Mapping[str, Mapping[str, Json]] = field(default_factory=dict)
    """Image → prediction as Label Studio takes it, of the images whose annotator sees it."""
    model_digest: str | None = None
    why: str | None = None
    """Reason why there are none."""


@dataclass(frozen=True)
class _Told:
    """Predictions of a model, by image."""

    suggestions: Mapping[str, Suggested[Any]]
    sizes: Mapping[str, Size]


def pre_annotations(store: Store, cycle: Cycle, decoder: Decoder, round_id: str, planned: Sequence[PlannedTask]) -> PreAnnotations:
    """Predict the round's images with the champion of the time of their selection, so that a second try shows the same.

    Raises:
        CorruptObjectError: the model or an original was changed in the store.
    """
    ratio, kind = cycle.project.labeling.prelabel_ratio, kind_of(cycle.project)
    if not ratio:
        return PreAnnotations(why="Nobody sees predictions: labeling.prelabel_ratio is 0.")
    champion = _champion_of_selection(store, cycle)
    if champion is None:
        return PreAnnotations(why="Nobody sees predictions: there is no champion yet.")
    image_ids = list(dict.fromkeys(task.image_id for task in planned))
    told = _told(store, cycle, decoder, champion, image_ids)
    if isinstance(told, str):
        return PreAnnotations(why=told)
    objects = _objects(round_id, told, kind)
    named = {image_id: said for (image_id,), said in objects_by(objects, ("image_id",), kind.labeling).items()}
    seed, in_training = derive_seed(cycle.seed, "pre_annotations"), _in_training(store, image_ids)
    arm_of = arms(planned, for_training=in_training, told=named, ratio=ratio, seed=seed)
    sure = {image_id: told.suggestions[image_id].confidence if image_id in named else None for image_id in image_ids}
    shown = {
        image_id: shown_prediction(kind, named[image_id], told.sizes[image_id], sure[image_id])
        for image_id, arm in arm_of.items()
        if arm == SHOWN
    }
    rows = [{"image_id": image_id, "arm": arm, "confidence": sure[image_id]} for image_id, arm in arm_of.items()]
    about = pl.DataFrame(rows).with_columns(round_id=pl.lit(round_id), model_digest=pl.lit(champion))
    return PreAnnotations(check(PreAnnotation, about), check(PreAnnotatedObject, objects), shown, champion)


def _champion_of_selection(store: Store, cycle: Cycle) -> str | None:
    """Digest of the champion when the images were selected."""
    champion = PastStore(store.objects, store.state().stages[cycle.cycle_id]["select_images"]).state().champion
    return None if champion is None else champion.model_digest


def _told(store: Store, cycle: Cycle, decoder: Decoder, digest: str, image_ids: Sequence[str]) -> _Told | str:
    """Suggestions of the model, or the reason why it cannot make any."""
    # Imported here, because models are heavy to import and a project's first nights have no champion.
    from pipeline_tasks.models.exported import ExportedModel
    from pipeline_tasks.training_data.champion_objects import objects_in_images

    model = ExportedModel(read_model(store.objects, digest))
    decoding, limit = model.kind.decoding, cycle.project.serving.min_confidence
    if not isinstance(decoding, Suggesting):
        return f"Nobody sees predictions: models of the kind {cycle.project.label_kind!r} cannot suggest what people would answer."
    if model.kind.name != kind_of(cycle.project).name or model.recipe_digest != recipe_digest(model.side_px, model.framing):
        return f"Nobody sees predictions: the champion {digest[:12]} is of another label kind or image size than today's code."
    found = objects_in_images(store, decoder, model, image_ids)
    suggestions = {one: decoding.suggest(objects, size, limit) for one, (objects, size) in zip(image_ids, found, strict=True)}
    return _Told(suggestions, {one: size for one, (_, size) in zip(image_ids, found, strict=True)})


def _objects(round_id: str, told: _Told, kind: Kind) -> pl.DataFrame:
    """Rows of `PreAnnotatedObject` by today's names; objects that the project no longer asks for are left out."""
    rows = [
        vars(kind.labeling.as_columns(one)) | {"image_id": image_id, "object_index": index, "confidence": sure}
        for image_id, said in told.suggestions.items()
        for index, (one, sure) in enumerate(zip(said.objects, said.confidences, strict=True))
    ]
    schema = empty(PreAnnotatedObject).schema
    today = kind.changes.in_rows(pl.DataFrame(rows, schema={name: kept for name, kept in schema.items() if name != "round_id"}))
    are_asked = [is_asked(said, kind) for (_, _), (said,) in objects_by(today, ("image_id", "object_index"), kind.labeling).items()]
    return today.filter(pl.Series(are_asked, dtype=pl.Boolean)).with_columns(round_id=pl.lit(round_id)).select(schema.names())


def _in_training(store: Store, image_ids: Sequence[str]) -> Collection[str]:
    """The images of the split that models are trained on."""
    groups = store.rows_of(SplitGroup, image_ids, columns=["image_id", "split_group_id"])
    splits = store.rows_of(Split, groups["split_group_id"], "split_group_id", columns=["split_group_id", "split"])
    training = splits.filter(pl.col("split").cast(pl.String) == "train")["split_group_id"]
    return set(groups.filter(pl.col("split_group_id").is_in(training.implode()))["image_id"])
