"""A label kind of boxes, as small as it can be: people draw one box around the one spot of an image, and a model says where it is.

Registered nowhere; a project file names it as `kinds.a_spot_kind:SpotKind`. `kinds.spot_models` has the parts on models.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from kinds.spot_models import BOX, SpotModelling, overlap
from pydantic import BaseModel

from pipeline_tasks.kinds.agreement import Agreement, AgreementMeasure
from pipeline_tasks.kinds.changed_options import ChangedOption
from pipeline_tasks.kinds.choosing import Labelled, SelectionGain
from pipeline_tasks.kinds.decoding import CENTRE, Outline, Outputs, Size
from pipeline_tasks.kinds.labeling import Agreed, ObjectColumns
from pipeline_tasks.kinds.name_changes import NO_CHANGES
from pipeline_tasks.kinds.object_changes import ObjectChanges, object_changes
from pipeline_tasks.kinds.reporting import Evaluated, Paragraph, Section
from pipeline_tasks.kinds.scoring import Basis, Figure, Floats, Integers, Score, ScoreNames
from pipeline_tasks.settings.labels import KindSettings
from pipeline_tasks.settings.section import NoSettings
from pipeline_tasks.tables.label_object import PredictedObject
from pipeline_tasks.tables.table import Table

REFERENCE = "kinds.a_spot_kind:SpotKind"


@dataclass(frozen=True)
class Spot:
    """A box in canonical pixels."""

    x: float
    y: float
    width: float
    height: float


class SpotLabeling:
    control_xml = '<Rectangle name="spot" toName="picture"/>'
    question = "Where is the spot?"
    hint = "No spot? Submit without a box."
    asked = "spot"
    agreement_measure = AgreementMeasure()

    def read(self, result: Sequence[Mapping[str, Any]]) -> tuple[Spot, ...]:
        """Label Studio tells percent of the image's sides."""
        return tuple(
            Spot(*(one["value"][side] * one[whole] / 100 for side, whole in SIDES))
            for one in result
            if one.get("type") == "rectangle"
        )

    def write(self, objects: Sequence[Spot], size_px: tuple[int, int]) -> list[dict[str, Any]]:
        return []

    def can_vote(self, objects: Sequence[Spot]) -> bool:
        return len(objects) < 2

    def unknown(self, objects: Sequence[Spot]) -> tuple[str, ...]:
        return ()

    def agree(self, annotations: Sequence[Sequence[Spot]]) -> Agreed[Spot]:
        """The mean box: two people never draw the same one."""
        boxes = np.array([[one.x, one.y, one.width, one.height] for objects in annotations for one in objects])
        if not len(boxes):
            return Agreed("empty" if annotations else "unsure", len(annotations), 1.0 if annotations else 0.0)
        return Agreed("labelled", len(annotations), len(boxes) / len(annotations), (Spot(*boxes.mean(axis=0).tolist()),))

    def agreement(self, annotations: Mapping[str, Mapping[str, Sequence[Spot]]]) -> Agreement:
        return Agreement(0, 0, None, {}, "")

    def object_changes(self, before: Sequence[Spot], after: Sequence[Spot]) -> ObjectChanges:
        return object_changes(before, after, type)

    def counts(self, objects: Iterable[Spot]) -> dict[str, int]:
        return {"spots": len(list(objects))}

    def says(self, objects: Sequence[Spot]) -> str:
        return ", ".join(f"spot at {one.x:.0f}, {one.y:.0f}" for one in objects) or "nothing there"

    def as_json(self, objects: Sequence[Spot]) -> dict[str, list[str]]:
        return {"spots": [self.says([one]) for one in objects]}

    def as_columns(self, one: Spot) -> ObjectColumns:
        return ObjectColumns("spot", x_min_px=one.x, y_min_px=one.y, width_px=one.width, height_px=one.height)

    def from_columns(self, columns: ObjectColumns) -> Spot:
        sides = (columns.x_min_px, columns.y_min_px, columns.width_px, columns.height_px)
        return Spot(*(float(one or 0) for one in sides))


SIDES = (("x", "original_width"), ("y", "original_height"), ("width", "original_width"), ("height", "original_height"))


@dataclass(frozen=True)
class SpotPrediction:
    x: float
    y: float
    width: float
    height: float


class SpotPredictionModel(BaseModel):
    x: float
    y: float
    width: float
    height: float


class SpotDecoding:
    output_names = (BOX,)
    framing = CENTRE

    def decode(self, outputs: Outputs, size_px: Size) -> tuple[Spot, ...]:
        """The model tells shares of the image's sides."""
        shares = np.clip(outputs[BOX], 0, 1) * np.array([*size_px, *size_px])
        return (Spot(*shares.tolist()),)

    def predict(self, objects: Sequence[Spot], size_px: Size, min_confidence: float) -> SpotPrediction:
        return SpotPrediction(**vars(objects[0]))

    def read_prediction(self, fields: Mapping[str, Any]) -> SpotPrediction:
        sides = (("x", "x_min_px"), ("y", "y_min_px"), ("width", "width_px"), ("height", "height_px"))
        return SpotPrediction(**{short: fields.get(short, fields.get(long)) for short, long in sides})

    def headline(self, prediction: SpotPrediction) -> str:
        return "spot"

    def says(self, prediction: SpotPrediction) -> str:
        return f"spot at {prediction.x:.0f}, {prediction.y:.0f}"

    def outlines(self, prediction: SpotPrediction, size_px: Size) -> tuple[Outline, ...]:
        return (Outline("spot", self.says(prediction)),)

    def as_recorded(self, outputs: Outputs) -> dict[str, Any]:
        return {BOX: [round(float(one), 6) for one in outputs[BOX]]}

    def difference(self, outputs: Outputs, recorded: Mapping[str, Any]) -> float:
        return float(np.abs(outputs[BOX] - np.array(recorded[BOX])).max())


