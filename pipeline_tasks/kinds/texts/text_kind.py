"""Kind `text`, with its settings."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from pipeline_tasks.errors import SettingsError
from pipeline_tasks.json_values import NO_FIELDS, Json
from pipeline_tasks.kinds.changed_options import ChangedOption, changed_options
from pipeline_tasks.kinds.model_properties import KIND, OPTIONS
from pipeline_tasks.kinds.name_changes import NO_CHANGES

if TYPE_CHECKING:
    from pipeline_tasks.kinds.likeness_scoring import LikenessScoring
    from pipeline_tasks.kinds.modelling import NothingTrained
    from pipeline_tasks.kinds.texts.choosing import TextChoosing
    from pipeline_tasks.kinds.texts.decode import TextDecoding
    from pipeline_tasks.kinds.texts.freezing import TextFreezing
    from pipeline_tasks.kinds.texts.labeling import TextLabeling
    from pipeline_tasks.kinds.texts.prediction_model import TextPredictionModel
    from pipeline_tasks.kinds.texts.reporting import TextReporting
    from pipeline_tasks.kinds.texts.settings import TextSettings
    from pipeline_tasks.kinds.texts.text_object import Text
    from pipeline_tasks.settings.labels import KindSettings


@dataclass(frozen=True)
class TextKind:
    """Texts of images, or of boxes in them. Its parts are loaded when first used."""

    of_boxes: bool = False
    pattern: str | None = None
    ignores_case: bool = False
    name = "text"
    vocabulary: tuple[str, ...] = ()
    changes = NO_CHANGES

    @classmethod
    def from_settings(cls, settings: KindSettings) -> TextKind:
        """Open the kind from the section `labels` of a project file.

        Raises:
            SettingsError: the project file names classes.
        """
        named = [*settings.classes, *settings.renamed, *settings.removed]
        if named:
            raise SettingsError(f"a project of texts has no classes, found {named}; take them out, or choose another label_kind")
        return cls.from_vocabulary((), settings.options)

    @classmethod
    def from_vocabulary(cls, vocabulary: Sequence[str], options: Mapping[str, Json] = NO_FIELDS) -> TextKind:
        """Open the kind for the settings that a dataset version was made with."""
        pattern = options.get("pattern")
        is_of_boxes, ignores_case = options.get("of", "image") == "boxes", bool(options.get("ignores_case", False))
        return cls(is_of_boxes, None if pattern is None else str(pattern), ignores_case)

    @classmethod
    def from_properties(cls, properties: Mapping[str, str]) -> TextKind:
        """Open the kind from a model's file."""
        return cls.from_vocabulary((), json.loads(properties[OPTIONS]))

    @staticmethod
    def settings_model() -> type[TextSettings]:
        """Place, pattern and case of the texts."""
        from pipeline_tasks.kinds.texts.settings import TextSettings

        return TextSettings

    @staticmethod
    def prediction_model() -> type[TextPredictionModel]:
        """Fields of a prediction."""
        from pipeline_tasks.kinds.texts.prediction_model import TextPredictionModel

        return TextPredictionModel

    @property
    def options(self) -> dict[str, Json]:
        """The section `labels`."""
        return {"of": "boxes" if self.of_boxes else "image", "pattern": self.pattern, "ignores_case": self.ignores_case}

    def refused_changes(self, before: Mapping[str, Json]) -> list[ChangedOption]:
        """The place of the texts: those of an image have no box."""
        return changed_options(before, self.options, ("of",))

    @property
    def about(self) -> dict[str, Json]:
        """The place of the texts; the other settings do not change what a text says."""
        return {"of": "boxes" if self.of_boxes else "image"}

    @property
    def properties(self) -> dict[str, str]:
        """The kind and its settings in the form of a model's file."""
        return {KIND: self.name, OPTIONS: json.dumps(self.options, ensure_ascii=False)}

    @cached_property
    def labeling(self) -> TextLabeling:
        """Form, parsing, consensus and agreement."""
        from pipeline_tasks.kinds.texts.labeling import TextLabeling

        return TextLabeling(self.of_boxes, self.pattern, self.ignores_case)

    @cached_property
    def decoding(self) -> TextDecoding:
        """Predictions of texts."""
        from pipeline_tasks.kinds.texts.decode import TextDecoding

        return TextDecoding()

    @cached_property
    def scoring(self) -> LikenessScoring[Text]:
        """Character error."""
        from pipeline_tasks.kinds.texts.scoring import text_scoring

        return text_scoring(self.labeling)

    @cached_property
    def freezing(self) -> TextFreezing:
        """All labels, also of images in which nothing is written."""
        from pipeline_tasks.kinds.texts.freezing import TextFreezing

        return TextFreezing()

    @cached_property
    def modelling(self) -> NothingTrained:
        """None yet."""
        from pipeline_tasks.kinds.modelling import NothingTrained

        return NothingTrained("a model that reads texts cannot be trained on a CPU in minutes; labels and versions can be exported")

    @cached_property
    def choosing(self) -> TextChoosing:
        """Choice of images by their embeddings alone."""
        from pipeline_tasks.kinds.texts.choosing import TextChoosing

        return TextChoosing()

    @cached_property
    def reporting(self) -> TextReporting:
        """Words of the report."""
        from pipeline_tasks.kinds.texts.reporting import TextReporting

        return TextReporting()
