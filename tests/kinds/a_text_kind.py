"""A label kind other than classes: annotators type text. It is not registered, but a project file can name it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from pydantic import Field

from pipeline_tasks.kinds.agreement import Agreement, AgreementMeasure
from pipeline_tasks.kinds.changed_options import ChangedOption, changed_options
from pipeline_tasks.kinds.labeling import Agreed, ObjectColumns
from pipeline_tasks.kinds.name_changes import NO_CHANGES
from pipeline_tasks.kinds.object_changes import ObjectChanges, object_changes
from pipeline_tasks.kinds.reporting import Evaluated, Paragraph, Section
from pipeline_tasks.kinds.scoring import Basis, Figure, Floats, Integers, Score, ScoreNames
from pipeline_tasks.settings.labels import KindSettings
from pipeline_tasks.settings.section import Settings
from pipeline_tasks.tables.prediction import Prediction
from pipeline_tasks.tables.table import Table


@dataclass(frozen=True)
class Text:
    text: str


class TextLabeling:
    control_xml = '<TextArea name="text" toName="picture"/>'
    question = "What is written?"
    hint = "Nothing to read? Submit an empty text."
    asked = "text"
    agreement_measure = AgreementMeasure("mean likeness")

    def read(self, result: Sequence[Mapping[str, Any]]) -> tuple[Text, ...]:
        return tuple(Text(one["value"]["text"][0]) for one in result if one.get("type") == "textarea")

    def write(self, objects: Sequence[Text], size_px: tuple[int, int]) -> list[dict[str, Any]]:
        return [{"type": "textarea", "value": {"text": [one.text]}} for one in objects]

    def can_vote(self, objects: Sequence[Text]) -> bool:
        return len(objects) < 2

    def unknown(self, objects: Sequence[Text]) -> tuple[str, ...]:
        return ()

    def agree(self, annotations: Sequence[Sequence[Text]]) -> Agreed[Text]:
        """The text that is nearest to all others: no two people need to type the same."""
        given = [one for objects in annotations for one in objects]
        if not given:
            return Agreed("empty" if annotations else "unsure", len(annotations), 1.0 if annotations else 0.0)
        means = [float(np.mean([alike(one.text, other.text) for other in given])) for one in given]
        best = int(np.argmax(means))
        return Agreed("labelled", len(annotations), means[best], (given[best],))

    def agreement(self, annotations: Mapping[str, Mapping[str, Sequence[Text]]]) -> Agreement:
        return Agreement(0, 0, None, {}, "")

    def object_changes(self, before: Sequence[Text], after: Sequence[Text]) -> ObjectChanges:
        return object_changes(before, after, type)

    def counts(self, objects: Iterable[Text]) -> dict[str, int]:
        return {"texts": len(list(objects))}

    def as_columns(self, one: Text) -> ObjectColumns:
        return ObjectColumns("text", text=one.text)

    def from_columns(self, columns: ObjectColumns) -> Text:
        return Text(str(columns.text))


@dataclass(frozen=True)
class TextMatches:
    likeness: Floats
    groups: Integers

    @property
    def images(self) -> int:
        return len(self.likeness)

    @property
    def group_count(self) -> int:
        return int(self.groups.max()) + 1 if self.images else 0


class TextScoring:
    names = ScoreNames("likeness", "likeness", "empty_likeness", "an empty text", "empty text", "likeness", "likeness")
    prediction_table: type[Table] = Prediction

    def prediction_rows(self, model_digest: str, image_ids: Sequence[str], predictions: Sequence[Sequence[Text]]) -> pl.DataFrame:
        raise NotImplementedError

    def with_truth(self, images: pl.DataFrame) -> pl.DataFrame:
        return images

    def match(self, predictions: pl.DataFrame, images: pl.DataFrame, model_digest: str) -> TextMatches:
        raise NotImplementedError

    def basis(self, candidate: TextMatches, min_images: int) -> Basis:
        return Basis((), ())

    def score(self, matches: TextMatches, basis: Basis, draws: Floats) -> Score:
        sums = np.bincount(matches.groups, matches.likeness)
        return Score(float(matches.likeness.mean()), draws @ sums / (draws @ np.bincount(matches.groups)))

    def baseline(self, candidate: TextMatches) -> TextMatches:
        return TextMatches(np.zeros_like(candidate.likeness), candidate.groups)

    def image_scores(self, matches: TextMatches) -> Floats:
        return matches.likeness

    def figures(self, matches: TextMatches, basis: Basis, draws: Floats, confidence: float) -> Iterable[Figure]:
        return ()

    def details(self, matches: Mapping[str, TextMatches]) -> list[tuple[type[Table], pl.DataFrame]]:
        return []


class TextReporting:
    detail_tables: tuple[type[Table], ...] = ()
    names_word = "text"

    def sections(self, evaluated: Evaluated) -> list[Section]:
        return [Section("misread", "Misread", (Paragraph("Nothing was misread."),))]


class TextFreezing:
    is_known = pl.lit(True)
    keeps_objects = True
    keeps_empty = False


class TextSettings(Settings):
    longest: int = Field(ge=1)
    is_one_line: bool = True


class TextKind:
    name = "text"
    vocabulary: tuple[str, ...] = ()
    changes = NO_CHANGES
    about: Mapping[str, Any] = {}
    labeling, scoring, reporting, freezing = TextLabeling(), TextScoring(), TextReporting(), TextFreezing()

    def __init__(self, options: Mapping[str, Any]) -> None:
        self.options = options

    def refused_changes(self, before: Mapping[str, Any]) -> list[ChangedOption]:
        return changed_options(before, self.options, ["is_one_line"])

    @classmethod
    def from_settings(cls, settings: KindSettings) -> TextKind:
        return cls(settings.options)

    @classmethod
    def from_vocabulary(cls, vocabulary: Sequence[str], options: Mapping[str, Any]) -> TextKind:
        return cls(options)

    @staticmethod
    def settings_model() -> type[TextSettings]:
        return TextSettings


def alike(one: str, other: str) -> float:
    """The share of places at which two texts have the same letter."""
    return sum(a == b for a, b in zip(one, other, strict=False)) / max(len(one), len(other), 1)
