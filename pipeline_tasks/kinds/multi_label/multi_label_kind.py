"""Kind `classes`, with its list of classes."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from pipeline_tasks.json_values import NO_FIELDS
from pipeline_tasks.kinds.name_changes import NameChanges, name_changes
from pipeline_tasks.kinds.named_kind import NamedKind, checked_names

if TYPE_CHECKING:
    from pipeline_tasks.kinds.multi_label.choosing import MultiLabelChoosing
    from pipeline_tasks.kinds.multi_label.decode import MultiLabelDecoding
    from pipeline_tasks.kinds.multi_label.labeling import MultiLabelLabeling
    from pipeline_tasks.kinds.multi_label.modelling import MultiLabelModelling
    from pipeline_tasks.kinds.multi_label.prediction_model import MultiLabelPredictionModel
    from pipeline_tasks.kinds.multi_label.reporting import MultiLabelReporting
    from pipeline_tasks.kinds.multi_label.scoring import MultiLabelScoring
    from pipeline_tasks.settings.labels import KindSettings

MIN_CLASSES = 2
NO_CHANGES_OF_SETS = NameChanges(is_set=True)


@dataclass(frozen=True)
class MultiLabelKind(NamedKind):
    """Any number of classes an image. Its parts are loaded when first used."""

    changes: NameChanges = NO_CHANGES_OF_SETS
    name = "classes"
    options = NO_FIELDS

    @classmethod
    def from_settings(cls, settings: KindSettings) -> MultiLabelKind:
        """Open the kind from the keys `classes`, `renamed_classes` and `removed_classes` of a project file.

        Raises:
            SettingsError: fewer than two classes, two with the same name, or a change that does not fit them.
        """
        changes = name_changes(settings.renamed, settings.removed, settings.classes)
        return cls(checked_names(settings.classes, MIN_CLASSES), NameChanges(changes.renamed, changes.removed, is_set=True))

    @staticmethod
    def prediction_model() -> type[MultiLabelPredictionModel]:
        """Fields of a prediction."""
        from pipeline_tasks.kinds.multi_label.prediction_model import MultiLabelPredictionModel

        return MultiLabelPredictionModel

    @cached_property
    def labeling(self) -> MultiLabelLabeling:
        """Form, parsing, consensus and agreement."""
        from pipeline_tasks.kinds.multi_label.labeling import MultiLabelLabeling

        return MultiLabelLabeling(self.class_names, frozenset(self.changes.today), frozenset(self.changes.removed))

    @cached_property
    def decoding(self) -> MultiLabelDecoding:
        """Probabilities as objects and predictions."""
        from pipeline_tasks.kinds.multi_label.decode import MultiLabelDecoding

        return MultiLabelDecoding(self.class_names)

    @cached_property
    def scoring(self) -> MultiLabelScoring:
        """F1 and related metrics."""
        from pipeline_tasks.kinds.multi_label.scoring import MultiLabelScoring

        return MultiLabelScoring(self.changes)

    @cached_property
    def modelling(self) -> MultiLabelModelling:
        """A linear head on embeddings."""
        from pipeline_tasks.kinds.multi_label.modelling import MultiLabelModelling

        return MultiLabelModelling(self.class_names)

    @cached_property
    def choosing(self) -> MultiLabelChoosing:
        """Classes of labels, and a model's probabilities."""
        from pipeline_tasks.kinds.multi_label.choosing import MultiLabelChoosing

        return MultiLabelChoosing(self.class_names, self.changes)

    @cached_property
    def reporting(self) -> MultiLabelReporting:
        """F1 of each class, and the worst errors."""
        from pipeline_tasks.kinds.multi_label.reporting import MultiLabelReporting

        return MultiLabelReporting(self.class_names)
