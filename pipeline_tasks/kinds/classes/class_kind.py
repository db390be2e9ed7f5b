"""Kind `class`, with its list of classes."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from pipeline_tasks.json_values import NO_FIELDS
from pipeline_tasks.kinds.model_properties import CLASSES
from pipeline_tasks.kinds.name_changes import name_changes
from pipeline_tasks.kinds.named_kind import NamedKind, checked_names

if TYPE_CHECKING:
    from pipeline_tasks.kinds.classes.choosing import ClassChoosing
    from pipeline_tasks.kinds.classes.decode import ClassDecoding
    from pipeline_tasks.kinds.classes.labeling import ClassLabeling
    from pipeline_tasks.kinds.classes.modelling import ClassModelling
    from pipeline_tasks.kinds.classes.prediction_model import ClassPredictionModel
    from pipeline_tasks.kinds.classes.reporting import ClassReporting
    from pipeline_tasks.kinds.classes.scoring import ClassScoring
    from pipeline_tasks.kinds.named_freezing import NamedFreezing
    from pipeline_tasks.settings.labels import KindSettings

MIN_CLASSES = 2


@dataclass(frozen=True)
class ClassKind(NamedKind):
    """One class an image. Its parts are loaded when first used."""

    name = "class"
    options = NO_FIELDS

    @classmethod
    def from_settings(cls, settings: KindSettings) -> ClassKind:
        """Open the kind from the keys `classes`, `renamed_classes` and `removed_classes` of a project file.

        Raises:
            SettingsError: fewer than two classes, two with the same name, or a change that does not fit them.
        """
        return cls(checked_names(settings.classes, MIN_CLASSES), name_changes(settings.renamed, settings.removed, settings.classes))

    @staticmethod
    def prediction_model() -> type[ClassPredictionModel]:
        """Fields of a prediction."""
        from pipeline_tasks.kinds.classes.prediction_model import ClassPredictionModel

        return ClassPredictionModel

    @property
    def properties(self) -> dict[str, str]:
        """The classes in the form of a model's file; it does not name the kind, as models from before there were others do not."""
        return {CLASSES: super().properties[CLASSES]}

    @cached_property
    def labeling(self) -> ClassLabeling:
        """Form, parsing, consensus and agreement."""
        from pipeline_tasks.kinds.classes.labeling import ClassLabeling

        return ClassLabeling(self.class_names, self.former)

    @cached_property
    def decoding(self) -> ClassDecoding:
        """Probabilities as objects and predictions."""
        from pipeline_tasks.kinds.classes.decode import ClassDecoding

        return ClassDecoding(self.class_names)

    @cached_property
    def scoring(self) -> ClassScoring:
        """Balanced accuracy and related metrics."""
        from pipeline_tasks.kinds.classes.scoring import ClassScoring

        return ClassScoring(self.changes)

    @cached_property
    def freezing(self) -> NamedFreezing:
        """Labels with one of the classes."""
        from pipeline_tasks.kinds.named_freezing import NamedFreezing

        return NamedFreezing(self.class_names, keeps_objects=False, keeps_empty=False)

    @cached_property
    def modelling(self) -> ClassModelling:
        """A linear head on embeddings."""
        from pipeline_tasks.kinds.classes.modelling import ClassModelling

        return ClassModelling(self.class_names)

    @cached_property
    def choosing(self) -> ClassChoosing:
        """Classes of labels, and a model's probabilities."""
        from pipeline_tasks.kinds.classes.choosing import ClassChoosing

        return ClassChoosing(self.class_names, self.changes)

    @cached_property
    def reporting(self) -> ClassReporting:
        """Confusions and worst errors."""
        from pipeline_tasks.kinds.classes.reporting import ClassReporting

        return ClassReporting(self.class_names)