@dataclass(frozen=True)
class SpotMatches:
    truth: Floats
    predicted: Floats
    groups: Integers

    @property
    def images(self) -> int:
        return len(self.truth)

    @property
    def group_count(self) -> int:
        return int(self.groups.max()) + 1 if self.images else 0


class SpotScoring:
    names = ScoreNames("iou", "overlap", "mean_box_iou", "always the mean box", "mean box", "image_iou", "overlap an image")
    prediction_table: type[Table] = PredictedObject

    def prediction_rows(self, model_digest: str, image_ids: Sequence[str], predictions: Sequence[Sequence[Spot]]) -> pl.DataFrame:
        labeling, rows = SpotLabeling(), []
        for image_id, objects in zip(image_ids, predictions, strict=True):
            mark = {"model_digest": model_digest, "image_id": image_id, "confidence": 1.0}
            rows += [mark | {"object_index": at} | vars(labeling.as_columns(one)) for at, one in enumerate(objects)]
        return pl.DataFrame(rows)

    def main_predictions(self, rows: pl.DataFrame) -> pl.DataFrame:
        return rows.unique(["model_digest", "written_in"], keep="first", maintain_order=True)

    def with_truth(self, images: pl.DataFrame) -> pl.DataFrame:
        return images.filter(pl.col("objects").is_not_null())

    def match(self, predictions: pl.DataFrame, images: pl.DataFrame, model_digest: str) -> SpotMatches:
        sides = ["x_min_px", "y_min_px", "width_px", "height_px"]
        mine = predictions.filter(model_digest=model_digest).select("image_id", "x_min_px", "y_min_px", "width_px", "height_px")
        rows = images.sort("image_id")
        truth = [[one[0][side] for side in sides] for one in rows["objects"].to_list()]
        said = rows.select("image_id").join(mine, on="image_id", how="left", maintain_order="left").select(sides)
        groups = rows["split_group_id"].rank("dense").to_numpy().astype(np.int64) - 1
        return SpotMatches(np.array(truth, np.float64).reshape(-1, 4), said.to_numpy().astype(np.float64), groups)

    def basis(self, candidate: SpotMatches, min_images: int) -> Basis:
        return Basis((), (), "" if candidate.images >= min_images else f"{candidate.images} test images are too few.")

    def score(self, matches: SpotMatches, basis: Basis, draws: Floats) -> Score:
        found = overlap(matches.truth, matches.predicted)
        sums, counts = np.bincount(matches.groups, found), np.bincount(matches.groups)
        return Score(float(found.mean()), draws @ sums / (draws @ counts))

    def baseline(self, candidate: SpotMatches) -> SpotMatches:
        mean = np.tile(candidate.truth.mean(axis=0), (candidate.images, 1))
        return SpotMatches(candidate.truth, mean, candidate.groups)

    def image_scores(self, matches: SpotMatches) -> Floats:
        return overlap(matches.truth, matches.predicted)

    def figures(self, matches: SpotMatches, basis: Basis, draws: Floats, confidence: float) -> Iterable[Figure]:
        score = self.score(matches, basis, draws)
        low, high = score.interval(confidence).low, score.interval(confidence).high
        yield from (Figure(name, "", score.value, low, high, matches.images) for name in ("iou", "image_iou"))

    def details(self, matches: Mapping[str, SpotMatches]) -> list[tuple[type[Table], pl.DataFrame]]:
        return []


class SpotChoosing:
    """Images are chosen by their embeddings alone: no name stands for a label."""

    def names_of(self, label_objects: pl.DataFrame) -> dict[str, str]:
        return {}

    def names(self, images: pl.DataFrame) -> pl.Series:
        return pl.Series(["spot"] * images.height)

    def scorer(self, graph: Any, temperature: float) -> None:
        return None

    def why_no_gain(self, labelled: Labelled) -> str:
        return "the gain of boxes is not measured."

    def gain(self, labelled: Labelled, *, confidence: float, seed: int) -> SelectionGain:
        raise NotImplementedError


class SpotReporting:
    detail_tables: tuple[type[Table], ...] = ()
    names_word = "what"

    def sections(self, evaluated: Evaluated) -> list[Section]:
        told = 0 if evaluated.predictions is None else evaluated.predictions.filter(model_digest=evaluated.model_digest).height
        return [Section("spots", "Spots", (Paragraph(f"{told} spots were looked for."),))]


class SpotFreezing:
    is_known = pl.lit(True)
    keeps_objects = True
    keeps_empty = False


class SpotKind:
    name = "spot"
    vocabulary: tuple[str, ...] = ()
    changes = NO_CHANGES
    about: Mapping[str, Any] = {}
    options: Mapping[str, Any] = {}
    properties: Mapping[str, str] = {"nightlens_label_kind": REFERENCE}
    labeling, decoding, scoring, freezing = SpotLabeling(), SpotDecoding(), SpotScoring(), SpotFreezing()
    modelling, choosing, reporting = SpotModelling(), SpotChoosing(), SpotReporting()

    def refused_changes(self, before: Mapping[str, Any]) -> tuple[ChangedOption, ...]:
        return ()

    @classmethod
    def from_settings(cls, settings: KindSettings) -> SpotKind:
        return cls()

    @staticmethod
    def settings_model() -> type[NoSettings]:
        return NoSettings

    @classmethod
    def from_vocabulary(cls, vocabulary: Sequence[str], options: Mapping[str, Any]) -> SpotKind:
        return cls()

    @classmethod
    def from_properties(cls, properties: Mapping[str, str]) -> SpotKind:
        return cls()

    @staticmethod
    def prediction_model() -> type[BaseModel]:
        return SpotPredictionModel
