"""Kind `box`, with its list of classes."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from pipeline_tasks.json_values import NO_FIELDS
from pipeline_tasks.kinds.name_changes import name_changes
from pipeline_tasks.kinds.named_kind import NamedKind, checked_names

if TYPE_CHECKING:
    from pipeline_tasks.kinds.boxes.choosing import BoxChoosing
    from pipeline_tasks.kinds.boxes.decode import BoxDecoding
    from pipeline_tasks.kinds.boxes.labeling import BoxLabeling
    from pipeline_tasks.kinds.boxes.matches import BoxMatches
    from pipeline_tasks.kinds.boxes.modelling import BoxModelling
    from pipeline_tasks.kinds.boxes.prediction_model import BoxPredictionModel
    from pipeline_tasks.kinds.object_reporting import ObjectReporting
    from pipeline_tasks.kinds.precision_scoring import PrecisionScoring
    from pipeline_tasks.settings.labels import KindSettings


@dataclass(frozen=True)
class BoxKind(NamedKind):
    """Boxes with a class, none or several in an image. Its parts are loaded when first used."""

    name = "box"
    options = NO_FIELDS

    @classmethod
    def from_settings(cls, settings: KindSettings) -> BoxKind:
        """Open the kind from the keys `classes`, `renamed_classes` and `removed_classes` of a project file.

        Raises:
            SettingsError: no class, two with the same name, or a change that does not fit them.
        """
        return cls(checked_names(settings.classes), name_changes(settings.renamed, settings.removed, settings.classes))

    @staticmethod
    def prediction_model() -> type[BoxPredictionModel]:
        """Fields of a prediction."""
        from pipeline_tasks.kinds.boxes.prediction_model import BoxPredictionModel

        return BoxPredictionModel

    @cached_property
    def labeling(self) -> BoxLabeling:
        """Form, parsing, consensus and agreement."""
        from pipeline_tasks.kinds.boxes.labeling import BoxLabeling

        return BoxLabeling(self.class_names, self.former)

    @cached_property
    def decoding(self) -> BoxDecoding:
        """A detector's outputs as boxes and predictions."""
        from pipeline_tasks.kinds.boxes.decode import BoxDecoding

        return BoxDecoding(self.class_names)

    @cached_property
    def scoring(self) -> PrecisionScoring[BoxMatches]:
        """Average precision and related metrics."""
        from pipeline_tasks.kinds.boxes.scoring import box_scoring

        return box_scoring(self.labeling, self.changes)

    @cached_property
    def modelling(self) -> BoxModelling:
        """A detector on feature maps."""
        from pipeline_tasks.kinds.boxes.modelling import BoxModelling

        return BoxModelling(self.class_names)

    @cached_property
    def choosing(self) -> BoxChoosing:
        """The rarest class of an image."""
        from pipeline_tasks.kinds.boxes.choosing import BoxChoosing

        return BoxChoosing(self.class_names, self.changes)

    @cached_property
    def reporting(self) -> ObjectReporting:
        """Missed, extra, swapped and badly placed boxes."""
        from pipeline_tasks.kinds.boxes.reporting import box_reporting

        return box_reporting(self.class_names)
